/**
 * `describe KIND NAME`: everything known of one thing, a line each.
 * It never leaves a field out that the supervisor gave.
 */
import type { Command } from 'commander';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { kindArgument, kindOf, KINDS, singularOf } from './look.ts';
import { visible, visibleJson } from './output.ts';

export function addDescribeCommand(program: Command): void {
  program
    .command('describe')
    .description('everything about one thing')
    .addArgument(kindArgument(KINDS.map(singularOf), 'of what kind it is'))
    .argument('<name>', 'its name or id')
    .action(action('look', (context, { args }) => describe(context, args)));
}

async function describe(
  { client, output, format }: Context,
  [word = '', name = '']: readonly string[],
): Promise<number> {
  const document = (await client.get(apiPath(kindOf(word), name))) as { item: object };
  if (format === 'json') output.data(visibleJson(document));
  else if (format === 'jsonl') output.data(visibleJson(document.item, 0));
  else if (format === 'name') output.data(visible(name));
  else output.data(describeLines(document.item).join('\n'));
  return EXIT.done;
}

/** `key: value` lines, nested things further in; a list of plain values on one line. */
export function describeLines(thing: object, indent = ''): readonly string[] {
  const entries = Object.entries(thing) as (readonly [string, unknown])[];
  const width = Math.max(0, ...entries.filter(([, value]) => isPlain(value)).map(([key]) => key.length));
  return entries.flatMap(([key, value]) => {
    if (isPlain(value)) return [`${indent}${visible(`${key}:`).padEnd(width + 1)} ${plainText(value)}`];
    const inner = Array.isArray(value)
      ? value.flatMap((item: unknown) => listItem(item, `${indent}  `))
      : describeLines(value as object, `${indent}  `);
    return [`${indent}${visible(key)}:`, ...inner];
  });
}

function listItem(item: unknown, indent: string): readonly string[] {
  if (typeof item !== 'object' || item === null) return [`${indent}- ${plainText(item)}`];
  const [first = '', ...rest] = describeLines(item, `${indent}  `);
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

function plainText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value === '' ? '-' : visible(value);
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return '-';
  }
}

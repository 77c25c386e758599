/**
 * `secrets status|rotate`: under which key password hashes rest, and a new one.
 * It never shows a key, a hash or what is sealed.
 */
import type { Command } from 'commander';
import type { SecretsView } from '../supervisor/door.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { visible, visibleJson } from './output.ts';

export function addSecretCommands(program: Command): void {
  const secrets = program.command('secrets').description('the key that password hashes rest under');
  secrets
    .command('status')
    .description('which key it is, how many jobs rest sealed, and whether all of them can be read')
    .action(action('look', (context) => status(context)));
  secrets
    .command('rotate')
    .description('make a new key, seal what rests anew, and forget the old key once no job needs it')
    .option('--reason <text>', 'why; kept in the audit journal')
    .action(
      action<{ reason?: string }>('act', async (context, { options }) => {
        const body = { reason: options.reason ?? null };
        show(context, (await context.client.post(apiPath('secrets', 'rotate'), body)) as SecretsDocument);
        return EXIT.done;
      }),
    );
}

interface SecretsDocument {
  readonly item: SecretsView;
}

/** 1 where something cannot be read: it will be missed. */
async function status(context: Context): Promise<number> {
  const document = (await context.client.get(apiPath('secrets'))) as SecretsDocument;
  show(context, document);
  const { problem, unreadable } = document.item;
  return problem === null && unreadable === 0 ? EXIT.done : EXIT.failed;
}

function show({ output, format }: Context, document: SecretsDocument): void {
  const { item } = document;
  if (format === 'json') output.data(visibleJson(document));
  else if (format === 'jsonl') output.data(visibleJson(item, 0));
  else if (format === 'name') output.data(item.key ?? '');
  else for (const line of linesOf(item)) output.data(visible(line));
}

function linesOf({ key, problem, earlier, sealed, unreadable }: SecretsView): readonly string[] {
  const none = problem === null ? 'none yet; the first push with a password makes it' : 'cannot be used';
  return [
    `key         ${key ?? none}`,
    `sealed      ${jobs(sealed)}`,
    `unreadable  ${jobs(unreadable)}`,
    ...earlier.map(({ id, jobs: needing }) => `earlier     ${id}, needed by ${jobs(needing)}`),
    ...(problem === null ? [] : [`problem     ${problem}`]),
  ];
}

function jobs(count: number): string {
  return `${String(count)} ${count === 1 ? 'job' : 'jobs'}`;
}

/**
 * Adds hosts to the text of inventory.yaml, and accounts and grants to that of grants.yaml; every line that is there stays as it is.
 * It never changes or takes out an entry, and reads and writes no file.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  YAMLMap,
  YAMLSeq,
  type Document,
  type Node,
} from 'yaml';
import { GarrisonError } from './errors.ts';

export interface AddedEntries {
  /** The names under `hosts` or `accounts`, with what stands there. */
  readonly named: readonly (readonly [string, object])[];
  /** At the end of `grants`. */
  readonly listed: readonly object[];
}

/** `section`: where the named ones go. The text must be one without faults. */
export function withAdded(text: string, section: 'hosts' | 'accounts', added: AddedEntries): string {
  const { named, listed } = added;
  const withNamed = named.length === 0 ? text : withPart(text, section, { named, listed: [] });
  return listed.length === 0 ? withNamed : withPart(withNamed, 'grants', { named: [], listed });
}

/** The entries by themselves, to be shown. */
export function addedAlone(section: 'hosts' | 'accounts', added: AddedEntries): string {
  return withAdded('', section, added);
}

/** As new lines where that comes to the same; else the whole is written anew, with its comments and in its order. */
function withPart(text: string, key: string, added: AddedEntries): string {
  const document = parseDocument(text);
  addTo(document, key, added);
  const anew = document.toString({ lineWidth: 0 });
  if (text.trim() === '') return anew;
  const alone = parseDocument('');
  addTo(alone, key, added);
  const [, ...lines] = alone.toString({ lineWidth: 0 }).trimEnd().split('\n');
  const spliced = withLines(
    text,
    key,
    lines.map((line) => line.slice(2)),
  );
  return spliced !== null && isSame(spliced, anew) ? spliced : anew;
}

function isSame(one: string, other: string): boolean {
  const parsed = parseDocument(one);
  return (
    parsed.errors.length === 0 &&
    JSON.stringify(parsed.toJS()) === JSON.stringify(parseDocument(other).toJS())
  );
}

function addTo(document: Document, key: string, { named, listed }: AddedEntries): void {
  if (!isMap(document.contents)) document.contents = document.createNode({});
  if (named.length > 0) {
    const map = partOf(document, key, { is: isMap, make: () => new YAMLMap() });
    for (const [name, entry] of named)
      map.add(document.createPair(name, document.createNode(entry, { flow: true })));
  }
  if (listed.length === 0) return;
  const list = partOf(document, key, { is: isSeq, make: () => new YAMLSeq() });
  for (const entry of listed) list.add(document.createNode(entry, { flow: true }));
}

interface Kind<T extends Node> {
  readonly is: (node: unknown) => boolean;
  readonly make: () => T;
}

/** An empty one may be missing, `{}`, `[]` or nothing at all; what is written there goes on in lines of its own. */
function partOf<T extends YAMLMap | YAMLSeq>(document: Document, key: string, kind: Kind<T>): T {
  const there = document.get(key, true) as Node | undefined;
  if (isAlias(there))
    throw new GarrisonError(
      'CONFIG_INVALID',
      `${key} is an alias of something else, to which nothing is added`,
      {
        cure: `write ${key} out`,
      },
    );
  if (kind.is(there)) {
    const part = there as T;
    if (part.items.length === 0) part.flow = false;
    return part;
  }
  const part = kind.make();
  const comments = [there?.commentBefore, there?.comment].filter((comment) => typeof comment === 'string');
  if (comments.length > 0) part.commentBefore = comments.join('\n');
  document.set(key, part);
  return part;
}

/** Below the last entry of the part, or at the end where there is none; null where that is not a matter of lines. */
function withLines(text: string, key: string, lines: readonly string[]): string | null {
  const { contents: root } = parseDocument(text);
  if (root !== null && (!isMap(root) || root.flow === true)) return null;
  const pair = root?.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair === undefined) {
    const whole = text.endsWith('\n') ? text : `${text}\n`;
    return `${whole}${key}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  }
  const part = pair.value;
  if ((!isMap(part) && !isSeq(part)) || part.flow === true) return null;
  const start = part.range[0];
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1));
  const end = lineEndAfter(text, part.items.at(-1), start);
  const added = lines.map((line) => `\n${indent}${line}`).join('');
  return `${text.slice(0, end)}${added}${text.slice(end)}`;
}

/** The end of the line that the entry ends on, with what is remarked there. */
function lineEndAfter(text: string, entry: unknown, start: number): number {
  const { value, key } = (entry ?? {}) as { value?: unknown; key?: unknown };
  const nodes = [entry, key, value] as ({ range?: readonly number[] | null } | null | undefined)[];
  const ends = nodes.flatMap((node) => node?.range?.[1] ?? []);
  let end = Math.max(start, ...ends);
  while (end > start && /\s/.test(text[end - 1] ?? '')) end -= 1;
  const line = text.indexOf('\n', end);
  return line < 0 ? text.length : line;
}

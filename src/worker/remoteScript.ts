/**
 * Puts together what ssh sends: the constant command for the login shell, and the script with its data on standard input.
 * It never mixes the two: the script's text is the same for every account, the data only ever stands in a quoted here-document.
 */
import { readFileSync } from 'node:fs';
import type { JobKind, PushTask } from '../push/job.ts';

/** What the host's login shell is asked to run; works in sh, csh and fish, since it is one quoted string. */
export function bootstrapCommand(): string {
  return BOOTSTRAP;
}

/** A plan of an undo reads what the undo itself goes by. */
export type ScriptKind = JobKind | 'planUndo';

export function scriptKindOf({ kind, planOf }: Pick<PushTask, 'kind' | 'planOf'>): ScriptKind {
  return kind === 'plan' && planOf === 'undo' ? 'planUndo' : kind;
}

/** All that a connection with one request sends. `data` are the lines of push/wire.ts. */
export function standardInput(kind: ScriptKind, data: readonly string[]): string {
  return new ScriptInput().request(kind, data);
}

/** What is sent over one connection, request by request: of the script each part once. */
export class ScriptInput {
  readonly #sent = new Set<string>();

  request(kind: ScriptKind, data: readonly string[]): string {
    const parts = PARTS[kind].filter((part) => !this.#sent.has(part));
    for (const part of parts) this.#sent.add(part);
    const script = parts.map((part) => TEXTS.get(part) ?? '').join('');
    return `${script}main <<'GARRISON_DATA'\n${data.join('\n')}\nGARRISON_DATA\n`;
  }
}

const COMMON = [
  '10-answer',
  '20-state',
  '30-account',
  '33-claim',
  '40-keys',
  '45-password',
  '50-sudo',
  '60-survey',
  '65-facts',
  '68-running',
  '75-apply',
  '90-main',
];
const UNDO = ['35-kept', '83-undo', '89-remove'];
const PARTS: Readonly<Record<ScriptKind, readonly string[]>> = {
  push: [...COMMON, '35-kept', '70-push', '72-keys-only', '77-verify'],
  revoke: [...COMMON, '35-kept', '80-revoke', '82-release'],
  plan: [...COMMON, '87-plan'],
  undo: [...COMMON, ...UNDO],
  planUndo: [...COMMON, ...UNDO, '84-undo-look', '87-plan'],
  remove: [...COMMON, '89-remove'],
  survey: ['10-answer', '20-state', '30-account', '68-running', '88-survey', '90-main'],
  check: ['10-answer', '60-survey', '85-check', '90-main'],
};
/** Read once: a push must not depend on files that an upgrade may be replacing. */
const TEXTS: ReadonlyMap<string, string> = new Map(
  [...new Set(Object.values(PARTS).flat())].map((part) => [part, scriptOf([part])]),
);
const BOOTSTRAP = `exec /bin/sh -c '${scriptOf(['bootstrap']).trimEnd().replaceAll('\n', ' ')}'`;

function scriptOf(parts: readonly string[]): string {
  return parts
    .map((part) => withoutComments(readFileSync(new URL(`./remote/${part}.sh`, import.meta.url), 'utf8')))
    .join('');
}

/** Comments and indentation need not travel. No here-document or string in the scripts depends on them. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => `${line}\n`)
    .join('');
}

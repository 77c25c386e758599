/**
 * The one error class Garrison throws on purpose: a code, a sentence, and the facts as fields.
 * It never carries a secret, and callers never parse its text.
 */

/** Closed set; each maps to an exit code in cli/exitCodes.ts and a status in server/problem.ts. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'USAGE'
  | 'HOME_BUSY'
  | 'HOME_UNUSABLE'
  | 'NOT_FOUND'
  | 'NAME_AMBIGUOUS'
  | 'NOT_PERMITTED'
  | 'REFUSED_BY_GUARD'
  | 'INCARNATION_CHANGED'
  | 'NO_SUPERVISOR'
  | 'SUPERVISOR_SILENT'
  | 'SUPERVISOR_FOREIGN'
  | 'INTERRUPTED'
  | 'REDIS_UNAVAILABLE'
  | 'REDIS_FOREIGN'
  | 'ACCOUNT_INVALID'
  | 'KEY_INVALID'
  | 'HOST_UNKNOWN'
  | 'HOST_KEY_UNAVAILABLE'
  | 'PROGRAM_MISSING'
  | 'PRACTICE_UNAVAILABLE'
  | 'PAGE_UNAVAILABLE'
  | 'JUMPSERVER_UNAVAILABLE'
  | 'WAIT_TIMED_OUT'
  | 'CONFLICTING_STATE'
  | 'NOT_RUNNING'
  | 'INTERNAL';

export class GarrisonError extends Error {
  readonly code: ErrorCode;
  /** What the reader can do next, one sentence. */
  readonly cure: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    more: { cure?: string; facts?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'GarrisonError';
    this.code = code;
    this.cure = more.cure;
    this.facts = more.facts ?? {};
  }
}

/** The sentence of any thrown thing. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The arm of a switch that the compiler proves empty. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/**
 * Reads what a host told of the accounts of ours that it has, line by line, into values.
 * It trusts nothing of it: what is not as our script tells it makes that account, or the whole, unusable, and it judges nothing.
 */
import { printable } from './answer.ts';
import { decodeTold } from './telling.ts';

/** `other`: somebody else's account has the name now; `unknown`: the name service failed. */
export type Presence = 'ours' | 'absent' | 'other' | 'unknown';

/** One mark of ours on a host, and what became of the account. */
export interface OwnedAccount {
  readonly name: string;
  /** Of the mark: creating, ready, revoking, revoked, removing or removed. */
  readonly state: string;
  readonly presence: Presence;
  readonly jobId: string;
  /** Grants wanted it once: a sync pushed it. */
  readonly wasGranted: boolean;
  /** RFC 3339: when the mark was last written; null where the host cannot tell. */
  readonly since: string | null;
  readonly uid: number | null;
  readonly isLocked: boolean;
  /** RFC 3339, `never`, or null where nobody can tell. */
  readonly lastLogin: string | null;
  /** Null where the account is not there. */
  readonly processes: number | null;
  /** The first few, `PID NAME`: a process gives itself that name. */
  readonly running: readonly string[];
  readonly sessions: number | null;
  readonly hasCrontab: boolean | null;
  /** Outside the homes of all accounts of ours, on local file systems; null where it was not counted. */
  readonly filesElsewhere: { readonly count: number; readonly isAtLeast: boolean } | null;
  /** Of one that was removed: the file under /var/lib/garrison/archive. */
  readonly archive: string | null;
}

export interface HostSurvey {
  readonly owned: readonly OwnedAccount[];
  /** Marks of other Garrisons, damaged ones, and those that an answer had no room for. */
  readonly others: number;
  readonly damaged: number;
  readonly untold: number;
}

const STATES: readonly string[] = ['creating', 'ready', 'revoking', 'revoked', 'removing', 'removed'];
const PRESENCES: readonly string[] = ['ours', 'absent', 'other', 'unknown'] satisfies Presence[];
const MOST_ACCOUNTS = 200;
const MOST_RUNNING = 5;

type Told = readonly (readonly [field: string, value: string])[];

/** Null where the text is not what our script tells, or not all of it. */
export function readSurvey(base64: string): HostSurvey | null {
  const text = decodeTold(base64);
  if (text === null) return null;
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): readonly [string, string] => {
      const blank = line.indexOf(' ');
      return blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
    });
  const { accounts, rest } = grouped(lines);
  const owned = accounts.flatMap((told) => ownedOf(told) ?? []);
  const others = countOf(rest, 'others');
  const damaged = countOf(rest, 'damaged');
  const untold = countOf(rest, 'untold');
  const isOdd = owned.length !== accounts.length || accounts.length > MOST_ACCOUNTS;
  const isTwice = new Set(owned.map(({ name }) => name)).size !== owned.length;
  if (isOdd || isTwice || oneOf(rest, 'whole') !== 'yes') return null;
  if (others === null || damaged === null || untold === null) return null;
  return { owned, others, damaged, untold };
}

/** An account begins with its name and goes on to the next one; the counts come last. */
function grouped(lines: Told): { readonly accounts: readonly Told[]; readonly rest: Told } {
  const starts = lines.flatMap(([field], index) => (field === 'account' ? [index] : []));
  const end = lines.findIndex(([field]) => field === 'others');
  if (end < 0) return { accounts: [], rest: [] };
  return {
    accounts: starts.map((start, at) => lines.slice(start, starts[at + 1] ?? end)),
    rest: lines.slice(end),
  };
}

function ownedOf(told: Told): OwnedAccount | null {
  const [name, state, presence] = ['account', 'state', 'presence'].map((field) => oneOf(told, field));
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(name ?? '')) return null;
  if (!STATES.includes(state ?? '') || !PRESENCES.includes(presence ?? '')) return null;
  const crontab = oneOf(told, 'crontab');
  return {
    name: name ?? '',
    state: state ?? '',
    presence: presence as Presence,
    jobId: printable(oneOf(told, 'job')),
    wasGranted: oneOf(told, 'granted') === 'yes',
    since: momentOf(oneOf(told, 'since')),
    uid: countOf(told, 'uid'),
    isLocked: oneOf(told, 'locked') === 'yes' && oneOf(told, 'expired') === 'yes',
    lastLogin: oneOf(told, 'lastLogin') === 'never' ? 'never' : momentOf(oneOf(told, 'lastLogin')),
    processes: countOf(told, 'processes'),
    running: told
      .filter(([field]) => field === 'process')
      .slice(0, MOST_RUNNING)
      .map(([, value]) => printable(value).slice(0, 40)),
    sessions: countOf(told, 'sessions'),
    hasCrontab: crontab === 'yes' ? true : crontab === 'no' ? false : null,
    filesElsewhere: filesOf(told),
    archive: /^[A-Za-z0-9._-]{1,200}$/.test(oneOf(told, 'archive')) ? oneOf(told, 'archive') : null,
  };
}

function filesOf(told: Told): OwnedAccount['filesElsewhere'] {
  const count = countOf(told, 'files');
  return count === null ? null : { count, isAtLeast: oneOf(told, 'filesSearch') !== 'whole' };
}

/** RFC 3339, as `date` or `last` prints it; null for anything else. */
function momentOf(text: string): string | null {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : null;
}

function oneOf(told: Told, field: string): string {
  return told.find(([each]) => each === field)?.[1] ?? '';
}

/** Null where it is not a whole number. */
function countOf(told: Told, field: string): number | null {
  const text = oneOf(told, field);
  return /^\d{1,12}$/.test(text) ? Number(text) : null;
}

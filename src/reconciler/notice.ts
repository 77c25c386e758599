/**
 * Decides what people are told of conditions: once when one has lasted, seldom again while it does, and once when it is over.
 * It sends nothing and writes no sentence of its own: the words are the conditions'.
 */
import type { Moment } from '../clock.ts';
import type { Blind, Condition, Severity } from './condition.ts';

export interface Notice extends Pick<Condition, 'key' | 'severity' | 'what' | 'why' | 'next' | 'command'> {
  /** `lasts` is a reminder; `over` the all clear. */
  readonly kind: 'begun' | 'lasts' | 'over';
  /** RFC 3339: since when it is so, or was. */
  readonly since: string;
  /** RFC 3339: when this was decided. */
  readonly at: string;
}

/** A condition that people know of. */
export interface Told extends Pick<Condition, 'severity' | 'what' | 'command' | 'clearAfterMs'> {
  readonly since: string;
  /** When they were told last. */
  readonly at: Moment;
}

interface Track {
  readonly seen: { readonly episode: string; readonly since: Moment } | null;
  readonly told: Told | null;
  /** Monotonic: until when it surely lasted. */
  readonly lastedUntilMs: number;
}

export type NoticeMemory = ReadonlyMap<string, Track>;

export const REMIND_AFTER_MS = 4 * 3_600_000;

const NEW: Track = { seen: null, told: null, lastedUntilMs: 0 };

export interface Sight {
  readonly conditions: readonly Condition[];
  readonly blind: Blind;
}

export function decideNotices(
  memory: NoticeMemory,
  { conditions, blind }: Sight,
  at: Moment,
): { readonly memory: NoticeMemory; readonly notices: readonly Notice[] } {
  const present = new Map(conditions.map((condition) => [condition.key, condition]));
  const next = new Map<string, Track>();
  const notices: Notice[] = [];
  for (const key of new Set([...memory.keys(), ...present.keys()])) {
    const condition = present.get(key) ?? null;
    const isBlind = condition === null && blind.some((prefix) => key.startsWith(prefix));
    const before = memory.get(key) ?? NEW;
    const after = isBlind ? { ...before, lastedUntilMs: at.monoMs } : look(before, condition, at);
    const [track, notice] = isBlind ? [after, null] : decide({ key, condition, track: after }, at);
    if (notice !== null) notices.push(notice);
    if (track.told !== null || track.seen !== null) next.set(key, track);
  }
  return { memory: next, notices };
}

/** Of an earlier life of the supervisor: those told then are not told anew. */
export function rememberTold(told: readonly (readonly [string, Told])[], at: Moment): NoticeMemory {
  return new Map(told.map(([key, one]) => [key, { seen: null, told: one, lastedUntilMs: at.monoMs }]));
}

export function toldOf(memory: NoticeMemory): readonly (readonly [string, Told])[] {
  return [...memory].flatMap(([key, { told }]) => (told === null ? [] : [[key, told] as const]));
}

function look(track: Track, condition: Condition | null, at: Moment): Track {
  if (condition === null) return { ...track, seen: null };
  const { episode } = condition;
  const seen = track.seen?.episode === episode ? track.seen : { episode, since: at };
  const isHeld = at.monoMs - seen.since.monoMs >= condition.holdMs;
  return { ...track, seen, lastedUntilMs: isHeld ? at.monoMs : track.lastedUntilMs };
}

function decide(
  { key, condition, track }: { key: string; condition: Condition | null; track: Track },
  at: Moment,
): readonly [Track, Notice | null] {
  const { seen, told } = track;
  const isHeld = condition !== null && seen !== null && at.monoMs - seen.since.monoMs >= condition.holdMs;
  if (isHeld) {
    if (told !== null && at.monoMs - told.at.monoMs < REMIND_AFTER_MS) return [track, null];
    const { what, command, why, next } = condition;
    // The channels that hear of its begin are those that hear of its end.
    const severity = told?.severity ?? condition.severity;
    const since = told?.since ?? condition.since ?? seen.since.wall;
    const { clearAfterMs } = condition;
    return [
      { ...track, told: { severity, what, command, clearAfterMs, since, at } },
      {
        ...{ key, severity, what, command, why, next, since },
        kind: told === null ? 'begun' : 'lasts',
        at: at.wall,
      },
    ];
  }
  if (told === null || at.monoMs - track.lastedUntilMs < told.clearAfterMs) return [track, null];
  const { severity, what, since, command } = told;
  const over = { why: 'it is no longer so', next: 'Nothing is left to do; this shows what became of it' };
  return [
    { ...track, told: null },
    { key, severity, what, since, command, ...over, kind: 'over', at: at.wall },
  ];
}

export type SendResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly why: string; readonly mayRetry: boolean };

export const MOST_TRIES = 5;
const FIRST_PAUSE_MS = 1_000;

/** What follows the given try, counted from 1. */
export function afterTry(
  tries: number,
  result: SendResult,
): { readonly againInMs: number } | 'delivered' | 'failed' {
  if (result.kind === 'delivered') return 'delivered';
  if (!result.mayRetry || tries >= MOST_TRIES) return 'failed';
  return { againInMs: FIRST_PAUSE_MS * 2 ** (tries - 1) };
}

export function concerns(minSeverity: Severity, { severity }: Pick<Notice, 'severity'>): boolean {
  return minSeverity === 'warning' || severity === 'error';
}

/**
 * Decides which scheduled work begins now: the check, the sync or the survey of leftovers, one at a time and each once however many times were missed.
 * It begins nothing and reads no clock: both clocks, what was begun before and what stands in the way are arguments.
 */
import { DAY_MS, intervalMs, type Timetable } from '../timetable.ts';

/** In the order in which they begin when several are due: a sync looks first, so that it is a check as well. */
export const SCHEDULED = ['sync', 'check', 'leftovers'] as const;
export type Scheduled = (typeof SCHEDULED)[number];

/** One moment: the wall clock says what day it is, and may jump; the monotonic one how much time has gone by. */
export interface Clocks {
  readonly wallMs: number;
  readonly monoMs: number;
}

export interface Known {
  /** When this timetable was first seen: what it names before that was not missed. */
  readonly seen: Clocks;
  /** When it was last begun; null for never. */
  readonly begun: Clocks | null;
  /** What was begun could not be done: it is tried again from then on. */
  readonly retryAtMonoMs: number | null;
}

export type Plan = Readonly<Record<Scheduled, { readonly timetable: Timetable; readonly known: Known }>>;

export interface Situation {
  readonly isRunning: boolean;
  /** Null while the queue is served; else since when and why not, as people are told. */
  readonly unserved: string | null;
  /** The maintenance of everything, until when; null while there is none. */
  readonly maintenanceUntil: string | null;
}

export type Decision =
  | { readonly do: 'begin'; readonly task: Scheduled }
  /** `due` waits for `why`. */
  | { readonly do: 'wait'; readonly due: Scheduled; readonly why: string }
  | { readonly do: 'nothing' };

/** So long after a try that could not be made, such as with a grants.yaml that cannot be read. */
export const RETRY_AFTER_MS = 15 * 60_000;

export function decideSchedule(plan: Plan, situation: Situation, at: Clocks): Decision {
  const due = SCHEDULED.find((task) => isDue(task, plan, at));
  if (due === undefined) return { do: 'nothing' };
  const why = inTheWay(situation);
  return why === null ? { do: 'begin', task: due } : { do: 'wait', due, why };
}

function inTheWay({ isRunning, unserved, maintenanceUntil }: Situation): string | null {
  if (isRunning) return 'the one before is not over yet';
  if (unserved !== null) return unserved;
  return maintenanceUntil === null ? null : `everything is in maintenance until ${maintenanceUntil}`;
}

function isDue(task: Scheduled, plan: Plan, at: Clocks): boolean {
  const { timetable, known } = plan[task];
  if (timetable.kind === 'off') return false;
  if (known.retryAtMonoMs !== null) return at.monoMs >= known.retryAtMonoMs;
  switch (timetable.kind) {
    case 'every':
      return isEveryDue(task, timetable.everyMs, { known, at });
    case 'daily':
      return isDailyDue(timetable.atMinute, known, at);
  }
}

interface Times {
  readonly known: Known;
  readonly at: Clocks;
}

/** A look that was never made is due at once; what changes hosts waits its first interval. */
function isEveryDue(task: Scheduled, everyMs: number, { known, at }: Times): boolean {
  const from = known.begun ?? (task === 'sync' ? known.seen : null);
  return from === null || at.monoMs - from.monoMs >= everyMs;
}

/** A wall clock set back passes the same minute twice, and is known by the day of the last run; of one set forward half a day must have gone by as well. */
function isDailyDue(atMinute: number, { seen, begun }: Known, at: Clocks): boolean {
  const from = begun ?? seen;
  const today = Math.floor(at.wallMs / DAY_MS) * DAY_MS + atMinute * 60_000;
  const last = today <= at.wallMs ? today : today - DAY_MS;
  const wasPassed = last > Math.min(from.wallMs, at.wallMs);
  if (begun === null) return wasPassed;
  const sinceMs = at.monoMs - begun.monoMs;
  // A last run of a wall clock that was wrong for a while may lie in the future.
  return sinceMs >= DAY_MS || (wasPassed && sinceMs >= DAY_MS / 2);
}

/** A time that an earlier supervisor wrote down, on the clocks of this one: one in the future, after a clock was set back, is now. */
export function remembered(wallMs: number, startedAt: Clocks): Clocks {
  const agoMs = Math.max(0, startedAt.wallMs - wallMs);
  return { wallMs: Math.min(wallMs, startedAt.wallMs), monoMs: startedAt.monoMs - agoMs };
}

/** No run takes the place of the next one that is due: tried again soon, but never more often than it is wanted. */
export function retryAt(timetable: Timetable, at: Clocks): number {
  return at.monoMs + Math.min(RETRY_AFTER_MS, intervalMs(timetable) ?? RETRY_AFTER_MS);
}

/**
 * Remembers of one container what was done about it: restarts within the budget, failures, what is under way, quarantine.
 * It decides nothing; each change gives a new record, and the clock is the monotonic one throughout.
 */
import type { Treatment, TreatedLife } from './treatment.ts';

/** What the story of a container is made of. */
export type HealEvent =
  | 'sick'
  | 'examined'
  | 'treated'
  | 'restarted'
  | 'healed'
  | 'recovered'
  | 'healFailed'
  | 'quarantined'
  | 'quarantineCleared'
  | 'paged'
  | 'observed'
  | 'asked';

/** How a treatment ended. `notDone`: it was found changed just before, and nothing was done. */
export type HealOutcome = 'healed' | 'failed' | 'notDone';

export interface HealPolicy {
  readonly budget: { readonly restarts: number; readonly perMs: number };
  /** So long a container must stay unhealthy before it is restarted. */
  readonly confirmMs: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** After so long in health all is forgotten but the budget. */
  readonly cleanAfterMs: number;
  /** What depends on one that was sick or treated has at least so long to recover by itself. */
  readonly recoverMs: number;
}

export const HEAL_POLICY: HealPolicy = {
  budget: { restarts: 3, perMs: 1_800_000 },
  confirmMs: 5_000,
  firstDelayMs: 10_000,
  longestDelayMs: 300_000,
  cleanAfterMs: 600_000,
  recoverMs: 30_000,
};

export interface UnderWay {
  readonly how: Treatment;
  /** `garrison`, or who asked. */
  readonly actor: string;
  readonly askedAtMs: number;
  readonly before: TreatedLife;
  /** Garrison was not there for a part of it, and saw nobody who meddled. */
  readonly isUnwatched: boolean;
  /** Docker's word on it; null before it came. */
  readonly answer: {
    readonly isDone: boolean;
    /** It got none in time: Docker may still be at it. */
    readonly isLate: boolean;
    readonly detail: string;
    readonly atMs: number;
  } | null;
  /** When it was first seen in another life, with a living process; null before. */
  readonly restartedAtMs: number | null;
}

export interface HealRecord {
  /** Moments of those within the budget's window, oldest first. */
  readonly restartsAtMs: readonly number[];
  /** In a row without ten healthy minutes between them: the back-off follows them. */
  readonly treatments: number;
  /** Of this sickness: the way of treating follows them. */
  readonly failures: number;
  readonly notBeforeMs: number;
  readonly underWay: UnderWay | null;
  /** Since when it is well without a break; null while it is not. */
  readonly wellSinceMs: number | null;
  /** It was stopped by a treatment that then could not start it again: nobody's wish, and a start is still owed. */
  readonly leftStopped: boolean;
  readonly quarantine: { readonly since: string; readonly why: string } | null;
}

export const NO_TREATMENT: HealRecord = {
  restartsAtMs: [],
  treatments: 0,
  failures: 0,
  notBeforeMs: -Infinity,
  underWay: null,
  wellSinceMs: null,
  leftStopped: false,
  quarantine: null,
};

/** Restarts that still count. */
export function restartsWithin({ restartsAtMs }: HealRecord, policy: HealPolicy, nowMs: number): number {
  return restartsAtMs.filter((atMs) => nowMs - atMs < policy.budget.perMs).length;
}

export function isBudgetSpent(record: HealRecord, policy: HealPolicy, nowMs: number): boolean {
  return restartsWithin(record, policy, nowMs) >= policy.budget.restarts;
}

/** 10 s after the first, 20 s after the second … up to the longest. */
export function delayAfter(treatments: number, policy: HealPolicy): number {
  return Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** Math.max(0, treatments - 1));
}

/** A treatment begins: what starts a container anew costs a restart of its budget. */
export function begun(
  record: HealRecord,
  treatment: Pick<UnderWay, 'how' | 'actor' | 'before'>,
  { policy, nowMs }: { readonly policy: HealPolicy; readonly nowMs: number },
): HealRecord {
  const isRestart = treatment.how === 'restart' || treatment.how === 'killAndStart';
  const kept = record.restartsAtMs.filter((atMs) => nowMs - atMs < policy.budget.perMs);
  return {
    ...record,
    restartsAtMs: isRestart ? [...kept, nowMs] : kept,
    treatments: record.treatments + (treatment.how === 'stop' ? 0 : 1),
    underWay: { ...treatment, isUnwatched: false, askedAtMs: nowMs, answer: null, restartedAtMs: null },
    wellSinceMs: null,
    // A start that fails is still owed then; what was down for another reason is never owed one.
    leftStopped: treatment.how === 'start' && record.leftStopped,
  };
}

/** The treatment has done what it was for. */
export function cured(record: HealRecord, policy: HealPolicy, nowMs: number): HealRecord {
  if (record.underWay?.how === 'stop') return { ...record, underWay: null, failures: 0 };
  return {
    ...record,
    underWay: null,
    failures: 0,
    leftStopped: false,
    notBeforeMs: nowMs + delayAfter(record.treatments, policy),
    wellSinceMs: nowMs,
  };
}

/** The treatment has not; `leftStopped` when a start of it is owed. */
export function failed(
  record: HealRecord,
  {
    policy,
    nowMs,
    leftStopped,
  }: { readonly policy: HealPolicy; readonly nowMs: number; readonly leftStopped: boolean },
): HealRecord {
  return {
    ...record,
    underWay: null,
    failures: record.failures + 1,
    leftStopped,
    notBeforeMs: nowMs + delayAfter(record.treatments, policy),
  };
}

/** Nothing was done: the restart is given back to the budget, and whatever was in the way has time to pass. */
export function notDone(record: HealRecord, policy: HealPolicy, nowMs: number): HealRecord {
  const { underWay } = record;
  if (underWay === null) return record;
  return {
    ...record,
    underWay: null,
    treatments: Math.max(0, record.treatments - (underWay.how === 'stop' ? 0 : 1)),
    restartsAtMs: record.restartsAtMs.filter((atMs) => atMs !== underWay.askedAtMs),
    notBeforeMs: Math.max(record.notBeforeMs, nowMs + policy.firstDelayMs),
  };
}

/** It runs, so that no start is owed any more: whoever ends it from now on means it. */
export function seenRunning(record: HealRecord): HealRecord {
  return record.leftStopped ? { ...record, leftStopped: false } : record;
}

/** A person has looked at it: it begins anew. */
export function cleared(record: HealRecord): HealRecord {
  return { ...NO_TREATMENT, underWay: record.underWay, leftStopped: record.leftStopped };
}

/** Seen well, or not, at this moment. */
export function seenWell(
  record: HealRecord,
  isWell: boolean,
  at: { readonly policy: HealPolicy; readonly nowMs: number },
): HealRecord {
  if (!isWell) return record.wellSinceMs === null ? record : { ...record, wellSinceMs: null };
  if (record.wellSinceMs === null) return { ...record, wellSinceMs: at.nowMs };
  const isClean = at.nowMs - record.wellSinceMs >= at.policy.cleanAfterMs;
  if (!isClean || (record.treatments === 0 && record.failures === 0)) return record;
  return { ...record, treatments: 0, failures: 0, notBeforeMs: -Infinity };
}

/**
 * Moves the queue's canary: a no-op job that goes the same way and takes the same slots as a push, and must come back in time.
 * It blames nobody; the detector does, told by `canaryFor` since when whom it waits for.
 */
import type { Moment } from '../clock.ts';
import type { Incarnation } from '../heartbeat.ts';
import type { Action } from './action.ts';
import type { EntrySeen } from './jobFlow.ts';
import { CANARY_ID } from '../queueName.ts';

export interface Canary {
  readonly number: number;
  readonly sentAt: Moment;
  /** Since when it is next on the queue for anybody to take; null while it is on its way there or others are ahead. */
  readonly nextSince: Moment | null;
  readonly takenBy: { readonly incarnation: Incarnation; readonly since: Moment } | null;
}

export interface CanaryRun {
  readonly pending: Canary | null;
  readonly lastNumber: number;
  /** Monotonic: when the next one is sent. */
  readonly nextAtMs: number;
  readonly nextLookMs: number;
}

export const NO_CANARY: CanaryRun = { pending: null, lastNumber: 0, nextAtMs: 0, nextLookMs: 0 };

export interface CanaryQuestion {
  /** Redis answers and some worker takes jobs: without that a canary would tell nothing new. */
  readonly mayRun: boolean;
  /** A job was on the queue before it and still waits there. */
  readonly othersAhead: boolean;
  readonly at: Moment;
}

export const CANARY_INTERVAL_MS = 15_000;
const AGAIN_MS = 1_000;
const LOOK_INTERVAL_MS = 5_000;

export interface CanaryDecision {
  readonly run: CanaryRun;
  readonly action: Action | null;
  readonly recheckAtMs: number | null;
}

/** Sends it, or looks what became of it, or waits. */
export function decideCanary(run: CanaryRun, question: CanaryQuestion): CanaryDecision {
  const nowMs = question.at.monoMs;
  if (!question.mayRun) {
    const nextAtMs = Math.max(run.nextAtMs, nowMs + AGAIN_MS);
    return { run: { ...run, pending: null, nextAtMs }, action: null, recheckAtMs: null };
  }
  if (run.pending !== null) return decidePending(run, run.pending, question);
  if (nowMs < run.nextAtMs || question.othersAhead)
    return { run, action: null, recheckAtMs: question.othersAhead ? null : run.nextAtMs };
  const number = run.lastNumber + 1;
  const pending = { number, sentAt: question.at, nextSince: null, takenBy: null };
  const nextLookMs = nowMs + LOOK_INTERVAL_MS;
  return {
    run: { ...run, pending, lastNumber: number, nextLookMs },
    action: { kind: 'sendCanary', number },
    recheckAtMs: nextLookMs,
  };
}

function decidePending(run: CanaryRun, pending: Canary, question: CanaryQuestion): CanaryDecision {
  const nowMs = question.at.monoMs;
  const waits =
    pending.nextSince !== null && question.othersAhead ? { ...pending, nextSince: question.at } : pending;
  if (pending.takenBy !== null || nowMs < run.nextLookMs)
    return { run: { ...run, pending: waits }, action: null, recheckAtMs: run.nextLookMs };
  const nextLookMs = nowMs + LOOK_INTERVAL_MS;
  return {
    run: { ...run, pending: waits, nextLookMs },
    action: { kind: 'look', jobId: CANARY_ID, attempt: pending.number },
    recheckAtMs: nextLookMs,
  };
}

/** It is on the queue. */
export function afterCanaryArrival(run: CanaryRun, number: number, at: Moment): CanaryRun {
  return change(run, number, (pending) => ({ ...pending, nextSince: pending.nextSince ?? at }));
}

/** It could not be put on the queue, which Redis' own state tells; or its entry was lost, which is nobody's fault. */
export function afterCanaryLost(run: CanaryRun, number: number, at: Moment): CanaryRun {
  return run.pending?.number === number ? { ...run, pending: null, nextAtMs: at.monoMs + AGAIN_MS } : run;
}

/** What a look at the queue showed: taken by somebody who has not asked, or gone, means lost, as with a job. */
export function afterCanaryLook(
  run: CanaryRun,
  seen: { number: number; entry: EntrySeen },
  at: Moment,
): CanaryRun {
  if (seen.entry === 'waiting' || run.pending?.takenBy !== null) return run;
  return afterCanaryLost(run, seen.number, at);
}

export function afterCanaryTaken(
  run: CanaryRun,
  by: { readonly number: number; readonly incarnation: Incarnation },
  at: Moment,
): CanaryRun {
  return change(run, by.number, (pending) => ({
    ...pending,
    takenBy: { incarnation: by.incarnation, since: at },
  }));
}

/** It came back; `tookMs` since it was sent, or null when it was none of ours any more. */
export function afterCanaryPassed(
  run: CanaryRun,
  number: number,
  at: Moment,
): { run: CanaryRun; tookMs: number | null } {
  if (run.pending?.number !== number) return { run, tookMs: null };
  const tookMs = at.monoMs - run.pending.sentAt.monoMs;
  return { run: { ...run, pending: null, nextAtMs: at.monoMs + CANARY_INTERVAL_MS }, tookMs };
}

/** A life that had it is over: it is lost with it. */
export function afterCanaryHolderDeath(run: CanaryRun, incarnation: Incarnation, at: Moment): CanaryRun {
  const { pending } = run;
  if (pending?.takenBy?.incarnation.nonce !== incarnation.nonce) return run;
  return afterCanaryLost(run, pending.number, at);
}

/** Since when this life could have brought it back; null when nothing is asked of it. */
export function canaryFor(
  pending: Canary | null,
  incarnation: Incarnation | null,
): { readonly since: Moment; readonly taken: boolean } | null {
  if (pending === null || incarnation === null) return null;
  if (pending.takenBy !== null) {
    const isIts = pending.takenBy.incarnation.nonce === incarnation.nonce;
    return isIts ? { since: pending.takenBy.since, taken: true } : null;
  }
  return pending.nextSince === null ? null : { since: pending.nextSince, taken: false };
}

function change(run: CanaryRun, number: number, step: (pending: Canary) => Canary): CanaryRun {
  const { pending } = run;
  return pending?.number === number ? { ...run, pending: step(pending) } : run;
}

/**
 * Decides which verdict is shown: a worse one soon, a better one only after it has lasted, and none for less than its dwell.
 * It never holds back a fact (a death, a start, a drain), and tells of every change that it did hold back.
 */
import { unreachable } from '../errors.ts';
import type { WorkerState, WorkerStatus } from './verdict.ts';

/** The verdict people see, and what is needed to replace it. */
export interface Shown {
  readonly status: WorkerStatus;
  readonly enteredAtMs: number;
  /** Since when its state has been this one, whatever the reasons. */
  readonly stateEnteredAtMs: number;
  /** Since when, and from which beat on, a better verdict has stood without a break; null while none does. */
  readonly recovering: { readonly sinceMs: number; readonly beatSeq: number } | null;
  /** The candidate that is being held back, so that it is told of once. */
  readonly heldBack: string | null;
}

export interface HysteresisLimits {
  /** A better verdict must have stood this long … */
  readonly stableMs: number;
  /** … and over this many beats. */
  readonly stableBeats: number;
  /** No state, and within a state no reason, is replaced sooner than this, except by a fact. */
  readonly dwellMs: number;
}

export const HYSTERESIS: HysteresisLimits = { stableMs: 3_000, stableBeats: 3, dwellMs: 1_000 };

export interface Candidate {
  readonly status: WorkerStatus;
  readonly beatSeq: number;
  readonly nowMs: number;
}

export interface Settled {
  readonly shown: Shown;
  /** True when the candidate was newly held back. */
  readonly suppressed: boolean;
  /** When the decision could change without new evidence; null for never. */
  readonly recheckAtMs: number | null;
}

/** The verdict to show after this candidate. */
export function settle(before: Shown | null, candidate: Candidate, limits: HysteresisLimits): Settled {
  const { status } = candidate;
  if (before === null || isFact(status.state) || isFact(before.status.state)) {
    return showNow(before, candidate);
  }
  if (sameVerdict(before.status, status)) return showNow(before, candidate);
  const better = rank(status.state) < rank(before.status.state);
  return better ? settleBetter(before, candidate, limits) : settleOther(before, candidate, limits);
}

function showNow(before: Shown | null, { status, nowMs }: Candidate): Settled {
  const sameState = before?.status.state === status.state;
  const enteredAtMs = sameState && before.status.reason === status.reason ? before.enteredAtMs : nowMs;
  const stateEnteredAtMs = sameState ? before.stateEnteredAtMs : nowMs;
  const shown: Shown = { status, enteredAtMs, stateEnteredAtMs, recovering: null, heldBack: null };
  return { shown, suppressed: false, recheckAtMs: status.recheckAtMs };
}

function settleBetter(before: Shown, candidate: Candidate, limits: HysteresisLimits): Settled {
  const { nowMs, beatSeq } = candidate;
  const recovering = before.recovering ?? { sinceMs: nowMs, beatSeq };
  const enoughBeats = beatSeq - recovering.beatSeq >= limits.stableBeats;
  const stableAtMs = recovering.sinceMs + limits.stableMs;
  if (enoughBeats && nowMs >= stableAtMs) return showNow(before, candidate);
  const candidateEndsMs = candidate.status.recheckAtMs;
  const recheckAtMs = enoughBeats ? Math.min(stableAtMs, candidateEndsMs ?? Infinity) : candidateEndsMs;
  return hold({ ...before, recovering }, candidate, recheckAtMs);
}

/** Worse, or as bad for another reason. */
function settleOther(before: Shown, candidate: Candidate, limits: HysteresisLimits): Settled {
  const sameState = before.status.state === candidate.status.state;
  const dwellEndMs = (sameState ? before.enteredAtMs : before.stateEnteredAtMs) + limits.dwellMs;
  if (candidate.nowMs >= dwellEndMs) return showNow(before, candidate);
  // What is held back may turn into something else before its time is over.
  const recheckAtMs = Math.min(dwellEndMs, candidate.status.recheckAtMs ?? Infinity);
  return hold({ ...before, recovering: null }, candidate, recheckAtMs);
}

function hold(before: Shown, candidate: Candidate, recheckAtMs: number | null): Settled {
  const heldBack = `${candidate.status.state} ${candidate.status.reason}`;
  return { shown: { ...before, heldBack }, suppressed: before.heldBack !== heldBack, recheckAtMs };
}

function sameVerdict(a: WorkerStatus, b: WorkerStatus): boolean {
  return a.state === b.state && a.reason === b.reason;
}

/** States that rest on an event, not on a judgement. */
function isFact(state: WorkerState): boolean {
  switch (state) {
    case 'starting':
    case 'draining':
    case 'backoff':
    case 'failed':
    case 'stopped':
      return true;
    case 'up':
    case 'late':
    case 'hung':
    case 'unknown':
      return false;
    default:
      return unreachable(state);
  }
}

function rank(state: WorkerState): number {
  if (state === 'up') return 0;
  return state === 'hung' ? 2 : 1;
}

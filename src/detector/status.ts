/**
 * Decides one worker's status: evidence, the wish and the time go in, a verdict with its reason and since-when comes out.
 * Nothing here waits, logs, counts or remembers.
 */
import type { Moment } from '../clock.ts';
import type { ExitSeen, WorkerEvidence } from './evidence.ts';

export type WorkerState =
  'starting' | 'up' | 'late' | 'hung' | 'draining' | 'backoff' | 'failed' | 'stopped' | 'unknown';

export type WorkerReason =
  | 'NotStartedYet'
  | 'Spawned'
  | 'Beating'
  | 'Quiet'
  | 'BeatLate'
  | 'NoBeat'
  | 'NeverReady'
  | 'DrainAsked'
  | 'MemoryLimit'
  | 'StoppedByPerson'
  | 'SupervisorStopping'
  | 'Exited'
  | 'Killed'
  | 'SpawnFailed'
  | 'CrashLoop'
  | 'ObserverImpaired';

export type TruthName = 'process' | 'heartbeat' | 'broker' | 'slots' | 'progress';

export interface Truth {
  readonly verdict: 'ok' | 'bad' | 'unknown';
  readonly evidence: string;
  readonly since: string;
}

export type WorkerWish = 'run' | 'quiet' | 'stop';

export interface StatusLimits {
  /** Three missed beats. */
  readonly lateAfterMs: number;
  readonly hungAfterMs: number;
  /** A life that is not ready by then is hung. */
  readonly readyWithinMs: number;
}

export const DEFAULT_LIMITS: StatusLimits = {
  lateAfterMs: 3_500,
  hungAfterMs: 10_000,
  readyWithinMs: 20_000,
};

export interface StatusQuestion {
  readonly evidence: WorkerEvidence;
  readonly wish: WorkerWish;
  /** It drains because its memory went over the limit. */
  readonly overMemory: boolean;
  /** The supervisor is ending, and its workers with it. */
  readonly stopping: boolean;
  /** True when the restart budget is spent: a dead worker is `failed`, not `backoff`. */
  readonly overBudget: boolean;
  /** How late the observer's own last tick was; over 2 s it convicts nobody. */
  readonly observerLateMs: number;
  readonly limits: StatusLimits;
  readonly nowMs: number;
}

export interface WorkerStatus {
  readonly state: WorkerState;
  readonly reason: WorkerReason;
  /** The moment of the fact that the state rests on; null when nothing was seen yet. */
  readonly since: Moment | null;
  /** Monotonic time at which this verdict could change without a new observation; null for never. */
  readonly recheckAtMs: number | null;
}

const OBSERVER_LATE_MS = 2_000;

/** The verdict. Death is a fact (an exit was seen), never a timeout; timeouts decide only `late` and `hung`. */
export function decideStatus(question: StatusQuestion): WorkerStatus {
  const { evidence } = question;
  if (evidence.incarnation === null) return decideDead(question);
  if (evidence.drainAskedAt !== null) {
    const reason = question.overMemory ? 'MemoryLimit' : 'DrainAsked';
    return { state: 'draining', reason, since: evidence.drainAskedAt, recheckAtMs: null };
  }
  return decideAlive(question);
}

function decideDead({ evidence, wish, stopping, overBudget }: StatusQuestion): WorkerStatus {
  const { exit, spawnFailure } = evidence;
  const since = exit?.at ?? spawnFailure?.at ?? null;
  if (wish === 'stop') return { state: 'stopped', reason: 'StoppedByPerson', since, recheckAtMs: null };
  if (stopping) return { state: 'stopped', reason: 'SupervisorStopping', since, recheckAtMs: null };
  if (since === null) return { state: 'starting', reason: 'NotStartedYet', since, recheckAtMs: null };
  if (overBudget) return { state: 'failed', reason: 'CrashLoop', since, recheckAtMs: null };
  return {
    state: 'backoff',
    reason: exit === null ? 'SpawnFailed' : exitReason(exit),
    since,
    recheckAtMs: null,
  };
}

function exitReason(exit: ExitSeen): WorkerReason {
  return exit.signal === null ? 'Exited' : 'Killed';
}

function decideAlive(question: StatusQuestion): WorkerStatus {
  const { evidence, limits, nowMs } = question;
  const heard = evidence.lastBeatAt ?? evidence.readyAt;
  if (heard === null) return decideStarting(question);
  const silentMs = nowMs - heard.monoMs;
  if (silentMs < limits.lateAfterMs) {
    const reason = question.wish === 'quiet' ? 'Quiet' : 'Beating';
    return { state: 'up', reason, since: evidence.readyAt, recheckAtMs: heard.monoMs + limits.lateAfterMs };
  }
  if (question.observerLateMs > OBSERVER_LATE_MS) {
    return {
      state: 'up',
      reason: 'ObserverImpaired',
      since: evidence.readyAt,
      recheckAtMs: nowMs + limits.lateAfterMs,
    };
  }
  if (silentMs < limits.hungAfterMs) {
    return {
      state: 'late',
      reason: 'BeatLate',
      since: heard,
      recheckAtMs: heard.monoMs + limits.hungAfterMs,
    };
  }
  return { state: 'hung', reason: 'NoBeat', since: heard, recheckAtMs: null };
}

function decideStarting({ evidence, limits, nowMs, observerLateMs }: StatusQuestion): WorkerStatus {
  const since = evidence.spawnedAt;
  const startedMs = since?.monoMs ?? nowMs;
  const overdue = nowMs - startedMs >= limits.readyWithinMs && observerLateMs <= OBSERVER_LATE_MS;
  if (overdue) return { state: 'hung', reason: 'NeverReady', since, recheckAtMs: null };
  const recheckAtMs = Math.max(startedMs + limits.readyWithinMs, nowMs + 100);
  return { state: 'starting', reason: 'Spawned', since, recheckAtMs };
}

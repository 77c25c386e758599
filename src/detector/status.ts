/**
 * Decides one worker's status: evidence, the wish and the time go in, a verdict with its reason and since-when comes out.
 * Nothing here waits, logs, counts or remembers.
 */
import type { Moment } from '../clock.ts';
import { isImpaired, stretched, type Awareness } from './awareness.ts';
import { decideLiving } from './living.ts';
import type { ExitSeen, WorkerEvidence } from './evidence.ts';

export type WorkerState =
  'starting' | 'up' | 'late' | 'hung' | 'draining' | 'backoff' | 'failed' | 'stopped' | 'unknown';

export type WorkerReason =
  | 'NotStartedYet'
  | 'Spawned'
  | 'Beating'
  | 'Quiet'
  | 'SlotsFull'
  | 'BeatLate'
  | 'BrokerAway'
  | 'Starved'
  | 'LoopBlocked'
  | 'ProcessStopped'
  | 'Uninterruptible'
  | 'FetchParked'
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
  /** The main loop stood still so long, by word of the second beat. */
  readonly blockedAfterMs: number;
  /** Neither beat came for so long. */
  readonly hungAfterMs: number;
  readonly brokerAwayAfterMs: number;
  /** Jobs waited, and the worker did not reach the queue, for so long. */
  readonly parkedAfterMs: number;
  /** A life that is not ready by then is hung. */
  readonly readyWithinMs: number;
}

export const DEFAULT_LIMITS: StatusLimits = {
  lateAfterMs: 3_500,
  blockedAfterMs: 4_000,
  hungAfterMs: 10_000,
  brokerAwayAfterMs: 2_000,
  parkedAfterMs: 15_000,
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
  /** The observer's own health; it stretches every limit. */
  readonly awareness: Awareness;
  /** Since when Redis has not answered; null while it does. */
  readonly brokerAwaySince: Moment | null;
  /** Age of the oldest job that waits for a worker; 0 when none does. */
  readonly oldestWaitingMs: number;
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

/** The verdict. Death is a fact (an exit was seen), never a timeout; timeouts decide only `late` and `hung`. */
export function decideStatus(question: StatusQuestion): WorkerStatus {
  const { evidence } = question;
  if (evidence.incarnation === null) return decideDead(question);
  if (evidence.drainAskedAt !== null) {
    const reason = question.overMemory ? 'MemoryLimit' : 'DrainAsked';
    return { state: 'draining', reason, since: evidence.drainAskedAt, recheckAtMs: null };
  }
  const heard = evidence.lastBeatAt ?? evidence.readyAt;
  return heard === null ? decideStarting(question) : decideLiving(question, heard);
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

function decideStarting({ evidence, limits, nowMs, awareness }: StatusQuestion): WorkerStatus {
  const since = evidence.spawnedAt;
  const overdueAtMs = (since?.monoMs ?? nowMs) + stretched(limits.readyWithinMs, awareness);
  const overdue = nowMs >= overdueAtMs && !isImpaired(awareness, nowMs);
  if (overdue) return { state: 'hung', reason: 'NeverReady', since, recheckAtMs: null };
  const recheckAtMs = nowMs < overdueAtMs ? overdueAtMs : awareness.impairedUntilMs;
  return { state: 'starting', reason: 'Spawned', since, recheckAtMs };
}

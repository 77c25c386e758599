/**
 * Says what is asked of the detector and what it answers: the words, the limits, the question.
 * It decides nothing; status.ts and living.ts do.
 */
import type { Moment } from '../clock.ts';
import type { Awareness } from './awareness.ts';
import type { WorkerEvidence } from './evidence.ts';

export type WorkerState =
  'starting' | 'up' | 'late' | 'hung' | 'draining' | 'backoff' | 'failed' | 'stopped' | 'unknown';

export type WorkerReason =
  | 'NotStartedYet'
  | 'Spawned'
  | 'SpareTookOver'
  | 'Beating'
  | 'Quiet'
  | 'SlotsFull'
  | 'JobStuck'
  | 'BeatLate'
  | 'BrokerAway'
  | 'Starved'
  | 'LoopBlocked'
  | 'ProcessStopped'
  | 'Uninterruptible'
  | 'FetchParked'
  | 'CanaryLate'
  | 'NoBeat'
  | 'NeverReady'
  | 'DrainAsked'
  | 'MemoryLimit'
  | 'JobLimit'
  | 'AgeLimit'
  | 'ZombiesHeld'
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
  /** Three missed beats, and the time by which a fourth could still come. */
  readonly lateAfterMs: number;
  /** The main loop stood still so long, by word of the second beat: late … */
  readonly blockedLateAfterMs: number;
  /** … and hung. */
  readonly blockedAfterMs: number;
  /** Neither beat came for so long. */
  readonly hungAfterMs: number;
  readonly brokerAwayAfterMs: number;
  /** Jobs waited, and the worker did not reach the queue, for so long. */
  readonly parkedAfterMs: number;
  /** The canary waited so long although this worker had a free slot, or had taken it. */
  readonly canaryWithinMs: number;
  /** Neither ssh nor the host of a job said anything for so long. */
  readonly jobStuckAfterMs: number;
  /** By then the worker itself must have ended the ssh of a silent job. */
  readonly jobOverdueAfterMs: number;
  /** A life that is not ready by then is hung. */
  readonly readyWithinMs: number;
}

export const DEFAULT_LIMITS: StatusLimits = {
  lateAfterMs: 3_900,
  blockedLateAfterMs: 3_500,
  blockedAfterMs: 4_000,
  hungAfterMs: 10_000,
  brokerAwayAfterMs: 2_000,
  parkedAfterMs: 15_000,
  canaryWithinMs: 10_000,
  jobStuckAfterMs: 30_000,
  jobOverdueAfterMs: 65_000,
  readyWithinMs: 20_000,
};

export interface StatusQuestion {
  readonly evidence: WorkerEvidence;
  readonly wish: WorkerWish;
  /** The supervisor is ending, and its workers with it. */
  readonly stopping: boolean;
  /** True when the restart budget is spent: a dead worker is `failed`, not `backoff`. */
  readonly overBudget: boolean;
  /** The observer's own health; it stretches every limit. */
  readonly awareness: Awareness;
  /** Since when Redis has not answered; null while it does. */
  readonly brokerAwaySince: Moment | null;
  /** When it last came to answer; null while it does not. */
  readonly brokerBackAt: Moment | null;
  /** Age of the oldest job that waits for a worker; 0 when none does. */
  readonly oldestWaitingMs: number;
  /** For how long a job has been on the queue while nobody took anything off it; 0 when none is. */
  readonly queueStillMs: number;
  /** When this life was found to take nothing, by the canary or by jobs that waited; null while it was not. */
  readonly convictedAt: Moment | null;
  /** Since when the canary waits for this worker, or this worker has it; null while neither. */
  readonly canary: { readonly since: Moment; readonly taken: boolean } | null;
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

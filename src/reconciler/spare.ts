/**
 * Decides about the spare, a booted worker without a name: when it is started and ended, and when it is good enough to take a worker's place.
 * It carries nothing out, and never starts a worker: reconciler/worker says which one the spare serves.
 */
import type { WorkerEvidence } from '../detector/evidence.ts';
import type { WorkerStatus } from '../detector/verdict.ts';
import { SPARE_NAME, type Incarnation } from '../heartbeat.ts';
import {
  reconcileWorker,
  type WorkerDecision,
  type WorkerPlan,
  type WorkerQuestion,
  type Wish,
} from './worker.ts';

type FromWorker = Omit<WorkerQuestion, 'worker' | 'wish' | 'queueOpen' | 'othersSettled' | 'spare'>;

export interface SpareQuestion extends FromWorker {
  /** One is configured, and somebody is there whose place it could take. */
  readonly wanted: boolean;
  readonly isOverMemory: boolean;
  /** A worker is being started: its start comes first. */
  readonly someoneStarts: boolean;
}

/** A start takes a core for a third of a second, which the jobs of the worker that died need more just then. */
const NEXT_AFTER_MS = 1_000;

/** Two beats and some: a spare that was silent for longer may be ill, and a new process is the surer way. */
const HEARD_WITHIN_MS = 2_500;
/** The same for its main loop, by word of the second beat. */
const LOOP_TURNED_WITHIN_MS = 1_000;

/** It is treated as any worker that takes no jobs: ended when hung or over a limit, started again with a back-off of its own. */
export function reconcileSpare(question: SpareQuestion): WorkerDecision {
  const { evidence, plan, nowMs, wanted, someoneStarts } = question;
  const isDue = plan.startAtMs !== null && nowMs >= plan.startAtMs;
  if (wanted && evidence.incarnation === null && isDue && someoneStarts) {
    return { plan, action: null, recheckAtMs: null };
  }
  return reconcileWorker({
    ...question,
    worker: SPARE_NAME,
    wish: wishOf(question),
    queueOpen: false,
    // It holds no jobs, and nobody serves less while it is replaced.
    othersSettled: () => true,
    spare: null,
  });
}

function wishOf({ wanted, isOverMemory, evidence }: SpareQuestion): Wish {
  if (!wanted) return { worker: 'stop', recycle: null, recycleFor: 'Person' };
  return {
    worker: 'quiet',
    recycle: isOverMemory ? evidence.incarnation : null,
    recycleFor: 'MemoryLimit',
  };
}

/** The life that may take a worker's place now; null while it is not ready, not well, or about to leave. */
export function readySpare(
  evidence: WorkerEvidence,
  { status, nowMs }: { readonly status: WorkerStatus; readonly nowMs: number },
): Incarnation | null {
  const { incarnation, lastBeatAt, threadBeat, procState, killAskedAt } = evidence;
  if (status.state !== 'up' || lastBeatAt === null || killAskedAt !== null) return null;
  const isHeard = nowMs - lastBeatAt.monoMs < HEARD_WITHIN_MS;
  const turns = threadBeat === null || threadBeat.mainStaleMs < LOOP_TURNED_WITHIN_MS;
  const runs = procState === null || procState.letter === 'S';
  return isHeard && turns && runs ? incarnation : null;
}

/** Taking a place is no failure: the next spare is started soon, whatever the back-off of this one would have been. */
export function afterPromotion(plan: WorkerPlan, atMs: number): WorkerPlan {
  return { ...plan, startAtMs: atMs + NEXT_AFTER_MS, told: null };
}

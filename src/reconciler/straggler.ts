/**
 * Decides which workers are called by name because they do not end, and when nothing is expected of them any more.
 * It ends nobody: the drain's own deadlines do (reconciler/worker).
 */
import type { WorkerEvidence } from '../detector/evidence.ts';
import { jobsInHand } from '../heartbeat.ts';
import type { DrainLimits } from './worker.ts';

/** `overdue`: it did not finish by the deadline of its drain; `unkillable`: nor did it end by KILL. */
export type Stubbornness = 'overdue' | 'unkillable';

export interface Straggler {
  readonly worker: string;
  readonly pid: number;
  readonly stubbornness: Stubbornness;
  /** State letter, when one was told. */
  readonly letter: string | null;
  /** Jobs in hand, by its last beat. */
  readonly jobs: readonly string[];
}

/** KILL cannot be refused: what lives for so long after it waits for the kernel, or was not sent it, by the guard's word. */
export const UNKILLABLE_AFTER_MS = 5_000;

/** Null while it may still end in order, and once it has ended. */
export function stragglerOf(
  worker: string,
  evidence: WorkerEvidence,
  { drain, nowMs }: { readonly drain: DrainLimits; readonly nowMs: number },
): Straggler | null {
  const { incarnation, killAskedAt, killReason, procState, beat } = evidence;
  if (incarnation === null || killAskedAt === null) return null;
  const isUnkillable = nowMs - killAskedAt.monoMs >= drain.termGraceMs + UNKILLABLE_AFTER_MS;
  if (!isUnkillable && killReason !== 'DrainDeadline') return null;
  return {
    worker,
    pid: incarnation.pid,
    stubbornness: isUnkillable ? 'unkillable' : 'overdue',
    letter: procState?.letter ?? null,
    jobs: jobsInHand(beat).map(({ jobId }) => jobId),
  };
}

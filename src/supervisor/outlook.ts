/**
 * Says what the judging of workers is told of the world around them at each turn.
 * It holds no state; the same outlook means that nobody need be judged anew for it.
 */
import type { Moment } from '../clock.ts';
import type { Awareness } from '../detector/awareness.ts';
import type { StatusLimits } from '../detector/verdict.ts';
import type { Canary } from '../reconciler/canary.ts';
import type { DrainLimits } from '../reconciler/worker.ts';

export interface Surroundings {
  /** Since when Redis has not answered; null while it does. */
  readonly brokerAwaySince: Moment | null;
  /** When it last came to answer; null while it does not. */
  readonly brokerBackAt: Moment | null;
  readonly awareness: Awareness;
  readonly oldestWaitingMs: number;
  /** For how long a job has been on the queue while nobody took anything off it; 0 when none is. */
  readonly queueStillMs: number;
  /** The queue's no-op job that is under way; null while none is. */
  readonly canary: Canary | null;
  readonly drain: DrainLimits;
  readonly stopping: boolean;
  readonly queueOpen: boolean;
  readonly at: Moment;
}

/** All that verdicts rest on around the workers, but for what only grows as time passes. */
export function outlookOf(
  { at: _at, oldestWaitingMs: _waitingMs, queueStillMs, awareness, ...others }: Surroundings,
  limits: StatusLimits,
): string {
  const { score, impairedUntilMs, starved } = awareness;
  // All in one turn, or the first to be replaced would clear the others by taking what waited.
  const queueStands = queueStillMs >= limits.parkedAfterMs;
  return JSON.stringify({ ...others, queueStands, score, impairedUntilMs, starved });
}

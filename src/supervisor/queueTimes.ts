/**
 * Says since when jobs are on the queue, on their way to it, and since when nobody has taken any.
 * It reads the open jobs and changes nothing.
 */
import type { OpenJob } from '../reconciler/jobFlow.ts';

/** Monotonic; null when no job is there. */
export interface QueueTimes {
  /** The longest-waiting entry came onto the queue. */
  readonly oldestQueuedAtMs: number | null;
  /** The first of those on the queue, or on their way to it, left for it. */
  readonly oldestLeftAtMs: number | null;
  /** Since then an entry is there and nobody has taken anything. */
  readonly stillSinceMs: number | null;
}

export function queueTimesOf(open: readonly OpenJob[], lastTakenAtMs: number): QueueTimes {
  let oldestQueuedAtMs = Infinity;
  let oldestLeftAtMs = Infinity;
  for (const { place } of open) {
    if (place.at === 'queue') oldestQueuedAtMs = Math.min(oldestQueuedAtMs, place.sinceMs);
    if (place.at === 'queue' || place.at === 'leaving')
      oldestLeftAtMs = Math.min(oldestLeftAtMs, place.leftAtMs);
  }
  const isQueued = oldestQueuedAtMs !== Infinity;
  return {
    oldestQueuedAtMs: isQueued ? oldestQueuedAtMs : null,
    oldestLeftAtMs: oldestLeftAtMs === Infinity ? null : oldestLeftAtMs,
    stillSinceMs: isQueued ? Math.max(oldestQueuedAtMs, lastTakenAtMs) : null,
  };
}

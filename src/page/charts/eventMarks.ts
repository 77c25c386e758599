/**
 * Sorts what happened to workers and containers into as many stretches of time as there is room for, each to be opened.
 * It keeps every event it is given that counts, and shows none.
 */
import type { SamplesView, TimelineEntry } from '../../supervisor/door.ts';

/** Ends and restarts, hangs, containers sick, treated and well again. */
const MARKED: readonly (string | null)[] = [
  'hung',
  'backoff',
  'failed',
  'unhealthy',
  'ghost',
  'healing',
  'healthy',
  'quarantined',
];

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** Newest first. */
  readonly events: readonly TimelineEntry[];
}

export function isMarked({ kind, state }: TimelineEntry): boolean {
  return (kind === 'worker' || kind === 'container') && MARKED.includes(state);
}

export function stretchesOf(view: SamplesView, events: readonly TimelineEntry[], count: number): Stretch[] {
  const beginMs = Date.parse(view.from);
  const lengthMs = (view.points * view.stepMs) / count;
  return Array.from({ length: count }, (_, index) => {
    const fromMs = beginMs + index * lengthMs;
    const toMs = fromMs + lengthMs;
    const within = events.filter(({ at }) => Date.parse(at) >= fromMs && Date.parse(at) < toMs);
    return { fromMs, toMs, events: within };
  });
}

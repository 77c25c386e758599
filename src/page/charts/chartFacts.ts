/**
 * What a chart says in words: the newest, least and most of a line or its sum, and how much of the time nothing is known of.
 * It counts only what the supervisor told: a gap is no zero.
 */
import type { SamplesView, SeriesName } from '../../supervisor/door.ts';

export interface LineFacts {
  readonly name: SeriesName;
  /** Of the last point that is known. */
  readonly now: number;
  readonly least: number;
  readonly most: number;
  readonly sum: number;
  /** When the most of it was, first. */
  readonly mostAtMs: number;
}

/** Null where nothing is known of it. */
export function lineFacts(view: SamplesView, name: SeriesName): LineFacts | null {
  const values = view.series[name];
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  const most = Math.max(...known);
  return {
    name,
    now: known.at(-1) ?? 0,
    least: Math.min(...known),
    most,
    sum: known.reduce((total, value) => total + value, 0),
    mostAtMs: timeMs(view, values.indexOf(most)),
  };
}

/** Of that point's beginning. */
export function timeMs({ from, stepMs }: SamplesView, point: number): number {
  return Date.parse(from) + point * stepMs;
}

/** How long in all nothing at all was sampled. */
export function unknownMs({ series, stepMs }: SamplesView): number {
  return series.waiting.filter((value) => value === null).length * stepMs;
}

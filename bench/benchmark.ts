/**
 * Says what a benchmark is and sums up what it measured.
 * It starts and measures nothing itself.
 */

export type Figures = Readonly<Record<string, unknown>>;

export interface Benchmark {
  readonly name: string;
  /** One line: what it measures. */
  readonly about: string;
  readonly run: (context: BenchContext) => Promise<Figures>;
}

export interface BenchContext {
  /** What was said after the name, for the one benchmark that takes any. */
  readonly args: readonly string[];
  /** What it started is ended by these, last first. */
  after(end: () => Promise<void> | void): void;
  /** Progress, on stderr. */
  note(text: string): void;
}

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function summaryOf(values: readonly number[], digits = 1): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    min: rounded(sorted[0] ?? NaN, digits),
    median: rounded(medianOf(values), digits),
    max: rounded(sorted.at(-1) ?? NaN, digits),
  };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** By nearest rank: the smallest measured value that this share of all does not exceed. */
export function percentileOf(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

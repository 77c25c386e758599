/**
 * Tells the time in the only two ways Garrison uses: monotonic for differences, wall for people.
 * It never waits, and no wall-clock value from here may ever be subtracted from another.
 */

/** Milliseconds on the monotonic clock; only differences mean anything. */
export function monoMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** Now, as RFC 3339 in UTC with milliseconds, for people and records. */
export function wallTime(): string {
  return new Date().toISOString();
}

/** Both readings of one moment, so that "since" (wall) and "for how long" (mono) tell of the same instant. */
export interface Moment {
  readonly monoMs: number;
  readonly wall: string;
}

export function now(): Moment {
  return { monoMs: monoMs(), wall: wallTime() };
}

/** The same moment so long ago, on both clocks. */
export function momentBefore({ monoMs: atMs, wall }: Moment, agoMs: number): Moment {
  return { monoMs: atMs - agoMs, wall: new Date(Date.parse(wall) - agoMs).toISOString() };
}

/** Of times on one clock; null when there is none among them. */
export function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

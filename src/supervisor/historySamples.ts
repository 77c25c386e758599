/**
 * Remembers the figures of the past in rings of fixed size: a sample each 10 s for two hours and one a minute for seven days, 1,555,200 bytes in all.
 * It never fills a gap: where no sample was taken (the supervisor was down, the machine slept, the clock jumped) there is none.
 */
import { GarrisonError } from '../errors.ts';
import type { SamplesQuery, SamplesView, SeriesName } from './historyDoor.ts';

/** Null: not known at that moment. */
export type Sample = Readonly<Record<SeriesName, number | null>>;

export const SAMPLE_EVERY_MS = 10_000;
export const MOST_POINTS = 2_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const FINE_MS = 2 * HOUR_MS;
const COARSE_MS = 7 * 24 * HOUR_MS;
/** As many fit on a screen. */
const USUAL_POINTS = 360;

type Joining = (one: number, other: number) => number;
const sum: Joining = (one, other) => one + other;

/** How two samples of one point become one: the worse counts, and what ended is added up. */
const JOINED: Readonly<Record<SeriesName, Joining>> = {
  waiting: Math.max,
  oldestWaitingMs: Math.max,
  slotsBusy: Math.max,
  slots: Math.max,
  workersUp: Math.min,
  workersNotUp: Math.max,
  zombiesOurs: Math.max,
  zombiesOthers: Math.max,
  containersUnwell: Math.max,
  loopLagMs: Math.max,
  endedChanged: sum,
  endedUnchanged: sum,
  endedConflict: sum,
  endedFailed: sum,
  endedUnreachable: sum,
  endedUnknown: sum,
  endedCancelled: sum,
};

/** In the order in which they are kept on disk: a new one goes to the end. */
export const SERIES = Object.keys(JOINED) as readonly SeriesName[];
const JOININGS = Object.values(JOINED);
const WIDTH = JOININGS.length;

export class HistorySamples {
  readonly #fine = new Ring(SAMPLE_EVERY_MS, FINE_MS);
  readonly #coarse = new Ring(MINUTE_MS, COARSE_MS);

  /** Memory of the rings. */
  get bytes(): number {
    return this.#fine.bytes + this.#coarse.bytes;
  }

  /** At this time of the wall clock. When that was put back, what was noted of the time that is yet to come is forgotten. */
  note(sample: Sample, wallMs: number): void {
    const values = SERIES.map((name) => sample[name] ?? NaN);
    this.#fine.note(values, wallMs);
    this.#coarse.note(values, wallMs);
  }

  /** `nowMs` of the wall clock. Throws USAGE where the time asked for ends before it begins. */
  view(query: SamplesQuery, nowMs: number): SamplesView {
    const { fromMs, toMs, stepMs } = this.#span(query, nowMs);
    const ring = stepMs % MINUTE_MS === 0 ? this.#coarse : this.#fine;
    const first = Math.floor(fromMs / stepMs);
    const points = Math.max(0, Math.floor(toMs / stepMs) - first + 1);
    const columns = ring.read({ firstMs: first * stepMs, stepMs, points });
    const series = Object.fromEntries(SERIES.map((name, index) => [name, columns[index] ?? []]));
    return {
      from: new Date(first * stepMs).toISOString(),
      stepMs,
      points,
      series: series as unknown as SamplesView['series'],
    };
  }

  #span(query: SamplesQuery, nowMs: number): { fromMs: number; toMs: number; stepMs: number } {
    const askedToMs = query.toMs ?? nowMs;
    const askedFromMs = query.fromMs ?? askedToMs - (query.lastMs ?? HOUR_MS);
    if (askedFromMs > askedToMs)
      throw new GarrisonError('USAGE', 'the history asked for ends before it begins', {
        cure: 'from must not be later than to',
      });
    const toMs = Math.min(askedToMs, nowMs);
    const fromMs = Math.max(askedFromMs, nowMs - COARSE_MS + MINUTE_MS);
    const rangeMs = Math.max(0, toMs - fromMs);
    // Both ends may cut a point.
    const shortestMs = rangeMs / (MOST_POINTS - 2);
    const wantedMs = Math.min(COARSE_MS, Math.max(query.stepMs ?? rangeMs / USUAL_POINTS, shortestMs, 1));
    const isFine = wantedMs < MINUTE_MS && fromMs > nowMs - FINE_MS + SAMPLE_EVERY_MS;
    const unitMs = isFine ? SAMPLE_EVERY_MS : MINUTE_MS;
    return { fromMs, toMs, stepMs: Math.ceil(wantedMs / unitMs) * unitMs };
  }
}

class Ring {
  readonly #everyMs: number;
  readonly #places: number;
  /** Which stretch of `everyMs` since 1970 stands in each place; -1: none. */
  readonly #stretches: Float64Array;
  /** NaN: not known. */
  readonly #values: Float64Array;
  #newest = -1;

  constructor(everyMs: number, lengthMs: number) {
    this.#everyMs = everyMs;
    this.#places = lengthMs / everyMs;
    this.#stretches = new Float64Array(this.#places).fill(-1);
    this.#values = new Float64Array(this.#places * WIDTH);
  }

  get bytes(): number {
    return this.#stretches.byteLength + this.#values.byteLength;
  }

  note(values: readonly number[], wallMs: number): void {
    const stretch = Math.floor(wallMs / this.#everyMs);
    if (stretch < this.#newest) this.#forgetAfter(stretch);
    this.#newest = stretch;
    const place = stretch % this.#places;
    const isNew = this.#stretches[place] !== stretch;
    this.#stretches[place] = stretch;
    for (const [index, join] of JOININGS.entries()) {
      const value = values[index] ?? NaN;
      const known = isNew ? NaN : (this.#values[place * WIDTH + index] ?? NaN);
      this.#values[place * WIDTH + index] = joined(known, value, join);
    }
  }

  /** For each series its points. */
  read(wanted: { firstMs: number; stepMs: number; points: number }): (number | null)[][] {
    const perPoint = wanted.stepMs / this.#everyMs;
    const first = wanted.firstMs / this.#everyMs;
    const columns = JOININGS.map(() => new Float64Array(wanted.points).fill(NaN));
    for (let each = 0; each < wanted.points * perPoint; each += 1) {
      const place = (first + each) % this.#places;
      if (this.#stretches[place] !== first + each) continue;
      const point = Math.floor(each / perPoint);
      for (const [index, join] of JOININGS.entries()) {
        const column = columns[index];
        if (column === undefined) continue;
        column[point] = joined(column[point] ?? NaN, this.#values[place * WIDTH + index] ?? NaN, join);
      }
    }
    return columns.map((column) => Array.from(column, (value) => (Number.isNaN(value) ? null : value)));
  }

  #forgetAfter(stretch: number): void {
    for (const [place, each] of this.#stretches.entries()) if (each > stretch) this.#stretches[place] = -1;
  }
}

function joined(one: number, other: number, join: Joining): number {
  if (Number.isNaN(one)) return other;
  return Number.isNaN(other) ? one : join(one, other);
}

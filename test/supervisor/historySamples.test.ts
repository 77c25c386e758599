/** Figures over time: nothing is drawn over a gap, the worst is never lost when points are joined, and never more than the bound. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { SamplesView, SeriesName } from '../../src/supervisor/historyDoor.ts';
import { HistorySamples, MOST_POINTS, SERIES, type Sample } from '../../src/supervisor/historySamples.ts';
import { noteRow } from '../../src/supervisor/sampling.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 10);
const NOTHING = Object.fromEntries(SERIES.map((name) => [name, 0])) as unknown as Sample;
const sample = (more: Partial<Sample>): Sample => ({ ...NOTHING, ...more });
const ALL = { fromMs: null, toMs: null, stepMs: null };
const known = (view: SamplesView, name: SeriesName): number[] =>
  view.series[name].filter((value) => value !== null);
const timeOf = (view: SamplesView, point: number): number => Date.parse(view.from) + point * view.stepMs;

test('the memory is what the first line of the file says', () => {
  assert.equal(new HistorySamples().bytes, 1_555_200);
});

test('an hour has a point for each sample, and none where there was none', () => {
  const samples = new HistorySamples();
  for (const second of [0, 10, 20, 50, 60])
    samples.note(sample({ waiting: second + 1 }), START_MS + second * 1_000 + 3);
  const view = samples.view({ ...ALL, fromMs: START_MS, stepMs: 10_000 }, START_MS + 65_000);
  assert.deepEqual(view.series.waiting, [1, 11, 21, null, null, 51, 61]);
  assert.deepEqual([view.from, view.stepMs], [new Date(START_MS).toISOString(), 10_000]);
  const minutes = samples.view({ ...ALL, fromMs: START_MS, stepMs: 60_000 }, START_MS + 65_000);
  assert.deepEqual(minutes.series.waiting, [51, 61]);
});

test('what is not known stays null, also beside what is', () => {
  const samples = new HistorySamples();
  samples.note(sample({ containersUnwell: null, waiting: 4 }), START_MS);
  const { series } = samples.view({ ...ALL, fromMs: START_MS }, START_MS);
  assert.deepEqual([series.containersUnwell, series.waiting], [[null], [4]]);
});

test('after two hours a sample is one of its minute, after seven days it is gone', () => {
  const samples = new HistorySamples();
  samples.note(sample({ waiting: 7 }), START_MS);
  const at = (laterMs: number): SamplesView =>
    samples.view({ fromMs: START_MS - HOUR_MS, toMs: null, stepMs: 10_000 }, START_MS + laterMs);
  assert.deepEqual([at(0).stepMs, known(at(0), 'waiting')], [10_000, [7]]);
  assert.deepEqual([at(3 * HOUR_MS).stepMs, known(at(3 * HOUR_MS), 'waiting')], [60_000, [7]]);
  assert.deepEqual(known(at(8 * DAY_MS), 'waiting'), []);
});

test('a clock that is put back forgets what has not come yet, and goes on from there', () => {
  const samples = new HistorySamples();
  samples.note(sample({ waiting: 1 }), START_MS);
  samples.note(sample({ waiting: 99 }), START_MS + DAY_MS + 30_000);
  samples.note(sample({ waiting: 2 }), START_MS + 10_000);
  const later = samples.view({ ...ALL, fromMs: START_MS }, START_MS + 2 * DAY_MS);
  assert.deepEqual(known(later, 'waiting'), [2]);
  const fine = samples.view({ ...ALL, fromMs: START_MS }, START_MS + 10_000);
  assert.deepEqual(fine.series.waiting, [1, 2]);
});

test('what ends before it begins is refused', () => {
  assert.throws(() => new HistorySamples().view({ fromMs: 2, toMs: 1, stepMs: null }, START_MS), /before/);
});

test('a row of another version is taken for what it has, and one that is none for nothing', () => {
  const samples = new HistorySamples();
  noteRow(samples, [START_MS / 1_000, 5]);
  for (const row of [[], [null, 1], [1e300, 1], [-5, 1], [0.5, 1]]) noteRow(samples, row);
  const { series } = samples.view({ ...ALL, fromMs: START_MS }, START_MS);
  assert.deepEqual([series.waiting, series.slots], [[5], [null]]);
});

describe('for any samples', () => {
  /** Steps between samples: mostly ten seconds, sometimes a sleep. */
  const steps = fc.array(
    fc.record({
      waitMs: fc.oneof(
        { arbitrary: fc.constant(10_000), weight: 8 },
        fc.integer({ min: 1, max: 3 * HOUR_MS }),
      ),
      waiting: fc.nat(1_000),
      workersUp: fc.nat(50),
      endedFailed: fc.nat(20),
    }),
    { minLength: 1, maxLength: 120 },
  );
  const filled = (taken: typeof steps extends fc.Arbitrary<infer Taken> ? Taken : never) => {
    const samples = new HistorySamples();
    let atMs = START_MS;
    const all = taken.map(({ waitMs, ...figures }) => {
      atMs += waitMs;
      samples.note(sample(figures), atMs);
      return { atMs, ...figures };
    });
    return { samples, all, nowMs: atMs };
  };
  const stepMs = fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 2 * DAY_MS }));

  test('the most of a gauge, the least that was up and the sum of what ended are kept at any step', () => {
    fc.assert(
      fc.property(steps, stepMs, (taken, step) => {
        const { samples, all, nowMs } = filled(taken);
        const fromMs = nowMs - 6 * DAY_MS;
        const view = samples.view({ fromMs, toMs: null, stepMs: step }, nowMs);
        const within = all.filter(({ atMs }) => atMs >= Date.parse(view.from));
        assert.equal(Math.max(...known(view, 'waiting')), Math.max(...within.map(({ waiting }) => waiting)));
        assert.equal(
          Math.min(...known(view, 'workersUp')),
          Math.min(...within.map(({ workersUp }) => workersUp)),
        );
        assert.equal(
          known(view, 'endedFailed').reduce((total, each) => total + each, 0),
          within.reduce((total, { endedFailed }) => total + endedFailed, 0),
        );
      }),
    );
  });

  test('each point holds exactly what was sampled in its time, in order, and others are null', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 60_000, max: DAY_MS }), (taken, step) => {
        const { samples, all, nowMs } = filled(taken);
        const view = samples.view({ fromMs: nowMs - 5 * DAY_MS, toMs: null, stepMs: step }, nowMs);
        view.series.waiting.forEach((value, point) => {
          const fromMs = timeOf(view, point);
          const inIt = all.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + view.stepMs);
          assert.equal(value, inIt.length === 0 ? null : Math.max(...inIt.map(({ waiting }) => waiting)));
        });
      }),
    );
  });

  test('never more points than the bound, whatever is asked, and never one that has not come', () => {
    const time = fc.integer({ min: 0, max: START_MS + 400 * DAY_MS });
    const samples = filled([{ waitMs: 1, waiting: 1, workersUp: 1, endedFailed: 1 }]).samples;
    fc.assert(
      fc.property(time, time, stepMs, (one, other, step) => {
        const query = { fromMs: Math.min(one, other), toMs: Math.max(one, other), stepMs: step };
        const view = samples.view(query, START_MS + DAY_MS);
        assert.ok(view.points <= MOST_POINTS, String(view.points));
        for (const name of SERIES) assert.equal(view.series[name].length, view.points);
        if (view.points > 0) assert.ok(timeOf(view, view.points - 1) <= START_MS + DAY_MS);
      }),
    );
  });

  test('a clock that jumps about leaves no point later than its last word', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 * DAY_MS }), { minLength: 1 }), (times) => {
        const samples = new HistorySamples();
        for (const each of times) samples.note(sample({ waiting: 1 }), START_MS + each);
        const lastMs = START_MS + (times.at(-1) ?? 0);
        const view = samples.view({ fromMs: START_MS, toMs: null, stepMs: null }, START_MS + 3 * DAY_MS);
        const newest = view.series.waiting.lastIndexOf(1);
        assert.ok(newest < 0 || timeOf(view, newest) <= lastMs);
      }),
    );
  });
});

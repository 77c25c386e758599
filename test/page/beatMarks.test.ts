/** The strip of beats: each mark in its place, silences by their length, and figures that say the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripOf, type Beats } from '../../src/page/parts/beatMarks.ts';

const FROM_MS = Date.UTC(2026, 0, 1, 12);
const at = (ms: number): string => new Date(FROM_MS + ms).toISOString();
type Item = Beats['items'][number];

function beatsOf(marks: readonly (readonly [number, Item['kind']])[], more: Partial<Beats> = {}): Beats {
  let last: number | null = null;
  const items = marks.map(([ms, kind]): Item => {
    const sinceLastMs = last === null ? null : ms - last;
    last = ms;
    return { at: at(ms), kind, sinceLastMs };
  });
  return {
    everyMs: 1_000,
    lateAfterMs: 3_900,
    hungAfterMs: 10_000,
    from: at(0),
    to: at(300_000),
    items,
    ...more,
  };
}

const regular = (from: number, to: number): (readonly [number, 'beat'])[] =>
  Array.from(
    { length: Math.floor((to - from) / 1_000) + 1 },
    (_, index) => [from + index * 1_000, 'beat'] as const,
  );

test('300 of 300 came, none silent for longer than a beat', () => {
  const strip = stripOf(beatsOf(regular(500, 299_500)));
  assert.equal(strip.came, 300);
  assert.equal(strip.due, 300);
  assert.equal(strip.longest?.ms, 1_000);
  assert.deepEqual(strip.silences, []);
  assert.equal(strip.beats.length, 300);
  assert.ok(strip.beats.every((place) => place >= 0 && place <= 1));
});

test('a hang, a kill and a new life: the silence is hung, the time without a life is nobody’s', () => {
  const strip = stripOf(
    beatsOf([...regular(0, 100_000), [112_000, 'ended'], [114_000, 'started'], ...regular(115_000, 300_000)]),
  );
  assert.deepEqual(
    strip.silences.map(({ kind, ms, since }) => [kind, ms, since]),
    [
      ['hung', 12_000, at(100_000)],
      ['absent', 2_000, at(112_000)],
    ],
  );
  assert.equal(strip.longest?.kind, 'hung');
  assert.equal(strip.lives, 1);
  assert.equal(strip.due, 298);
  assert.equal(strip.came, 287);
});

test('silence that still lasts is told of, late and short ones apart', () => {
  const strip = stripOf(beatsOf([...regular(0, 290_000), [292_000, 'beat']], { to: at(296_500) }));
  assert.deepEqual(
    strip.silences.map(({ kind, ms }) => [kind, ms]),
    [
      ['short', 2_000],
      ['late', 4_500],
    ],
  );
  assert.equal(strip.silences.at(-1)?.end, 1);
});

test('a first beat after a silence that began before the strip says how long it was', () => {
  const items: Item[] = [{ at: at(1_000), kind: 'beat', sinceLastMs: 20_000 }];
  const [silence] = stripOf({ ...beatsOf([]), items, to: at(1_500) }).silences;
  assert.equal(silence?.ms, 20_000);
  assert.equal(silence.start, 0);
});

test('one that has just been started, one that ended, and nothing at all', () => {
  const young = stripOf(
    beatsOf([
      [298_000, 'started'],
      [299_000, 'beat'],
      [300_000, 'beat'],
    ]),
  );
  assert.equal(young.due, 2);
  assert.deepEqual(
    young.silences.map(({ kind }) => kind),
    ['absent'],
  );
  const ended = stripOf(beatsOf([...regular(0, 10_000), [10_500, 'ended']]));
  assert.deepEqual(
    ended.silences.map(({ kind }) => kind),
    ['absent'],
  );
  const nothing = stripOf(beatsOf([]));
  assert.equal(nothing.came, 0);
  assert.equal(nothing.due, 0);
  assert.equal(nothing.longest, null);
});

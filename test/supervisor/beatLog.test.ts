/** The beats of the last minutes: what arrived when, across lives, never more than the ring holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Moment } from '../../src/clock.ts';
import type { WorkerObservation } from '../../src/detector/evidence.ts';
import { BeatLog } from '../../src/supervisor/beatLog.ts';

const START_MS = Date.UTC(2026, 0, 1);
const moment = (monoMs: number): Moment => ({ monoMs, wall: new Date(START_MS + monoMs).toISOString() });
const hear = (log: BeatLog, kind: string, atMs: number, worker = 'push-1'): void =>
  log.hear({ kind: 'worker', worker, observation: { kind } as unknown as WorkerObservation }, moment(atMs));

test('beats, starts and ends come with the time since the one before, and only of the window', () => {
  const log = new BeatLog(moment(0));
  hear(log, 'spawned', 10);
  for (const atMs of [1_010, 2_015, 3_010]) hear(log, 'beat', atMs);
  hear(log, 'threadBeat', 3_500);
  hear(log, 'exited', 9_000);
  hear(log, 'beat', 5_000, 'push-2');
  const { items, from, to } = log.view('push-1', moment(10_000));
  assert.deepEqual(
    items.map(({ kind, sinceLastMs }) => [kind, sinceLastMs]),
    [
      ['started', null],
      ['beat', 1_000],
      ['beat', 1_005],
      ['beat', 995],
      ['ended', 5_990],
    ],
  );
  assert.equal(from, moment(0).wall, 'nothing is told of the time before the start');
  assert.equal(to, moment(10_000).wall);
  assert.equal(items[1]?.at, moment(1_010).wall);
  const later = log.view('push-1', moment(302_500));
  assert.deepEqual(
    later.items.map(({ kind, sinceLastMs }) => [kind, sinceLastMs]),
    [
      ['beat', 995],
      ['ended', 5_990],
    ],
    'the first that is left still says how long it had been',
  );
  assert.deepEqual(log.view('nobody', moment(10_000)).items, []);
});

test('a storm of beats takes no more than the ring, and keeps the newest', () => {
  const log = new BeatLog(moment(0));
  for (let index = 0; index < 100_000; index += 1) hear(log, 'beat', 100_000 + index);
  const { items } = log.view('push-1', moment(200_000));
  assert.equal(items.length, 400);
  assert.equal(items.at(-1)?.at, moment(199_999).wall);
});

test('a step of the wall clock does not tear the strip', () => {
  const log = new BeatLog(moment(0));
  hear(log, 'beat', 1_000);
  hear(log, 'beat', 2_000);
  const stepped = { monoMs: 3_000, wall: new Date(START_MS + 3_600_000).toISOString() };
  const [one, other] = log.view('push-1', stepped).items;
  assert.equal(Date.parse(other!.at) - Date.parse(one!.at), 1_000);
});

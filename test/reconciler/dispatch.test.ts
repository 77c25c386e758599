/** Which jobs may leave for the queue: one per host, the oldest, and of those that only look no more than half of the slots hold. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobKind } from '../../src/push/job.ts';
import { decideDispatch, looksOut } from '../../src/reconciler/dispatch.ts';
import type { OpenJob, Place } from '../../src/reconciler/jobFlow.ts';
import { jobRecord } from '../support/jobRecord.ts';

const HOME: Place = { at: 'home', notBeforeMs: 0 };
const OUT: readonly Place[] = [
  { at: 'leaving', leftAtMs: 0 },
  { at: 'queue', sinceMs: 0, leftAtMs: 0 },
  { at: 'worker', worker: 'w1', nonce: 'aa', sinceMs: 0 },
];

/** On a host of its own unless one is named. */
function open(id: string, kind: JobKind, place: Place = HOME, host = `host-${id}`): OpenJob {
  return { job: jobRecord(id, { kind, host }), place };
}

function leaving(jobs: readonly OpenJob[], slots: number): string[] {
  return decideDispatch(jobs, { nowMs: 0, slots }).ready.map(({ job }) => job.id);
}

describe('decideDispatch', () => {
  it('lets one job per host leave, the oldest first', () => {
    const jobs = [
      open('a', 'push', HOME, 'h1'),
      open('b', 'push', HOME, 'h1'),
      open('c', 'push', HOME, 'h2'),
    ];
    assert.deepEqual(leaving(jobs, 10), ['a', 'c']);
    const held: OpenJob = { ...jobs[0]!, place: { at: 'home', notBeforeMs: 500 } };
    assert.deepEqual(decideDispatch([held, jobs[1]!], { nowMs: 0, slots: 10 }), {
      ready: [],
      recheckAtMs: 500,
    });
  });

  it('lets checks and plans have half of the slots, and what changes a host all of them', () => {
    const looks = ['a', 'b', 'c', 'd'].map((id, index) => open(id, index % 2 === 0 ? 'check' : 'plan'));
    const writes = [open('e', 'push'), open('f', 'revoke')];
    assert.deepEqual(leaving([...looks, ...writes], 5), ['a', 'b', 'e', 'f']);
    assert.deepEqual(leaving([...looks, ...writes], 1), ['a', 'e', 'f']);
    assert.deepEqual(leaving(looks, 0), ['a']);
  });

  it('counts those that are on their way or run already, wherever they stand in the order', () => {
    for (const place of OUT) {
      const jobs = [open('a', 'check'), open('b', 'plan'), open('c', 'check', place)];
      assert.deepEqual(leaving(jobs, 4), ['a'], place.at);
      assert.equal(looksOut(jobs), 1);
    }
    const done = open('c', 'check', { at: 'keeping' });
    assert.deepEqual(leaving([done, open('a', 'check'), open('b', 'plan')], 4), ['a', 'b']);
  });

  it('lets so many of a large batch onto the queue that no slot is empty, and the rest follow as those are taken', () => {
    const batch = Array.from({ length: 10_000 }, (_, index) => open(String(index), 'push'));
    assert.equal(leaving(batch, 10).length, 200);
    assert.equal(leaving(batch, 500).length, 2_000);
    const queued = batch.map((each, index) => (index < 150 ? { ...each, place: OUT[1]! } : each));
    assert.deepEqual([leaving(queued, 10).length, leaving(queued, 10)[0]], [50, '150']);
    const taken = batch.map((each, index) => (index < 150 ? { ...each, place: OUT[2]! } : each));
    assert.equal(leaving(taken, 10).length, 200);
  });

  it('keeps the order of a host: a push that was asked for after a check comes after it', () => {
    const waiting = [
      open('a', 'check', OUT[1]),
      open('b', 'check', HOME, 'h1'),
      open('c', 'push', HOME, 'h1'),
    ];
    assert.deepEqual(leaving(waiting, 2), []);
  });
});

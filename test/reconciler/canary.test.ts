/** The queue's canary from number to number: when it is sent, whom it waits for, and when it is nobody's fault. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Moment } from '../../src/clock.ts';
import type { Incarnation } from '../../src/heartbeat.ts';
import {
  afterCanaryArrival,
  afterCanaryHolderDeath,
  afterCanaryLook,
  afterCanaryPassed,
  afterCanaryTaken,
  CANARY_INTERVAL_MS,
  canaryFor,
  decideCanary,
  NO_CANARY,
  type CanaryRun,
} from '../../src/reconciler/canary.ts';

const A: Incarnation = { pid: 1, startTicks: 1, nonce: 'a' };
const B: Incarnation = { pid: 2, startTicks: 2, nonce: 'b' };

function at(monoMs: number): Moment {
  return { monoMs, wall: '' };
}

function decide(run: CanaryRun, nowMs: number, more: { mayRun?: boolean; othersAhead?: boolean } = {}) {
  return decideCanary(run, { mayRun: true, othersAhead: false, at: at(nowMs), ...more });
}

/** Number 1, on the queue at 10. */
function waiting(): CanaryRun {
  return afterCanaryArrival(decide(NO_CANARY, 0).run, 1, at(10));
}

describe('the canary', () => {
  it('is sent at once when somebody serves, and again an interval after it came back', () => {
    assert.deepEqual(decide(NO_CANARY, 0).action, { kind: 'sendCanary', number: 1 });
    const taken = afterCanaryTaken(waiting(), { number: 1, incarnation: A }, at(20));
    const { run, tookMs } = afterCanaryPassed(taken, 1, at(25));
    assert.equal(tookMs, 25);
    assert.equal(decide(run, 25 + CANARY_INTERVAL_MS - 1).action, null);
    assert.deepEqual(decide(run, 25 + CANARY_INTERVAL_MS).action, { kind: 'sendCanary', number: 2 });
    assert.equal(afterCanaryPassed(run, 1, at(30)).tookMs, null, 'counted once');
  });

  it('waits for everybody until somebody has it, then for that one alone', () => {
    const run = waiting();
    assert.deepEqual(canaryFor(run.pending, A), { since: at(10), taken: false });
    const taken = afterCanaryTaken(run, { number: 1, incarnation: A }, at(20));
    assert.deepEqual(canaryFor(taken.pending, A), { since: at(20), taken: true });
    assert.equal(canaryFor(taken.pending, B), null);
  });

  it('waits for nobody while jobs are ahead of it or it is not there yet', () => {
    assert.equal(canaryFor(decide(NO_CANARY, 0).run.pending, A), null);
    const { run } = decide(waiting(), 4_000, { othersAhead: true });
    assert.deepEqual(canaryFor(run.pending, A)?.since, at(4_000));
    assert.equal(decide(NO_CANARY, 0, { othersAhead: true }).action, null, 'none is sent behind them');
  });

  it('is forgotten while Redis is away or nobody serves, and sent anew a moment after', () => {
    const { run } = decide(waiting(), 50, { mayRun: false });
    assert.equal(canaryFor(run.pending, A), null);
    assert.equal(decide(run, 1_049).action, null);
    assert.deepEqual(decide(run, 1_050).action, { kind: 'sendCanary', number: 2 });
  });

  it('is nobody’s fault when its entry is lost or its holder died', () => {
    const look = decide(waiting(), 5_000);
    assert.deepEqual(look.action, { kind: 'look', jobId: 'canary', attempt: 1 });
    assert.notEqual(afterCanaryLook(look.run, { number: 1, entry: 'waiting' }, at(5_001)).pending, null);
    for (const entry of ['gone', 'active'] as const)
      assert.equal(afterCanaryLook(look.run, { number: 1, entry }, at(5_001)).pending, null);
    const taken = afterCanaryTaken(waiting(), { number: 1, incarnation: A }, at(20));
    assert.equal(afterCanaryHolderDeath(taken, B, at(30)), taken);
    assert.equal(afterCanaryHolderDeath(taken, A, at(30)).pending, null);
    assert.equal(decide(taken, 60_000).action, null, 'who has it is not looked for');
  });
});

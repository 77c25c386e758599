/** A job from event to event; above all what happens to it when workers, queue entries or people go away. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isFinal, type HostResult, type JobKind, type JobRecord } from '../../src/push/job.ts';
import {
  admit,
  afterArrival,
  afterCancel,
  afterDispatch,
  afterFailedDispatch,
  afterGrant,
  afterLook,
  afterResult,
  afterStage,
  afterWorkerDeath,
  grantsAttempt,
  isForgotten,
  MOST_LOST_ATTEMPTS,
  reopen,
  type OpenJob,
} from '../../src/reconciler/jobFlow.ts';
import { jobRecord } from '../support/jobRecord.ts';

const at = (monoMs: number): { monoMs: number; wall: string } => ({
  monoMs,
  wall: new Date(monoMs).toISOString(),
});

function fresh(more: Partial<JobRecord> = {}): OpenJob {
  const account = {
    name: 'eva',
    keys: [],
    groups: [],
    shell: null,
    sudo: { kind: 'none' },
    comment: '',
  } as const;
  return { job: jobRecord('j-1', { account, ...more }), place: { at: 'home', notBeforeMs: 0 } };
}

function answered(outcome: HostResult['outcome'], reason: string): HostResult {
  return {
    outcome,
    stage: 'verify',
    reason,
    detail: '',
    changes: [],
    facts: {},
    replayed: false,
    at: at(0).wall,
  };
}

const queued = (): OpenJob => afterArrival(afterDispatch(fresh(), at(0)), at(0));
const running = (): OpenJob => afterGrant(queued(), { worker: 'push-1', nonce: 'aa' }, at(10));

describe('the flow of a job', () => {
  it('runs to its end: queued, starting, running, verifying, done', () => {
    let open = queued();
    assert.equal(grantsAttempt(open, { attempt: 1 }), true);
    open = afterGrant(open, { worker: 'push-1', nonce: 'aa' }, at(1));
    const states = (['connect', 'plan', 'apply', 'verify'] as const).map((stage) => {
      open = afterStage(open, stage, at(2));
      return open.job.state;
    });
    assert.deepEqual(states, ['starting', 'running', 'running', 'verifying']);
    open = afterResult(open, answered('changed', 'Applied'), at(3));
    assert.deepEqual([open.job.state, open.place.at], ['done', 'keeping']);
  });

  it('grants only the current attempt, and only from the queue', () => {
    assert.equal(grantsAttempt(queued(), { attempt: 2 }), false);
    assert.equal(grantsAttempt(running(), { attempt: 1 }), false);
    assert.equal(grantsAttempt(fresh(), { attempt: 0 }), false);
  });

  it('is tried again at once when its worker dies, until it has cost too many workers', () => {
    let open = running();
    for (let death = 1; death < MOST_LOST_ATTEMPTS; death += 1) {
      open = afterWorkerDeath(open, at(20));
      assert.deepEqual([open.job.state, open.place], ['queued', { at: 'home', notBeforeMs: 20 }]);
      open = afterGrant(
        afterArrival(afterDispatch(open, at(20)), at(20)),
        { worker: 'push-2', nonce: 'bb' },
        at(21),
      );
    }
    open = afterWorkerDeath(afterStage(open, 'apply', at(22)), at(23));
    assert.deepEqual([open.job.state, open.job.result?.reason], ['unknown', 'WorkerDiedTooOften']);
    assert.match(open.job.result?.detail ?? '', /garrison retry j-1/);
  });

  it('waits for its own lost attempt on the host instead of failing as busy', () => {
    const busy = answered('failed', 'HostBusy');
    const again = afterResult({ ...running(), job: { ...running().job, lostAttempts: 1 } }, busy, at(100));
    assert.deepEqual([again.job.state, again.place], ['queued', { at: 'home', notBeforeMs: 3_100 }]);
    assert.equal(afterResult(running(), busy, at(100)).job.state, 'failed');
  });

  it('is not told as failed where a lost attempt may have done it, and the host could not say so', () => {
    const told = (lostAttempts: number, more: Partial<HostResult>, kind: JobKind = 'push'): string => {
      const open = { ...running(), job: { ...running().job, lostAttempts, kind } };
      const { state, result } = afterResult(open, { ...answered('failed', 'SshFailed'), ...more }, at(9)).job;
      return `${state} ${result?.outcome ?? ''}${/garrison retry j-1 reads/.test(result?.detail ?? '') ? ' retry' : ''}`;
    };
    for (const stage of ['resolve', 'connect', 'auth'] as const) {
      assert.equal(told(1, { stage }), 'unknown unknown retry', stage);
      assert.equal(told(0, { stage }), 'failed failed', stage);
      assert.equal(told(1, { stage }, 'check'), 'failed failed', 'a look changes nothing');
    }
    assert.equal(told(1, { stage: 'plan', reason: 'HostDiskFull' }), 'unknown unknown retry');
    assert.equal(
      told(1, { stage: 'plan', reason: 'HostLockedByOtherCluster', outcome: 'conflict' }),
      'unknown unknown retry',
    );
    assert.equal(told(1, { stage: 'plan', reason: 'HomeExists' }), 'failed failed', 'it has read its record');
    assert.equal(told(1, { stage: 'apply', reason: 'KeysNotWritten' }), 'failed failed');
    assert.equal(told(1, { stage: 'verify', outcome: 'changed' }), 'done changed');
  });

  it('is cancelled at once while it waits, and by its answer while it runs', () => {
    const waiting = afterCancel(queued(), at(5));
    assert.deepEqual([waiting.job.state, waiting.place.at], ['cancelled', 'keeping']);
    const lost = afterCancel(afterWorkerDeath(afterStage(running(), 'apply', at(3)), at(4)), at(5));
    assert.deepEqual([lost.job.state, lost.job.result?.outcome], ['cancelled', 'unknown']);
    assert.match(lost.job.result?.detail ?? '', /may have changed/, 'its lost attempt is not forgotten');
    const ofEarlier = afterCancel(admit(jobRecord('j-1', { attempt: 1 }), at(4)), at(5));
    assert.deepEqual(
      [ofEarlier.job.state, ofEarlier.job.result?.outcome],
      ['cancelled', 'unknown'],
      'nor is one that an earlier supervisor gave out, of whose stage nothing was saved',
    );
    const asked = afterCancel(running(), at(5));
    assert.deepEqual([asked.job.state, asked.job.cancelRequested], ['starting', true]);
    assert.equal(afterResult(asked, answered('failed', 'Cancelled'), at(6)).job.state, 'cancelled');
    const deadAfter = afterWorkerDeath(afterStage(asked, 'apply', at(6)), at(7));
    assert.deepEqual([deadAfter.job.state, deadAfter.job.result?.outcome], ['cancelled', 'unknown']);
  });

  it('replaces an entry that is gone or in nobody’s hands, but not too soon', () => {
    assert.equal(afterLook(queued(), 'gone', at(4_999)).place.at, 'queue');
    assert.equal(afterLook(queued(), 'gone', at(5_000)).place.at, 'home');
    assert.equal(afterLook(queued(), 'active', at(5_000)).place.at, 'home');
    assert.equal(afterLook(queued(), 'waiting', at(90_000)).place.at, 'queue');
    assert.equal(afterFailedDispatch(afterDispatch(fresh(), at(0)), at(0)).place.at, 'home');
  });

  it('notices a worker that beats without the job it was given', () => {
    assert.equal(isForgotten(running(), { nonce: 'aa', jobIds: ['j-1'] }, 60_000), false);
    assert.equal(isForgotten(running(), { nonce: 'aa', jobIds: [] }, 5_000), false);
    assert.equal(isForgotten(running(), { nonce: 'aa', jobIds: [] }, 60_000), true);
    assert.equal(isForgotten(running(), { nonce: 'other', jobIds: [] }, 60_000), false);
  });

  it('reopens under the same id with a newer revision', () => {
    const ended = afterResult(running(), answered('failed', 'GroupMissing'), at(9)).job;
    const again = reopen(ended, at(10));
    assert.deepEqual([again.job.id, again.job.state, again.job.result], [ended.id, 'queued', null]);
    assert.ok(again.job.revision > ended.revision);
  });

  it('waits for a host that an attempt of an earlier supervisor, or an unknown one, may still hold', () => {
    const busy = answered('failed', 'HostBusy');
    const grant = (open: OpenJob): OpenJob => afterGrant(open, { worker: 'w', nonce: 'n' }, at(2));
    const leftOver = admit({ ...running().job, lostAttempts: 0 }, at(1));
    assert.equal(afterResult(grant(leftOver), busy, at(3)).place.at, 'home');
    const unknown = reopen(afterResult(running(), answered('unknown', 'TotalTimedOut'), at(9)).job, at(10));
    assert.equal(afterResult(grant(unknown), busy, at(11)).place.at, 'home');
    const failed = reopen(afterResult(running(), answered('failed', 'GroupMissing'), at(9)).job, at(10));
    assert.equal(afterResult(grant(failed), busy, at(11)).job.state, 'failed');
    assert.equal(admit({ ...running().job, attempt: 0, lostAttempts: 0 }, at(1)).job.lostAttempts, 0);
  });

  it('always raises the revision, and never leaves a final job anywhere but on its way to disk', () => {
    const step = fc.constantFrom<(open: OpenJob) => OpenJob>(
      (open) => (open.place.at === 'home' ? afterDispatch(open, at(1)) : open),
      (open) => afterArrival(open, at(2)),
      (open) =>
        grantsAttempt(open, { attempt: open.job.attempt })
          ? afterGrant(open, { worker: 'w', nonce: 'n' }, at(3))
          : open,
      (open) => afterStage(open, 'apply', at(4)),
      (open) => (open.place.at === 'worker' ? afterWorkerDeath(open, at(5)) : open),
      (open) =>
        open.place.at === 'worker' ? afterResult(open, answered('failed', 'HostBusy'), at(6)) : open,
      (open) => (isFinal(open.job.state) ? open : afterCancel(open, at(7))),
      (open) => afterLook(open, 'gone', at(99_999)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let open = fresh();
        for (const next of steps) {
          const before = open;
          open = next(open);
          if (open.job !== before.job) assert.ok(open.job.revision > before.job.revision);
          if (isFinal(open.job.state)) assert.equal(open.place.at, 'keeping');
        }
      }),
    );
  });
});

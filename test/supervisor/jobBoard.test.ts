/** The board of open jobs, told stories of workers that ask, answer, forget and die. Nothing outside it is real here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Incarnation } from '../../src/heartbeat.ts';
import type { HostResult, JobRecord, PushTask } from '../../src/push/job.ts';
import type { WorkerMessage } from '../../src/push/workerMessage.ts';
import type { Action } from '../../src/reconciler/action.ts';
import type { LostAttempt } from '../../src/supervisor/door.ts';
import { JobBoard } from '../../src/supervisor/jobBoard.ts';
import { jobRecord } from '../support/jobRecord.ts';

const A: Incarnation = { pid: 10, startTicks: 1, nonce: 'aa' };
const B: Incarnation = { pid: 11, startTicks: 2, nonce: 'bb' };
const at = (monoMs: number): { monoMs: number; wall: string } => ({
  monoMs,
  wall: new Date(monoMs).toISOString(),
});

const CHANGED: HostResult = {
  outcome: 'changed',
  stage: 'verify',
  reason: 'AccountPushed',
  detail: '',
  changes: [],
  facts: {},
  replayed: false,
  at: at(0).wall,
};

/** A board with its inventory, and the short words that the stories below are told in. */
class Story {
  readonly hosts = new Set(['web-1', 'web-2']);
  readonly ends: (readonly [string, string, number | null])[] = [];
  readonly lost: LostAttempt[] = [];
  /** Of the granted jobs, those that no grant wants any more. */
  readonly ungranted = new Set<string>();
  readonly board = new JobBoard({
    taskFor: (job) =>
      this.hosts.has(job.host) ? ({ jobId: job.id, attempt: job.attempt } as PushTask) : 'hostGone',
    grantCheck: () => (job) => !this.ungranted.has(job.id),
    onChange: () => undefined,
    onLost: (lost) => this.lost.push(lost),
    onEnd: (job, takenAtMs) => this.ends.push([job.id, job.state, takenAtMs]),
  });

  admit(...jobs: JobRecord[]): Action[] {
    return this.board.apply({ kind: 'submitted', jobs }, at(0));
  }

  /** Lets everything that may leave for the queue get there; returns the ids. */
  dispatch(nowMs = 1): string[] {
    const { actions } = this.board.decide(true, 10, at(nowMs));
    return actions.flatMap((action) => {
      if (action.kind !== 'dispatch') return [];
      const { id: jobId, attempt } = action.job;
      this.board.apply(
        { kind: 'fenced', jobId, attempt, fence: { clusterId: 'c', epoch: 1, counter: attempt } },
        at(nowMs),
      );
      this.board.apply({ kind: 'enqueued', jobId, attempt }, at(nowMs));
      return [jobId];
    });
  }

  says(incarnation: Incarnation, message: WorkerMessage, nowMs = 2): Action[] {
    const worker = incarnation === A ? 'push-1' : 'push-2';
    return this.board.apply({ kind: 'said', worker, incarnation, message }, at(nowMs));
  }

  stateOf(id: string): string | undefined {
    return this.board.known(id)?.state;
  }
}

const told = (actions: Action[]): string[] =>
  actions.flatMap((action) => (action.kind === 'tellWorker' ? [action.message.type] : [action.kind]));

describe('the board of open jobs', () => {
  it('tells of each end once, with when a worker had taken it, also of one that is tried again', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'), jobRecord('j-2', { host: 'web-2' }));
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' }, 5);
    story.says(A, { type: 'result', jobId: 'j-1', attempt: 1, result: CHANGED }, 9);
    story.board.apply({ kind: 'kept', jobId: 'j-1' }, at(10));
    const ended = story.board.apply({ kind: 'cancelAsked', jobId: 'j-2' }, at(10));
    assert.deepEqual(told(ended), ['noteInLog', 'finish'], 'no worker writes how it ended');
    assert.deepEqual(story.ends, [
      ['j-1', 'done', 5],
      ['j-2', 'cancelled', null],
    ]);
    const [first] = story.board.open();
    story.board.apply({ kind: 'reopened', job: first!.job }, at(11));
    story.board.apply({ kind: 'cancelAsked', jobId: 'j-1' }, at(12));
    assert.deepEqual(story.ends.slice(2), [['j-1', 'cancelled', null]]);
  });

  it('grants an attempt once, keeps its result, and tells the worker only when it is in Redis', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    assert.deepEqual(story.dispatch(), ['j-1']);
    assert.deepEqual(told(story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' })), ['run']);
    assert.deepEqual(told(story.says(B, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' })), ['skip']);
    assert.deepEqual(story.board.handOf('push-1').jobs, ['j-1']);
    assert.deepEqual(told(story.says(A, { type: 'result', jobId: 'j-1', attempt: 1, result: CHANGED })), [
      'finish',
    ]);
    assert.deepEqual(told(story.board.apply({ kind: 'kept', jobId: 'j-1' }, at(3))), []);
    assert.deepEqual(told(story.board.apply({ kind: 'indexed', jobId: 'j-1' }, at(3))), ['stored']);
    assert.deepEqual(
      [story.stateOf('j-1'), story.board.open().length, story.board.handOf('push-1').jobs],
      ['done', 0, []],
    );
  });

  it('gives a dead worker’s job to another, and lets the dead one’s late answer change nothing', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' });
    const lost = story.board.apply({ kind: 'workerGone', worker: 'push-1', incarnation: A }, at(5));
    assert.match(
      JSON.stringify(lost),
      /"noteInLog".*attempt 1 ended without an answer.*push-1.*next attempt follows/,
    );
    assert.equal(story.stateOf('j-1'), 'queued');
    assert.deepEqual(story.dispatch(6), ['j-1']);
    assert.deepEqual(
      told(story.says(B, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' })),
      ['skip'],
      'the old entry is no longer the current one',
    );
    assert.deepEqual(told(story.says(B, { type: 'ask', jobId: 'j-1', attempt: 2, token: 't' })), ['run']);
    assert.deepEqual(told(story.says(A, { type: 'result', jobId: 'j-1', attempt: 1, result: CHANGED })), [
      'stored',
    ]);
    assert.equal(story.stateOf('j-1'), 'starting');
  });

  it('holds back the second job of a host until the first has ended', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'), jobRecord('j-2'), jobRecord('j-3', { host: 'web-2' }));
    assert.deepEqual(story.dispatch(), ['j-1', 'j-3']);
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' });
    story.says(A, { type: 'result', jobId: 'j-1', attempt: 1, result: CHANGED });
    assert.deepEqual(story.dispatch(), []);
    story.board.apply({ kind: 'indexed', jobId: 'j-1' }, at(9));
    assert.deepEqual(story.dispatch(9), ['j-2']);
  });

  it('keeps a cancel over a death of the supervisor: saved at once, and ended instead of run at the next start', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' });
    assert.deepEqual(told(story.board.apply({ kind: 'cancelAsked', jobId: 'j-1' }, at(4))), [
      'save',
      'cancel',
    ]);
    const saved = story.board.known('j-1');
    assert.ok(saved);
    const next = new Story();
    assert.deepEqual(told(next.admit(saved)), ['noteInLog', 'finish']);
    assert.deepEqual([next.stateOf('j-1'), next.dispatch()], ['cancelled', []]);
  });

  it('ends a job whose host left the inventory, with the reason', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    story.dispatch();
    story.hosts.clear();
    assert.deepEqual(told(story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' })), [
      'skip',
      'noteInLog',
      'finish',
    ]);
    assert.equal(story.board.known('j-1')?.result?.reason, 'HostUnknown');
  });

  it('tries again to keep a result that could not be written', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' });
    story.says(A, { type: 'result', jobId: 'j-1', attempt: 1, result: CHANGED });
    story.board.apply({ kind: 'keepFailed', jobId: 'j-1', detail: 'disk full' }, at(10));
    assert.deepEqual(story.board.decide(true, 10, at(11)).actions, []);
    assert.deepEqual(told(story.board.decide(false, 10, at(5_010)).actions), ['finish']);
  });

  it('takes back a job that its worker no longer has in hand', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' });
    const beat = {
      seq: 9,
      loopDelayP99Ms: 0,
      unansweredMs: 0,
      jobs: [],
      slots: 10,
      jobsDone: 0,
      rssBytes: 1,
    };
    story.says(A, { type: 'beat', beat }, 60_000);
    assert.equal(story.stateOf('j-1'), 'queued');
  });

  it('says that an end is kept only when it is on disk', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    story.board.apply({ kind: 'cancelAsked', jobId: 'j-1' }, at(4));
    assert.deepEqual([story.stateOf('j-1'), story.board.isKept('j-1')], ['cancelled', false]);
    story.board.apply({ kind: 'kept', jobId: 'j-1' }, at(5));
    assert.equal(story.board.isKept('j-1'), true);
  });

  it('lets the worker go when a job is retried whose end is still on its way to Redis', () => {
    const story = new Story();
    story.admit(jobRecord('j-1'));
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' });
    const failed: HostResult = { ...CHANGED, outcome: 'failed', reason: 'ConnectRefused' };
    story.says(A, { type: 'result', jobId: 'j-1', attempt: 1, result: failed });
    const ended = story.board.known('j-1');
    assert.ok(ended);
    assert.deepEqual(told(story.board.apply({ kind: 'reopened', job: ended }, at(9))), ['stored']);
    assert.deepEqual(
      told(story.board.apply({ kind: 'reopened', job: ended }, at(9))),
      [],
      'a second retry at once',
    );
    assert.deepEqual([story.stateOf('j-1'), story.board.handOf('push-1').jobs], ['queued', []]);
  });

  it('drops at once what waits and is granted no longer, and nothing that somebody asked for or a worker has', () => {
    const story = new Story();
    const granted = { granted: true };
    story.admit(
      jobRecord('j-1', { host: 'web-1', ...granted }),
      jobRecord('j-2', { host: 'web-2', ...granted }),
      jobRecord('j-3', { host: 'web-1', ...granted }),
      jobRecord('j-4', { host: 'web-1' }),
      jobRecord('j-5', { host: 'web-1', ...granted }),
    );
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-2', attempt: 1, token: 't' });
    for (const id of ['j-1', 'j-2', 'j-3', 'j-4']) story.ungranted.add(id);
    const actions = story.board.apply({ kind: 'grantsChanged' }, at(5));
    assert.deepEqual(
      ['j-1', 'j-2', 'j-3', 'j-4', 'j-5'].map((id) => story.stateOf(id)),
      ['cancelled', 'starting', 'cancelled', 'queued', 'queued'],
    );
    assert.deepEqual(
      told(actions),
      ['noteInLog', 'finish', 'finish'],
      'j-3 never left: its record says it all',
    );
    assert.equal(story.board.known('j-1')?.result?.reason, 'GrantGone');
    // Its entry is on the queue still: whoever takes it is sent away.
    assert.deepEqual(told(story.says(B, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' })), ['skip']);
    assert.deepEqual(story.board.apply({ kind: 'grantsChanged' }, at(6)), [], 'and once only');
  });

  it('does not say that nothing was done where a worker was lost with it', () => {
    const story = new Story();
    story.admit(jobRecord('j-1', { granted: true }));
    story.dispatch();
    story.says(A, { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' });
    story.says(A, { type: 'stage', jobId: 'j-1', attempt: 1, stage: 'apply' });
    story.board.apply({ kind: 'workerGone', worker: 'push-1', incarnation: A }, at(5));
    story.ungranted.add('j-1');
    story.board.apply({ kind: 'grantsChanged' }, at(6));
    const result = story.board.known('j-1')?.result;
    assert.equal(`${String(result?.outcome)} ${String(result?.reason)}`, 'unknown GrantGone');
    assert.match(result?.detail ?? '', /may have changed: garrison retry j-1/);
  });
});

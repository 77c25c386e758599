/** Jobs that go along with one in a worker's hands, told as stories: drawn, granted, missed, cancelled, lost with the worker. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Beat, Incarnation } from '../../src/heartbeat.ts';
import type { HostResult, JobRecord, PushTask } from '../../src/push/job.ts';
import type { WorkerMessage } from '../../src/push/workerMessage.ts';
import type { Action } from '../../src/reconciler/action.ts';
import { JobBoard } from '../../src/supervisor/jobBoard.ts';
import { jobRecord } from '../support/jobRecord.ts';

const A: Incarnation = { pid: 10, startTicks: 1, nonce: 'aa' };
const TAKING = new Set(['push-1']);
const at = (monoMs: number): { monoMs: number; wall: string } => ({
  monoMs,
  wall: new Date(monoMs).toISOString(),
});
const CHANGED: HostResult = {
  ...{ outcome: 'changed', stage: 'verify', reason: 'AccountPushed', detail: '' },
  ...{ changes: [], facts: {}, replayed: false, at: at(0).wall },
};

class Story {
  readonly gone = new Set<string>();
  isUngranted = false;
  readonly board = new JobBoard({
    taskFor: (job, fence) =>
      this.gone.has(job.id) ? 'grantGone' : ({ jobId: job.id, attempt: job.attempt, fence } as PushTask),
    grantCheck: () => () => !this.isUngranted,
    onChange: () => undefined,
    onLost: () => undefined,
    onEnd: () => undefined,
  });
  #counter = 0;

  /** The first is in push-1's hands. */
  constructor(...jobs: JobRecord[]) {
    this.board.apply({ kind: 'submitted', jobs }, at(0));
    for (const action of this.board.decide(true, 10, at(1)).actions) {
      if (action.kind !== 'dispatch') continue;
      this.draw(action.job.id, action.job.attempt);
      this.board.apply({ kind: 'enqueued', jobId: action.job.id, attempt: action.job.attempt }, at(1));
      this.says({ type: 'ask', jobId: action.job.id, attempt: action.job.attempt, token: 't' });
    }
  }

  says(message: WorkerMessage, nowMs = 2): Action[] {
    return this.board.apply({ kind: 'said', worker: 'push-1', incarnation: A, message }, at(nowMs));
  }

  draw(jobId: string, attempt: number): Action[] {
    const fence = { clusterId: 'c', epoch: 1, counter: (this.#counter += 1) };
    return this.board.apply({ kind: 'fenced', jobId, attempt, fence }, at(2));
  }

  drawn(taking: ReadonlySet<string> = TAKING, nowMs = 2): JobRecord[] {
    return this.board
      .decideRiders(taking, at(nowMs))
      .flatMap((action) => (action.kind === 'draw' ? [action.job] : []));
  }

  state(id: string): string | undefined {
    return this.board.known(id)?.state;
  }
}

const told = (actions: Action[]): string[] =>
  actions.flatMap((action) => (action.kind === 'tellWorker' ? [action.message.type] : [action.kind]));
const three = (): Story => new Story(jobRecord('j-1'), jobRecord('j-2'), jobRecord('j-3'));

describe('jobs that go along', () => {
  it('are drawn once, granted to the very life that has the lead, and share its slot', () => {
    const story = three();
    assert.deepEqual(
      story.drawn().map(({ id, attempt }) => [id, attempt]),
      [
        ['j-2', 1],
        ['j-3', 1],
      ],
    );
    assert.deepEqual(story.drawn(), []);
    const [ride] = story.draw('j-2', 1);
    assert.ok(ride?.kind === 'tellWorker' && ride.message.type === 'ride');
    assert.deepEqual(ride.message.task.fence, { clusterId: 'c', epoch: 1, counter: 2 });
    assert.deepEqual([ride.worker, ride.incarnation], ['push-1', A]);
    assert.deepEqual(story.draw('j-2', 1), [], 'news that comes twice grants nothing twice');
    assert.deepEqual(told(story.draw('j-3', 1)), ['ride']);
    assert.deepEqual(story.board.handOf('push-1'), { jobs: ['j-1', 'j-2', 'j-3'], riders: 2 });
    assert.equal(story.state('j-3'), 'queued');
    for (const jobId of ['j-1', 'j-2', 'j-3']) {
      assert.deepEqual(told(story.says({ type: 'result', jobId, attempt: 1, result: CHANGED })), ['finish']);
      assert.deepEqual(told(story.board.apply({ kind: 'indexed', jobId }, at(3))), ['stored']);
    }
    assert.deepEqual(story.board.open(), []);
  });

  it('go home when the lead has ended meanwhile, and to nobody who takes no more', () => {
    const story = three();
    assert.deepEqual(story.drawn(new Set()), [], 'its worker was told to take no more');
    story.drawn();
    story.says({ type: 'result', jobId: 'j-1', attempt: 1, result: CHANGED });
    assert.deepEqual(story.draw('j-2', 1), []);
    story.board.apply({ kind: 'indexed', jobId: 'j-1' }, at(3));
    const { actions } = story.board.decide(true, 10, at(3));
    assert.deepEqual(told(actions), ['dispatch'], 'j-2 goes over the queue, under its next number');
    assert.equal(story.board.known('j-2')?.attempt, 2);
    story.board.apply({ kind: 'dispatchFailed', jobId: 'j-3', attempt: 1, detail: '' }, at(4));
    assert.equal(story.state('j-3'), 'queued');
  });

  it('are all lost with their worker, only the lead with a queue entry, and go alone from then on', () => {
    const story = three();
    for (const { id, attempt } of story.drawn()) story.draw(id, attempt);
    const lost = story.board.apply({ kind: 'workerGone', worker: 'push-1', incarnation: A }, at(5));
    assert.deepEqual(told(lost), ['retire', 'noteInLog', 'noteInLog', 'noteInLog']);
    const { actions } = story.board.decide(true, 10, at(6));
    assert.deepEqual(told(actions), ['dispatch']);
    story.draw('j-1', 2);
    story.says({ type: 'ask', jobId: 'j-1', attempt: 2, token: 't' }, 7);
    assert.deepEqual(story.drawn(TAKING, 8), []);
  });

  it('are called off when their grant is gone, and the one at work goes on', () => {
    const story = new Story(...['j-1', 'j-2', 'j-3'].map((id) => jobRecord(id, { granted: true })));
    for (const { id, attempt } of story.drawn()) story.draw(id, attempt);
    story.isUngranted = true;
    const actions = story.board.apply({ kind: 'grantsChanged' }, at(3));
    assert.deepEqual(told(actions), ['save', 'cancel', 'save', 'cancel']);
    assert.deepEqual(story.board.apply({ kind: 'grantsChanged' }, at(4)), [], 'and once only');
    assert.equal(story.state('j-1'), 'starting');
  });

  it('are cancelled, dropped and missed like any other', () => {
    const story = three();
    story.drawn();
    story.board.apply({ kind: 'cancelAsked', jobId: 'j-2' }, at(3));
    assert.deepEqual(story.draw('j-2', 1), []);
    assert.equal(story.state('j-2'), 'cancelled');
    story.gone.add('j-3');
    assert.deepEqual(told(story.draw('j-3', 1)), ['noteInLog', 'finish']);
    const other = three();
    for (const { id, attempt } of other.drawn()) other.draw(id, attempt);
    assert.deepEqual(told(other.board.apply({ kind: 'cancelAsked', jobId: 'j-3' }, at(3))), [
      'save',
      'cancel',
    ]);
    const inHand = (jobId: string): Beat['jobs'][number] => ({
      ...{ jobId, attempt: 1, takenAt: '', heardAt: '', silentMs: 0, isReporting: false },
    });
    const beat = { seq: 1, loopDelayP99Ms: 0, unansweredMs: null, slots: 10, jobsDone: 0, rssBytes: 1 };
    const beats = { ...beat, jobs: [inHand('j-1')], riders: [inHand('j-3')] };
    other.says({ type: 'beat', beat: beats }, 9_000);
    assert.deepEqual([other.state('j-1'), other.state('j-2')], ['starting', 'queued'], 'j-2 was forgotten');
  });
});

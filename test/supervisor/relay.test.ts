/**
 * Two supervisors in one test: the board of the one that keeps the queue, and the relay of one whose worker takes from it, over a line that loses what it likes.
 * No attempt is ever run twice, and once the line is good every job comes to its end.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Beat, Incarnation } from '../../src/heartbeat.ts';
import type { FleetMessage } from '../../src/push/fleetMessage.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import type { WorkerMessage } from '../../src/push/workerMessage.ts';
import type { Action } from '../../src/reconciler/action.ts';
import { JobBoard } from '../../src/supervisor/jobBoard.ts';
import { Relay } from '../../src/supervisor/relay.ts';
import { jobRecord } from '../support/jobRecord.ts';

const LIFE: Incarnation = { pid: 10, startTicks: 1, nonce: 'aa' };
const MEMBER = { homeId: 'b', life: 'one' };
const STEP_MS = 500;
const SLOTS = 3;

class Story {
  nowMs = 0;
  readonly ran = new Map<string, number>();
  readonly states = new Map<string, string>();
  readonly #queue: { jobId: string; attempt: number }[] = [];
  /** In the worker's hands: asked for, running, or waiting to hear that the result is stored. */
  readonly #hands = new Map<string, 'asked' | 'running' | 'told'>();
  readonly #isLost: () => boolean;
  readonly #relay = new Relay({ taskFor: (job) => ({ jobId: job.id, attempt: job.attempt }) as PushTask });
  readonly #board = new JobBoard({
    taskFor: (job) => ({ jobId: job.id, attempt: job.attempt }) as PushTask,
    grantCheck: () => () => true,
    onChange: (job) => this.states.set(job.id, job.state),
    onEnd: () => undefined,
    onLost: () => undefined,
  });

  constructor(jobs: number, isLost: () => boolean) {
    this.#isLost = isLost;
    const records = Array.from({ length: jobs }, (_, at) =>
      jobRecord(`j-${String(at)}`, { host: `web-${String(at)}` }),
    );
    this.#keeperDoes(this.#board.apply({ kind: 'submitted', jobs: records }, this.#at()));
  }

  get isOver(): boolean {
    return [...this.states.values()].every((state) => state === 'done') && this.#hands.size === 0;
  }

  step(): void {
    this.nowMs += STEP_MS;
    this.#keeperDoes(this.#board.decide(true, SLOTS, this.#at()).actions);
    while (this.#hands.size < SLOTS && this.#queue.length > 0) {
      const entry = this.#queue.shift()!;
      this.#hands.set(key(entry), 'asked');
      this.#workerSays({ type: 'ask', token: 't', ...entry });
    }
    for (const [id, state] of this.#hands) if (state === 'running') this.#finish(id);
    if (this.nowMs % (2 * STEP_MS) === 0) this.#workerSays({ type: 'beat', beat: this.#beat() });
    this.#memberDoes(this.#relay.decide('a', this.#at()).actions);
  }

  #finish(id: string): void {
    const [jobId = '', attempt = '0'] = id.split('.');
    this.#hands.set(id, 'told');
    this.#workerSays({ type: 'result', jobId, attempt: Number(attempt), result: CHANGED });
  }

  #beat(): Beat {
    const inHand = [...this.#hands].map(([id]) => ({ jobId: id.split('.')[0] ?? '' }));
    return { jobs: inHand } as unknown as Beat;
  }

  #workerSays(message: WorkerMessage): void {
    const said = { kind: 'said', worker: 'push-1', incarnation: LIFE, message } as const;
    this.#memberDoes(this.#relay.take(said, 'a', this.#at()));
  }

  #memberDoes(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.kind === 'tellMember') this.#overTheLine(action.message, 'keeper');
      if (action.kind === 'tellWorker') this.#workerHears(action);
    }
  }

  #keeperDoes(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.kind === 'tellMember') this.#overTheLine(action.message, 'member');
      if (action.kind === 'dispatch') this.#dispatch(action.job.id, action.job.attempt);
      if (action.kind === 'finish')
        this.#keeperDoes(this.#board.apply({ kind: 'indexed', jobId: action.job.id }, this.#at()));
      if (action.kind === 'look') {
        const isThere = this.#queue.some((entry) => key(entry) === key(action));
        const entry = isThere ? 'waiting' : 'gone';
        const { jobId, attempt } = action;
        this.#keeperDoes(this.#board.apply({ kind: 'looked', jobId, attempt, entry }, this.#at()));
      }
    }
  }

  #dispatch(jobId: string, attempt: number): void {
    const fence = { clusterId: 'c', epoch: 1, counter: attempt };
    this.#board.apply({ kind: 'fenced', jobId, attempt, fence }, this.#at());
    this.#queue.push({ jobId, attempt });
    this.#board.apply({ kind: 'enqueued', jobId, attempt }, this.#at());
  }

  #overTheLine(message: FleetMessage, to: 'keeper' | 'member'): void {
    if (this.#isLost()) return;
    if (to === 'member' && (message.type === 'grant' || message.type === 'answer'))
      this.#memberDoes(this.#relay.hear(message, 'a', this.#at()));
    if (to === 'keeper' && message.type === 'said') {
      const { incarnation, message: word } = message;
      const said = { kind: 'said', worker: 'bastion-b/push-1', incarnation, member: MEMBER } as const;
      this.#keeperDoes(this.#board.apply({ ...said, message: word }, this.#at()));
    }
  }

  #workerHears({ message }: Extract<Action, { kind: 'tellWorker' }>): void {
    if (message.type === 'run') {
      const id = key(message.task);
      assert.equal(this.#hands.get(id), 'asked', `${id} was asked for, and is not at work already`);
      this.ran.set(id, (this.ran.get(id) ?? 0) + 1);
      this.#hands.set(id, 'running');
    }
    if (message.type === 'skip' || message.type === 'stored') this.#hands.delete(key(message));
  }

  #at(): { monoMs: number; wall: string } {
    return { monoMs: this.nowMs, wall: new Date(this.nowMs).toISOString() };
  }
}

function key({ jobId, attempt }: { readonly jobId: string; readonly attempt: number }): string {
  return `${jobId}.${String(attempt)}`;
}

const CHANGED: HostResult = {
  outcome: 'changed',
  stage: 'verify',
  reason: 'AccountPushed',
  detail: '',
  changes: [],
  facts: {},
  replayed: false,
  at: new Date(0).toISOString(),
};

describe('a relay', () => {
  it('loses no job and runs no attempt twice, whatever the line between the supervisors loses', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.boolean(), { maxLength: 120 }),
        (jobs, lost) => {
          const story = new Story(jobs, () => lost.pop() ?? false);
          const most = lost.length + 200;
          for (let step = 0; step < most && !(lost.length === 0 && story.isOver); step += 1) story.step();
          assert.ok(story.isOver, JSON.stringify([...story.states]));
          for (const [attempt, times] of story.ran) assert.equal(times, 1, attempt);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives back what it was asked for, and answers what was told, when its supervisor keeps the queue itself', () => {
    const relay = new Relay({ taskFor: () => 'hostGone' });
    const said = { kind: 'said', worker: 'push-1', incarnation: LIFE } as const;
    const at = { monoMs: 0, wall: '' };
    relay.take({ ...said, message: { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' } }, 'a', at);
    relay.take({ ...said, message: { type: 'result', jobId: 'j-2', attempt: 3, result: CHANGED } }, 'a', at);
    const told = relay.stepUp().map((action) => (action.kind === 'tellWorker' ? action.message : null));
    assert.deepEqual(told, [
      { type: 'skip', jobId: 'j-1', attempt: 1 },
      { type: 'stored', jobId: 'j-2', attempt: 3 },
    ]);
    assert.deepEqual(relay.stepUp(), []);
  });

  it('says what a host is missing here, instead of running it', () => {
    const relay = new Relay({ taskFor: () => 'hostGone' });
    const at = { monoMs: 0, wall: '' };
    const of = { worker: 'push-1', incarnation: LIFE };
    relay.take(
      { kind: 'said', ...of, message: { type: 'ask', jobId: 'j-1', attempt: 1, token: 't' } },
      'a',
      at,
    );
    const job = jobRecord('j-1', { attempt: 1 });
    const fence = { clusterId: 'c', epoch: 1, counter: 1 };
    assert.deepEqual(relay.hear({ type: 'grant', ...of, job, fence }, 'a', at), [
      {
        kind: 'tellMember',
        homeId: 'a',
        message: { type: 'noTask', ...of, jobId: 'j-1', attempt: 1, why: 'hostGone' },
      },
      { kind: 'tellWorker', ...of, message: { type: 'skip', jobId: 'j-1', attempt: 1 } },
    ]);
    assert.deepEqual(relay.hear({ type: 'grant', ...of, job, fence }, 'a', at), [], 'it was answered');
  });
});

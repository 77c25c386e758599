/** What people may ask to be done to a worker: what is said before, by the state it is in, what is refused, what is wished then, and when it is done. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GarrisonError } from '../../src/errors.ts';
import type { Wish } from '../../src/reconciler/worker.ts';
import type { WorkerVerb, WorkerView } from '../../src/supervisor/door.ts';
import type { Surroundings } from '../../src/supervisor/ports.ts';
import type { Prepared } from '../../src/supervisor/preparedOperation.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { prepareForWorker } from '../../src/supervisor/workerOperation.ts';
import { worker } from '../support/fakeDoor.ts';

const STATES = {
  running: worker('push-1', { jobs: ['j-1'] }),
  quiet: worker('push-1', { wish: 'quiet', reason: 'Quiet' }),
  stopping: worker('push-1', { wish: 'stop', state: 'draining', jobs: ['j-1', 'j-2'] }),
  stopped: worker('push-1', { wish: 'stop', state: 'stopped', incarnation: null }),
  dead: worker('push-1', { state: 'backoff', incarnation: null }),
  deadQuiet: worker('push-1', { wish: 'quiet', state: 'backoff', incarnation: null }),
} as const satisfies Record<string, WorkerView>;
type StateName = keyof typeof STATES;

interface Asked {
  readonly prepared: Prepared;
  readonly wishes: Wish[];
  readonly kept: Readonly<Record<string, string>>[];
  become(view: WorkerView): void;
}

function ask(verb: WorkerVerb, state: StateName): Asked {
  let view: WorkerView = STATES[state];
  const wishes: Wish[] = [];
  const kept: Readonly<Record<string, string>>[] = [];
  const supervisor = {
    worker: () => view,
    snapshot: () => ({ workers: [view, worker('push-2')] }),
    setWish: (_name: string, wish: Wish) => wishes.push(wish),
    wishOf: () => null,
  } as unknown as Supervisor;
  const around = { keepWishes: (all: Record<string, string>) => kept.push(all) } as unknown as Surroundings;
  const request = { target: 'push-1', actor: 'wang', reason: null, ifIncarnation: null, dryRun: false };
  const prepared = prepareForWorker({ ...request, verb, forMs: null }, supervisor, around);
  return { prepared, wishes, kept, become: (next) => (view = next) };
}

const ENDS = 'it first finishes the job in hand';
const PLANS: readonly (readonly [WorkerVerb, StateName, string])[] = [
  ['restart', 'running', `drains (${ENDS}), ends, and a new process takes its place, which takes jobs`],
  [
    'restart',
    'quiet',
    'drains (it has no job in hand), ends, and a new process takes its place, which takes no new jobs: it stays quiet until garrison start push-1',
  ],
  ['restart', 'stopped', 'is stopped: a process is started at once, which takes jobs'],
  ['restart', 'dead', 'has no process now: a process is started at once, which takes jobs'],
  [
    'restart',
    'deadQuiet',
    'has no process now: a process is started at once, which takes no new jobs: it stays quiet until garrison start push-1',
  ],
  [
    'restart',
    'stopping',
    'drains (it first finishes the 2 jobs in hand), ends, and a new process takes its place, which takes jobs',
  ],
  ['stop', 'running', `drains (${ENDS}), ends, and stays stopped until garrison start push-1`],
  ['stop', 'stopped', 'is stopped already, and stays stopped until garrison start push-1; nothing is done'],
  [
    'stop',
    'stopping',
    'is being stopped already: it first finishes the 2 jobs in hand, ends, and stays stopped until garrison start push-1',
  ],
  ['stop', 'dead', 'has no process now, is not started again, and stays stopped until garrison start push-1'],
  ['start', 'running', 'runs and takes jobs already'],
  ['start', 'quiet', 'is quiet, and takes jobs again'],
  ['start', 'stopped', 'has no process now: one is started at once and takes jobs'],
  [
    'start',
    'stopping',
    'is being stopped: it first finishes the 2 jobs in hand, ends, and a new process takes its place, which takes jobs',
  ],
  ['quiet', 'running', `takes no new jobs until garrison start push-1 (${ENDS})`],
  ['quiet', 'quiet', 'is quiet already: it takes no new jobs until garrison start push-1'],
  [
    'quiet',
    'dead',
    'has no process now; it starts again as before, and takes no new jobs until garrison start push-1',
  ],
];

describe('what is asked of a worker', () => {
  for (const [verb, state, plan] of PLANS)
    it(`${verb} of one that is ${state} is said as it is`, () => {
      assert.equal(ask(verb, state).prepared.detail, `push-1 ${plan}`);
    });

  it('quiet of a stopped one is refused with the cure, and nothing is kept', () => {
    for (const [state, how] of [
      ['stopped', /^push-1 is stopped: /],
      ['stopping', /^push-1 is being stopped: /],
    ] as const)
      assert.throws(
        () => ask('quiet', state),
        (error) =>
          error instanceof GarrisonError &&
          error.code === 'NOT_RUNNING' &&
          how.test(error.message) &&
          error.cure?.includes('garrison start push-1, then garrison quiet push-1') === true,
      );
  });

  it('names whom it interrupts: nobody where nothing runs', () => {
    assert.deepEqual(ask('stop', 'running').prepared.interrupts, ['job j-1 on push-1']);
    assert.deepEqual(ask('stop', 'stopped').prepared.interrupts, []);
    assert.deepEqual(ask('quiet', 'running').prepared.interrupts, []);
  });

  it('a restart keeps it quiet, and lets every other take jobs; each wish is kept first', () => {
    const wishes = (state: StateName): unknown => {
      const asked = ask('restart', state);
      asked.prepared.begin('o-1');
      const [wish] = asked.wishes;
      return [wish?.worker, wish?.recycle?.nonce ?? null, wish?.startsAtOnce, asked.kept];
    };
    const kept = (wish: string): object[] => [{ 'push-1': wish, 'push-2': 'run' }];
    assert.deepEqual(wishes('quiet'), ['quiet', 'abcd', true, kept('quiet')]);
    assert.deepEqual(wishes('deadQuiet'), ['quiet', null, true, kept('quiet')]);
    assert.deepEqual(wishes('running'), ['run', 'abcd', true, kept('run')]);
    assert.deepEqual(wishes('stopped'), ['run', null, true, kept('run')]);
  });

  it('a restart is done once another process is up, and says that it is quiet as before', () => {
    const asked = ask('restart', 'quiet');
    const check = asked.prepared.begin('o-1');
    assert.equal(check(), null);
    asked.become(
      worker('push-1', {
        wish: 'quiet',
        reason: 'Quiet',
        incarnation: { pid: 7, startTicks: 1, nonce: 'new' },
      }),
    );
    assert.deepEqual(check(), {
      state: 'done',
      detail: 'push-1 is up as pid 7, and takes no new jobs as before',
    });
  });

  it('a stop of a stopped one is done at once', () => {
    const check = ask('stop', 'stopped').prepared.begin('o-1');
    assert.deepEqual(check(), { state: 'done', detail: 'push-1 was stopped already' });
  });
});

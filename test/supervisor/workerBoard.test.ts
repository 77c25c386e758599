/** The board judges a worker only when something has changed or its time has come: nobody may be able to tell. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WorkerBoard } from '../../src/supervisor/workerBoard.ts';
import {
  anyStream,
  around,
  APART,
  moment,
  NAMES,
  SETTINGS,
  type MadeUpTurn,
} from '../support/madeUpStream.ts';

/** Of a life that nobody has: it changes no evidence. */
const OF_NOBODY = { kind: 'ready', incarnation: { pid: 9, startTicks: 9, nonce: 'nobody' } } as const;

/** Every verdict as it came, with its time; `judgeAll` has every worker judged at every turn. */
function verdicts(turns: readonly MadeUpTurn[], judgeAll: boolean): unknown[] {
  const board = new WorkerBoard({ ...SETTINGS, ...APART, dice: () => 0.5 }, moment(0).wall);
  let nowMs = 0;
  let surroundings = fc.sample(around, { numRuns: 1, seed: 1 })[0]!;
  for (const turn of turns) {
    nowMs += turn.gapMs;
    const at = moment(nowMs);
    for (const { worker, wish } of turn.wishes) board.setWish(worker, wish);
    for (const { worker, observation } of turn.seen) board.observe(worker, observation, at);
    surroundings = turn.around ?? surroundings;
    // Two ways to have everybody judged, so that the test misses neither.
    if (judgeAll) for (const name of NAMES) board.observe(name, OF_NOBODY, at);
    // No verdict rests on how long a drain may last, but a change of it is a change.
    const drain = judgeAll ? { drainWithinMs: nowMs, termGraceMs: 0 } : surroundings.drain;
    // How long the oldest job waits only grows, and that is looked at once a second.
    board.decide({ ...surroundings, drain, oldestWaitingMs: 0, queueStillMs: 0, at });
  }
  return board.incidents();
}

describe('the board of workers', () => {
  it('judges whom it must, when it must: judging everybody every time would change nothing', () => {
    fc.assert(
      fc.property(anyStream(900), (turns) => {
        assert.deepEqual(verdicts(turns, false), verdicts(turns, true));
      }),
      { numRuns: 300 },
    );
  });

  it('judges everybody at least once a second, and says when', () => {
    const board = new WorkerBoard({ ...SETTINGS, ...APART, dice: () => 0.5 }, moment(0).wall);
    const surroundings = fc.sample(around, { numRuns: 1, seed: 1 })[0]!;
    const { recheckAtMs } = board.decide({ ...surroundings, at: moment(5_000) });
    assert.ok(recheckAtMs !== null && recheckAtMs <= 6_000);
  });

  it('starts at once what has failed and is quiet, when it is asked to, and not before', () => {
    const board = new WorkerBoard({ ...SETTINGS, ...APART, dice: () => 0.5 }, moment(0).wall);
    const surroundings = fc.sample(around, { numRuns: 1, seed: 1 })[0]!;
    let nowMs = 0;
    const startsOf = (): number => {
      const { actions } = board.decide({ ...surroundings, stopping: false, at: moment((nowMs += 10)) });
      return actions.filter((action) => action.kind === 'spawnWorker' && action.worker === 'push-1').length;
    };
    const quiet = { worker: 'quiet', recycle: null, recycleFor: 'Person' } as const;
    board.setWish('push-1', quiet);
    const fail = (): void => {
      board.observe('push-1', { kind: 'spawnFailed', detail: 'no memory' }, moment(nowMs));
    };
    startsOf();
    fail();
    startsOf();
    fail();
    assert.equal(startsOf(), 0, 'it waits');
    board.setWish('push-1', quiet);
    assert.equal(startsOf(), 0, 'to ask again for quiet is no start');
    board.setWish('push-1', { ...quiet, startsAtOnce: true });
    assert.equal(startsOf(), 1);
  });

  it('tells of each worker how much memory it may hold', () => {
    const board = new WorkerBoard({ ...SETTINGS, ...APART, dice: () => 0.5 }, moment(0).wall);
    const limits = board.measures().map(({ worker, memoryLimitBytes }) => [worker, memoryLimitBytes]);
    assert.deepEqual(
      limits,
      NAMES.map((name) => [name, SETTINGS.memoryLimitBytes]),
    );
  });
});

/** What the board remembers of zombies: since when, whose, how many, and when there is news. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Moment } from '../../src/clock.ts';
import type { SeenZombie, ZombieParent } from '../../src/detector/zombie.ts';
import { checkSweep, plannedSweep } from '../../src/supervisor/sweep.ts';
import { MOST_LISTED, ZombieBoard } from '../../src/supervisor/zombieBoard.ts';

const OWN_PID = 100;
const WORKER_PID = 200;
const at = (ms: number): Moment => ({ monoMs: ms, wall: new Date(ms).toISOString() });

function parent(pid: number, change: Partial<ZombieParent> = {}): ZombieParent {
  const base = { startTicks: 7, command: 'cron', state: 'S', cgroup: '', innermostPid: pid };
  return { pid, ...base, hasTerminal: false, ...change };
}

function zombie(pid: number, of: ZombieParent, startTicks = pid): SeenZombie {
  return { pid, startTicks, command: 'celery', uid: 0, parentPid: of.pid, parent: of };
}

function board(): ZombieBoard {
  const workerOf = (pid: number, ticks: number): string | null =>
    pid === WORKER_PID && ticks === 7 ? 'push-1' : null;
  return new ZombieBoard({ ownPid: OWN_PID, workerOf, nameOfContainer: () => null });
}

function look(on: ZombieBoard, seen: SeenZombie[], ms: number, limited: string | null = null): boolean {
  return on.take({ kind: 'zombies', begunAt: at(ms), seen, limited }, at(ms + 1));
}

const inContainer = { cgroup: `0::/docker/${'a'.repeat(64)}`, innermostPid: 1 };

describe('the board of zombies', () => {
  test('knows nothing before the first look, and says so', () => {
    const { observedAt, total, byOwner, reaped } = board().summary;
    assert.equal(observedAt, null);
    assert.deepEqual([total, byOwner], [0, { own: 0, worker: 0, container: 0, foreign: 0 }]);
    assert.deepEqual(reaped, { orphan: 0, worker: 0 });
  });

  test('counts by owner and shows each as the contract says', () => {
    const on = board();
    const seen = [
      zombie(11, parent(OWN_PID)),
      zombie(12, parent(WORKER_PID)),
      zombie(13, parent(300, inContainer)),
      zombie(14, parent(400)),
      zombie(15, parent(WORKER_PID, { startTicks: 8 })),
    ];
    look(on, seen, 1_000);
    assert.deepEqual(on.summary.byOwner, { own: 1, worker: 1, container: 1, foreign: 2 });
    const [, , third, fourth] = on.list();
    assert.deepEqual(third!.parent, { pid: 300, name: 'cron', container: 'a'.repeat(12) });
    const { advice, ...others } = fourth!;
    assert.deepEqual(others, {
      pid: 14,
      name: 'celery',
      since: at(1_000).wall,
      parent: { pid: 400, name: 'cron' },
      owner: 'foreign',
      next: 'ProgramNeedsRepair',
    });
    assert.match(advice, /cron \(pid 400\)/);
    assert.equal(on.find(15)!.owner, 'foreign', "a later process with the worker's pid is not the worker");
    assert.equal(on.find(99), null);
  });

  test('keeps since when across looks, by pid and start time', () => {
    const on = board();
    look(on, [zombie(11, parent(400)), zombie(12, parent(400))], 1_000);
    look(on, [zombie(11, parent(400)), zombie(12, parent(400), 999)], 2_000);
    const since = on.list().map((each) => [each.pid, each.since]);
    assert.deepEqual(since, [
      [11, at(1_000).wall],
      [12, at(2_000).wall],
    ]);
  });

  test('lists the longest dead first and no more than people read, and counts all', () => {
    const on = board();
    const of = parent(400);
    look(on, [zombie(50_000, of)], 1_000);
    const many = Array.from({ length: MOST_LISTED + 500 }, (_, index) => zombie(index + 2, of));
    look(on, [...many, zombie(50_000, of)], 2_000);
    assert.equal(on.summary.total, MOST_LISTED + 501);
    assert.equal(on.list().length, MOST_LISTED);
    assert.equal(on.list()[0]!.pid, 50_000);
    assert.ok(on.find(MOST_LISTED + 400), 'one that is not listed is still found');
  });

  test('has news when what lasts has changed, not for what comes and goes between two looks', () => {
    const on = board();
    const of = parent(400);
    assert.equal(look(on, [], 0), true, 'the first look');
    assert.equal(look(on, [zombie(11, of)], 5_000), false);
    assert.equal(look(on, [zombie(12, of)], 10_000), false);
    assert.equal(look(on, [zombie(12, of)], 15_000), true, 'it lasts');
    assert.equal(on.summary.lasting, 1);
    assert.equal(look(on, [zombie(12, of), zombie(13, of)], 20_000), false);
    assert.equal(look(on, [], 25_000), true, 'it is gone');
    assert.equal(look(on, [], 30_000, 'not all can be seen'), true);
  });

  test('tells a PID 1 that reaps late from one that does not', () => {
    const on = board();
    const of = parent(1, { command: 'node' });
    look(on, [zombie(11, of)], 1_000);
    assert.match(on.list()[0]!.advice, /about to reap/);
    look(on, [zombie(11, of)], 62_000);
    assert.match(on.list()[0]!.advice, /does not reap/);
  });

  test('counts what was reaped, by kind', () => {
    const on = board();
    for (const orphanKind of ['orphan', 'worker', 'orphan'] as const)
      assert.equal(on.take({ kind: 'reaped', pid: 5, command: 'ssh', orphanKind }, at(1)), false);
    assert.deepEqual(on.summary.reaped, { orphan: 2, worker: 1 });
  });
});

describe('a sweep', () => {
  test('ends with the look that began after it, and says what became of each and why', () => {
    const on = board();
    const left = zombie(12, parent(300, inContainer));
    look(on, [zombie(11, parent(OWN_PID)), left], 1_000);
    assert.deepEqual(
      plannedSweep(on).swept.map(({ pid, outcome }) => [pid, outcome]),
      [
        [11, 'reaped'],
        [12, 'left'],
      ],
    );
    on.take({ kind: 'reaped', pid: 3, command: 'old', orphanKind: 'orphan' }, at(1_500));
    on.take({ kind: 'sweepAsked' }, at(2_000));
    on.take({ kind: 'reaped', pid: 11, command: 'ssh', orphanKind: 'orphan' }, at(2_001));
    look(on, [left], 1_999);
    assert.equal(checkSweep(on, at(2_000)), null, 'a look that began before does not count');
    assert.equal(look(on, [left], 2_002), true, 'whoever asked is told, though nothing else has changed');
    const end = checkSweep(on, at(2_000))!;
    assert.equal(end.detail, '1 reaped, 1 left (container 1), all dead and harmless');
    assert.deepEqual(
      end.swept.map(({ pid, name, outcome, owner }) => [pid, name, outcome, owner]),
      [
        [11, 'ssh', 'reaped', 'own'],
        [12, 'celery', 'left', 'container'],
      ],
    );
    assert.match(end.swept[1]!.why, /init: true/);
  });

  test('says what it could not see', () => {
    const on = board();
    look(on, [], 5, 'Only some can be seen.');
    assert.equal(checkSweep(on, at(1))!.detail, '0 reaped, none is left. Only some can be seen.');
  });
});

/** The schedule's hands, with a scripted clock: what is begun, followed, tried again, left to a person, and known after a restart. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Moment } from '../../src/clock.ts';
import { GarrisonError } from '../../src/errors.ts';
import { parseAccountWish } from '../../src/push/account.ts';
import type { Wanted } from '../../src/push/grants.ts';
import type { JobRecord } from '../../src/push/job.ts';
import { GrantsBoard, NOTHING_KEPT, type KeptGrants } from '../../src/supervisor/grantsBoard.ts';
import { GrantsSchedule, SCHEDULE_ACTOR } from '../../src/supervisor/grantsSchedule.ts';
import type { Change, PushView } from '../../src/supervisor/door.ts';
import type { PushRequest } from '../../src/supervisor/pushAsk.ts';
import type { Standing } from '../../src/supervisor/standing.ts';
import { parseTimetable } from '../../src/timetable.ts';

const START_MS = Date.parse('2026-03-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const LEE = parseAccountWish({ name: 'lee', keys: [] });

class World {
  nowMs = 0;
  standing: Standing = { state: 'running', unserved: null, maintenanceUntil: null };
  wanted: () => readonly Wanted[] = () => [{ host: 'web-1', account: LEE, because: [], grants: [] }];
  readonly asked: PushRequest[] = [];
  readonly pushes = new Map<string, PushView>();
  readonly journal: Record<string, unknown>[] = [];
  kept: KeptGrants = NOTHING_KEPT;
  redisUp = true;
  board: GrantsBoard;
  #turn: () => void = () => undefined;
  #change: (change: Change) => void = () => undefined;

  constructor(timetables: { check?: string; sync?: string; leftovers?: string }, earlier = NOTHING_KEPT) {
    const of = (text = 'off') => parseTimetable(text) ?? { kind: 'off' as const };
    const { check, sync, leftovers } = timetables;
    this.board = new GrantsBoard(
      { check: of(check), sync: of(sync), leftovers: of(leftovers) },
      earlier,
      this.now(),
    );
    const work = {
      board: this.board,
      mostTakenPercent: 10,
      keep: (kept: KeptGrants) => void (this.kept = JSON.parse(JSON.stringify(kept)) as KeptGrants),
      report: () => undefined,
    };
    new GrantsSchedule(work, {
      supervisor: {
        onTurn: (listener) => void (this.#turn = listener),
        onChange: (listener) => {
          this.#change = listener;
          return () => undefined;
        },
        openJobs: () => [...this.pushes.values()].flatMap(({ jobs }) => jobs),
        standing: () => this.standing,
        observe: () => undefined,
      },
      around: {
        wanted: () => this.wanted(),
        hosts: { list: () => [{ name: 'web-1' }], address: () => ({}) },
        audit: (line: Record<string, unknown>) => this.journal.push(line),
        note: (line: Record<string, unknown>) => this.journal.push(line),
        leftovers: { read: () => ({}), write: () => undefined },
      } as never,
      desk: {
        submit: (request) => Promise.resolve(this.#submit(request)),
        view: (id) => {
          const push = this.pushes.get(id);
          if (!this.redisUp) return Promise.reject(new GarrisonError('REDIS_UNAVAILABLE', 'away'));
          return push === undefined
            ? Promise.reject(new GarrisonError('NOT_FOUND', id))
            : Promise.resolve(push);
        },
      },
      clock: () => this.now(),
    }).start();
  }

  now(): Moment {
    return { monoMs: 1_000_000 + this.nowMs, wall: new Date(START_MS + this.nowMs).toISOString() };
  }

  /** Time goes by, and the loop turns until nothing more comes of it. */
  async after(ms: number): Promise<void> {
    this.nowMs += ms;
    for (let turn = 0; turn < 4; turn += 1) {
      this.nowMs += 1_000;
      this.#turn();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The jobs of the last push end so. */
  end(...results: readonly object[]): void {
    const [id, push] = [...this.pushes].at(-1) ?? [];
    assert.ok(id !== undefined && push !== undefined);
    const jobs = push.jobs.map((job, index) => ({
      ...{ ...job, state: 'done', since: this.now().wall },
      result: {
        outcome: 'unchanged',
        reason: 'PlanMade',
        detail: 'said',
        at: this.now().wall,
        ...results[index],
      },
    })) as unknown as PushView['jobs'];
    this.pushes.set(id, { ...push, state: 'done', jobs });
    for (const job of jobs) this.#change({ type: 'jobEnded', job: job, ranMs: 1 });
  }

  #submit(request: PushRequest): PushView {
    this.asked.push(request);
    const id = `p-${String(this.asked.length)}`;
    const { kind, granted } = request;
    // As the desk does it: a plan says itself whose account it is, and where.
    const planned = request.plan === undefined ? null : (this.pushes.get(request.plan)?.jobs ?? []);
    const account = planned === null ? request.account : planned[0]?.account;
    const hosts = planned === null ? request.hosts : planned.map(({ host }) => host);
    const jobs = hosts.map((host) => ({
      ...{ id: `j-${host}`, pushId: id, host, kind, granted, account, state: 'queued', result: null },
    }));
    const push = { id, kind, state: 'open', jobs } as unknown as PushView;
    this.pushes.set(id, push);
    return push;
  }
}

const plan = (verdict: string, more: object = {}): object => ({
  plan: { of: 'push', verdict, reason: 'PlanMade', words: {}, changes: [], notes: [], digest: 'd', ...more },
});
const DRIFT = plan('change', {
  isDrift: true,
  changes: [{ code: 'sudo-written', what: 'ALL', before: null }],
});

let world: World;

describe('a scheduled check', () => {
  beforeEach(() => {
    world = new World({ check: 'every 6h' });
  });

  it('plans all that the grants want, as nobody, and what it found stays known', async () => {
    await world.after(0);
    const [asked, ...others] = world.asked;
    assert.deepEqual(
      [others.length, asked?.kind, asked?.granted, asked?.actor],
      [0, 'plan', true, SCHEDULE_ACTOR],
    );
    assert.equal(world.journal[0]?.event, 'scheduled');
    await world.after(HOUR_MS);
    assert.equal(world.asked.length, 1, 'one that goes on is waited for');
    world.end(DRIFT);
    await world.after(0);
    const { driftedHosts, drift, schedule, lastCheckAt } = world.board.summary();
    assert.deepEqual([driftedHosts, drift.rule, schedule.check.lastEnd?.outcome], [1, 1, 'done']);
    assert.equal(schedule.check.lastEnd?.detail, '1 drifted');
    assert.ok(lastCheckAt !== null && lastCheckAt > new Date(START_MS + HOUR_MS).toISOString());
    const again = new World({ check: 'every 6h' }, world.kept);
    assert.deepEqual(again.board.summary().drift, drift);
    assert.equal(again.board.book.checks()[0]?.state, 'drifted');
    await again.after(0);
    assert.equal(again.asked.length, 0, 'it is not due again');
  });

  it('comes again after its interval, and not before', async () => {
    await world.after(0);
    world.end(plan('unchanged'));
    await world.after(5 * HOUR_MS);
    assert.equal(world.asked.length, 1);
    await world.after(HOUR_MS);
    assert.equal(world.asked.length, 2);
  });

  it('waits while nobody takes jobs or all is in maintenance, says so, and then is made', async () => {
    for (const standing of [{ unserved: 'Redis is away' }, { maintenanceUntil: '2026-03-01T09:00:00Z' }]) {
      world = new World({ check: 'every 6h' });
      world.standing = { ...world.standing, ...standing };
      await world.after(0);
      assert.equal(world.asked.length, 0);
      assert.match(world.board.summary().schedule.check.waitsFor ?? '', /Redis is away|maintenance/);
      world.standing = { state: 'running', unserved: null, maintenanceUntil: null };
      await world.after(0);
      assert.equal(world.asked.length, 1);
      assert.equal(world.board.summary().schedule.check.waitsFor, null);
    }
  });

  it('is not begun by a supervisor that stops', async () => {
    world.standing = { ...world.standing, state: 'stopping' };
    await world.after(HOUR_MS);
    assert.equal(world.asked.length, 0);
  });

  it('waits for Redis to tell how it ended', async () => {
    await world.after(0);
    world.end(plan('unchanged'));
    world.redisUp = false;
    await world.after(HOUR_MS);
    assert.notEqual(world.board.running, null);
    world.redisUp = true;
    await world.after(0);
    assert.equal(world.board.running, null);
  });

  it('fails where grants.yaml cannot be read, says so, and is tried again soon', async () => {
    const { wanted } = world;
    world.wanted = () => {
      throw new GarrisonError('CONFIG_INVALID', 'grants.yaml:3: no');
    };
    await world.after(0);
    const end = world.board.summary().schedule.check.lastEnd;
    assert.deepEqual([end?.outcome, end?.detail], ['failed', 'grants.yaml:3: no']);
    world.wanted = wanted;
    await world.after(10 * 60_000);
    assert.equal(world.asked.length, 0);
    await world.after(6 * 60_000);
    assert.equal(world.asked.length, 1);
  });

  it('has nothing to do where nobody is wanted', async () => {
    world.wanted = () => [];
    await world.after(0);
    assert.equal(world.board.summary().schedule.check.lastEnd?.outcome, 'done');
    await world.after(HOUR_MS);
    assert.equal(world.board.summary().schedule.check.runs.done, 1);
  });

  it('that a supervisor died in is followed by the next, or made again where nobody knows what it asked for', async () => {
    await world.after(0);
    const follower = new World({ check: 'every 6h' }, world.kept);
    for (const [id, push] of world.pushes) follower.pushes.set(id, push);
    follower.end(DRIFT);
    await follower.after(0);
    assert.deepEqual([follower.asked.length, follower.board.summary().driftedHosts], [0, 1]);

    const lost = {
      ...world.kept,
      running: { task: 'check', step: 'look', since: world.now().wall, pushes: null },
    } as const;
    const other = new World({ check: 'every 6h' }, lost);
    await other.after(0);
    assert.equal(other.board.summary().schedule.check.lastEnd?.outcome, 'failed');
    await other.after(16 * 60_000);
    assert.equal(other.asked.length, 1);
  });
});

describe('a scheduled sync', () => {
  beforeEach(async () => {
    world = new World({ sync: 'every 6h' });
    await world.after(6 * HOUR_MS);
  });

  it('looks first, then pushes to what differs, and drift is over', async () => {
    assert.equal(world.asked[0]?.kind, 'plan');
    world.end(DRIFT);
    await world.after(0);
    const [, push] = world.asked;
    assert.deepEqual(
      [push?.kind, push?.plan, push?.granted, push?.actor],
      ['push', 'p-1', true, SCHEDULE_ACTOR],
    );
    assert.equal(world.board.summary().driftedHosts, 1);
    world.end({ outcome: 'changed', reason: 'AccountPushed' });
    await world.after(0);
    const { driftedHosts, schedule } = world.board.summary();
    assert.deepEqual([driftedHosts, schedule.sync.lastEnd?.detail], [0, '1 changed']);
  });

  it('pushes nothing where nothing differs', async () => {
    world.end(plan('unchanged'));
    await world.after(HOUR_MS);
    assert.equal(world.asked.length, 1);
    assert.match(world.board.summary().schedule.sync.lastEnd?.detail ?? '', /nothing was to be put right/);
  });

  it('does nothing over the number that goes unasked by hand, and says so until it may again', async () => {
    const hosts = Array.from({ length: 51 }, (_, index) => `web-${String(index)}`);
    world = new World({ sync: 'every 6h' });
    world.wanted = () => hosts.map((host) => ({ host, account: LEE, because: [], grants: [] }));
    await world.after(6 * HOUR_MS);
    world.end(...hosts.map(() => plan('create')));
    await world.after(0);
    assert.equal(world.asked.length, 1, 'it only looked');
    const { held, schedule } = world.board.summary();
    assert.match(held?.why ?? '', /push 51 accounts/);
    assert.deepEqual(schedule.sync.runs, { done: 0, held: 1, failed: 0 });
    assert.equal(new World({ sync: 'every 6h' }, world.kept).board.summary().held?.since, held?.since);
    await world.after(6 * HOUR_MS);
    world.end(...hosts.map(() => plan('unchanged')));
    await world.after(0);
    assert.equal(world.board.summary().held, null);
  });
});

describe('a scheduled survey', () => {
  it('asks every host, and what is left over stays known until it is removed', async () => {
    world = new World({ leftovers: 'every 1d' });
    await world.after(0);
    assert.deepEqual([world.asked[0]?.kind, world.asked[0]?.hosts], ['survey', ['web-1']]);
    const owned = {
      name: 'kim',
      presence: 'ours',
      wasGranted: true,
      state: 'ready',
      isLocked: false,
      lastLogin: null,
    };
    world.end({
      reason: 'SurveyMade',
      owned: [{ ...owned, processes: 0, running: [], sessions: 0, hasCrontab: false, filesElsewhere: null }],
    });
    await world.after(0);
    assert.deepEqual(world.board.summary().leftovers, { open: 1, locked: 0, kept: 0 });
    const again = new World({ leftovers: 'every 1d' }, world.kept);
    assert.deepEqual(
      again.board.book.leftovers().map(({ account }) => account),
      ['kim'],
    );
    const decision = { what: 'keep', by: 'mia', at: again.now().wall, reason: 'handover' } as const;
    again.board.book.noteDecision('web-1', 'kim', decision);
    assert.deepEqual(again.board.summary().leftovers, { open: 0, locked: 0, kept: 1 });
    again.board.book.noteDecision('web-1', 'kim', null);
    const deed = {
      state: 'done',
      host: 'web-1',
      account: { ...LEE, name: 'kim' },
      result: { at: again.now().wall },
    };
    again.board.book.hear({ ...deed, kind: 'revoke' } as unknown as JobRecord);
    assert.deepEqual(again.board.summary().leftovers, { open: 0, locked: 1, kept: 0 });
    again.board.book.hear({ ...deed, kind: 'remove' } as unknown as JobRecord);
    assert.deepEqual(again.board.summary().leftovers, { open: 0, locked: 0, kept: 0 });
  });
});

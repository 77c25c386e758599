/**
 * A life that stood ready as the spare becomes a worker's, with real processes: all that goes by its name goes by the new one.
 * Nobody listens where these workers look for Redis; they start, beat and end without it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { WorkerObservation } from '../../src/detector/evidence.ts';
import { findDelegation, type Delegation } from '../../src/driver/workerCgroup.ts';
import { sameIncarnation, SPARE_NAME, type Incarnation } from '../../src/heartbeat.ts';
import { isAlive } from '../../src/proc.ts';
import { WorkerPool } from '../fixtures/builtWorkers.js';
import { delegate, enterOwnCgroup, whyNoCgroup } from '../support/cgroup.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

/** A pool, and all that it said. */
class Stage {
  readonly seen: { readonly worker: string; readonly observation: WorkerObservation }[] = [];
  readonly lines: string[] = [];
  readonly home: string;
  readonly pool: WorkerPool;

  constructor(parts: Parts, delegation: Delegation | null = null) {
    this.home = tempHome(parts);
    const redis = { kind: 'socket', path: join(this.home, 'none.sock') } as const;
    const greeting = { type: 'configure', lockMs: 60_000, redis, queue: 'q', slots: 2 } as const;
    this.pool = new WorkerPool(
      { homeDir: this.home, openFiles: 1_024, delegation, greeting },
      {
        onObservation: (worker, observation) => this.seen.push({ worker, observation }),
        onMessage: () => undefined,
        onLine: (worker, line) => this.lines.push(`${worker}: ${line}`),
        onFailure: (action, detail) => this.lines.push(`${action}: ${detail}`),
      },
    );
    parts.after(async () => {
      for (const { worker, observation } of [...this.seen]) {
        if (observation.kind !== 'spawned' && observation.kind !== 'tookPlace') continue;
        this.pool.kill(worker, observation.incarnation, { signal: 'SIGKILL', why: 'Stopping' });
      }
      const lives = this.seen.filter(({ observation }) => observation.kind === 'spawned').length;
      await until('all have gone', () => this.of('gone').length === lives);
    });
  }

  /** The lives of which this was seen, oldest first, with the name it was seen under. */
  of(kind: WorkerObservation['kind']): { readonly worker: string; readonly incarnation: Incarnation }[] {
    return this.seen.flatMap(({ worker, observation }) =>
      observation.kind === kind && observation.kind !== 'spawnFailed'
        ? [{ worker, incarnation: observation.incarnation }]
        : [],
    );
  }

  async spare(): Promise<Incarnation> {
    this.pool.spawn(SPARE_NAME);
    return until(
      'the spare beats',
      () => this.of('beat').find(({ worker }) => worker === SPARE_NAME)?.incarnation,
    );
  }
}

function titleOf({ pid }: Incarnation): string {
  return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
    .replaceAll('\0', ' ')
    .trim();
}

describe('a spare that becomes a worker', () => {
  it(
    'is that worker in its title, its beats, its lines, what is done to it, and its end',
    withParts(async (parts) => {
      const stage = new Stage(parts);
      const life = await stage.spare();
      assert.equal(titleOf(life), 'garrison worker spare');
      stage.pool.promote('push-1', life);
      assert.deepEqual(stage.of('tookPlace'), [{ worker: 'push-1', incarnation: life }]);
      await until('it bears the name', () => titleOf(life) === 'garrison worker push-1');
      assert.equal(stage.pool.nameOf(life.nonce), 'push-1');
      stage.pool.tell('push-1', life, { type: 'resume' });
      assert.deepEqual(stage.of('resumed'), [{ worker: 'push-1', incarnation: life }]);
      await until('it beats as that', () => stage.of('beat').some(({ worker }) => worker === 'push-1'));
      const told = stage.seen.length;
      await until('it beats again', () => stage.seen.length > told);
      assert.ok(stage.seen.slice(told).every(({ worker }) => worker === 'push-1'));
      await stage.pool.autopsy('push-1', life, { reason: 'NoBeat', jobs: [] });
      const [file = ''] = readdirSync(join(stage.home, 'incidents'));
      assert.match(file, new RegExp(`-push-1-${String(life.pid)}\\.json$`));
      stage.pool.kill(SPARE_NAME, life, { signal: 'SIGKILL', why: 'Hung' });
      assert.deepEqual(stage.of('killAsked'), [], 'the spare is somebody else now');
      stage.pool.kill('push-1', life, { signal: 'SIGKILL', why: 'Hung' });
      await until('its end is seen', () => stage.of('gone').length === 1);
      for (const kind of ['killAsked', 'exited', 'gone'] as const)
        assert.deepEqual(stage.of(kind), [{ worker: 'push-1', incarnation: life }]);
    }),
  );

  it(
    'leaves its name to the next spare, and each is itself',
    withParts(async (parts) => {
      const stage = new Stage(parts);
      const first = await stage.spare();
      stage.pool.promote('push-1', first);
      const told = stage.seen.length;
      stage.pool.spawn(SPARE_NAME);
      const second = await until('the next beats', () =>
        stage.seen
          .slice(told)
          .flatMap(({ worker, observation }) =>
            worker === SPARE_NAME && observation.kind === 'beat' ? [observation.incarnation] : [],
          )
          .at(0),
      );
      assert.equal(sameIncarnation(first, second), false);
      process.kill(second.pid, 'SIGKILL');
      await until('its end is seen', () => stage.of('exited').length === 1);
      assert.deepEqual(stage.of('exited'), [{ worker: SPARE_NAME, incarnation: second }]);
      assert.equal(isAlive(first), true);
    }),
  );

  it(
    'that has died a moment ago gives the worker nothing: it gets a process of its own',
    withParts(async (parts) => {
      const stage = new Stage(parts);
      const life = await stage.spare();
      process.kill(life.pid, 'SIGKILL');
      // Spins, so that the end is in /proc and was not told to anybody here.
      while (isAlive(life));
      stage.pool.promote('push-1', life);
      assert.deepEqual(stage.of('tookPlace'), []);
      assert.equal(stage.of('spawned').at(-1)?.worker, 'push-1');
      const own = await until('it is ready', () =>
        stage.of('ready').find(({ worker }) => worker === 'push-1'),
      );
      assert.equal(sameIncarnation(own.incarnation, life), false);
      assert.deepEqual(
        stage.of('exited').map(({ worker }) => worker),
        [SPARE_NAME],
      );
    }),
  );

  it(
    'takes nobody the life that he has',
    withParts(async (parts) => {
      const stage = new Stage(parts);
      stage.pool.spawn('push-1');
      const life = await stage.spare();
      stage.pool.promote('push-1', life);
      assert.deepEqual(stage.of('tookPlace'), []);
      assert.equal(stage.pool.nameOf(life.nonce), SPARE_NAME);
    }),
  );

  it(
    'keeps its cgroup, which ends with it',
    { skip: whyNoCgroup() },
    withParts(async (parts) => {
      const own = enterOwnCgroup(parts);
      delegate(own);
      const stage = new Stage(parts, findDelegation([own.mount]));
      const life = await stage.spare();
      const cgroup = readFileSync(`/proc/${String(life.pid)}/cgroup`, 'utf8');
      assert.match(cgroup, new RegExp(life.nonce));
      stage.pool.promote('push-1', life);
      await until('it bears the name', () => titleOf(life) === 'garrison worker push-1');
      assert.equal(readFileSync(`/proc/${String(life.pid)}/cgroup`, 'utf8'), cgroup);
      stage.pool.kill('push-1', life, { signal: 'SIGKILL', why: 'Hung' });
      await until('its end is seen', () => stage.of('gone').length === 1);
      assert.deepEqual(await stage.pool.cgroupsEnded(3_000), []);
    }),
  );
});

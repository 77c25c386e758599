/**
 * Workers and their spare on the board, in a made-up world in which lives begin, beat and die whenever chance wants:
 * a spare takes one place once, a crash loop is no faster and eats no spares, and what is told of the worker is true.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WELL } from '../../src/detector/awareness.ts';
import { DEFAULT_LIMITS } from '../../src/detector/verdict.ts';
import { SPARE_NAME, type Incarnation } from '../../src/heartbeat.ts';
import type { Action } from '../../src/reconciler/action.ts';
import { RESTART_POLICY } from '../../src/reconciler/restart.ts';
import { WorkerBoard } from '../../src/supervisor/workerBoard.ts';
import { moment } from '../support/madeUpStream.ts';

const NAMES = ['push-1', 'push-2', 'push-3'];
const STEP_MS = 50;
const BOOT_MS = 300;

interface Settings {
  readonly spare: boolean;
  readonly stopsAtMs?: number;
}

interface Life {
  readonly incarnation: Incarnation;
  name: string;
  readonly readyAtMs: number;
  beats: number;
  nextBeatMs: number;
}

/** Does what the board wants as the hands would, and lets it see what comes of that. */
class World {
  nowMs = 0;
  readonly lives = new Map<string, Life>();
  /** Every start of a worker or the spare, as it was ordered. */
  readonly starts: { readonly atMs: number; readonly name: string; readonly nonce: string | null }[] = [];
  readonly board: WorkerBoard;
  readonly #stopsAtMs: number;
  #born = 0;

  constructor({ spare, stopsAtMs = Infinity }: Settings) {
    this.#stopsAtMs = stopsAtMs;
    this.board = new WorkerBoard(
      {
        ...{ names: NAMES, slots: 2, memoryLimitBytes: 1e9, host: 'here', limits: DEFAULT_LIMITS, spare },
        ...{ recycleLimits: { maxJobs: null, maxAgeMs: null }, policy: RESTART_POLICY },
        ...{ earlier: [], keep: () => undefined, dice: () => 0 },
      },
      moment(0).wall,
    );
  }

  step(): void {
    this.nowMs += STEP_MS;
    for (const life of this.lives.values()) this.#live(life);
    for (let again = true; again;) again = this.#turn();
  }

  run(forMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs;) this.step();
  }

  kill(name: string, lastLines: readonly string[] = []): void {
    const life = this.lives.get(name);
    if (life === undefined) return;
    this.lives.delete(name);
    const { incarnation } = life;
    this.#see(name, { kind: 'exited', incarnation, exitCode: null, signal: 'SIGKILL', lastLines });
  }

  #live(life: Life): void {
    const { incarnation, readyAtMs } = life;
    if (this.nowMs < readyAtMs) return;
    if (life.beats === 0) this.#see(life.name, { kind: 'ready', incarnation });
    if (this.nowMs < life.nextBeatMs) return;
    life.beats += 1;
    life.nextBeatMs = this.nowMs + 1_000;
    const idle = { loopDelayP99Ms: 1, unansweredMs: 0, jobs: [], slots: 2, jobsDone: 0, rssBytes: 8e7 };
    this.#see(life.name, { kind: 'beat', incarnation, beat: { seq: life.beats, ...idle } });
  }

  #turn(): boolean {
    const { actions } = this.board.decide({
      ...{ brokerAwaySince: null, brokerBackAt: null, awareness: WELL, oldestWaitingMs: 0, queueStillMs: 0 },
      ...{ canary: null, drain: { drainWithinMs: 10_000, termGraceMs: 500 }, queueOpen: true },
      stopping: this.nowMs >= this.#stopsAtMs,
      at: moment(this.nowMs),
    });
    for (const action of actions) this.#perform(action);
    return actions.length > 0;
  }

  #perform(action: Action): void {
    switch (action.kind) {
      case 'spawnWorker':
        this.starts.push({ atMs: this.nowMs, name: action.worker, nonce: null });
        this.#spawn(action.worker);
        break;
      case 'promoteSpare':
        this.starts.push({ atMs: this.nowMs, name: action.worker, nonce: action.incarnation.nonce });
        this.#promote(action.worker, action.incarnation);
        break;
      case 'tellWorker':
        this.#see(action.worker, { kind: 'resumed', incarnation: action.incarnation });
        break;
      case 'drainWorker': {
        const { incarnation, why, worker } = action;
        this.#see(worker, { kind: 'drainAsked', incarnation, why });
        this.lives.delete(worker);
        this.#see(worker, { kind: 'exited', incarnation, exitCode: 0, signal: null, lastLines: [] });
        break;
      }
      default:
        assert.fail(`nobody is ill here, and yet: ${action.kind}`);
    }
  }

  #spawn(name: string): void {
    assert.equal(this.lives.has(name), false, `${name} has a life already`);
    this.#born += 1;
    const incarnation = { pid: this.#born, startTicks: this.#born, nonce: `n${String(this.#born)}` };
    const readyAtMs = this.nowMs + BOOT_MS;
    this.lives.set(name, { incarnation, name, readyAtMs, beats: 0, nextBeatMs: readyAtMs });
    this.#see(name, { kind: 'spawned', incarnation });
  }

  #promote(name: string, { nonce }: Incarnation): void {
    assert.equal(this.lives.has(name), false, `${name} has a life already`);
    const life = this.lives.get(SPARE_NAME);
    if (life?.incarnation.nonce !== nonce) {
      this.#spawn(name);
      return;
    }
    assert.ok(life.beats > 0, 'it stood ready');
    this.lives.delete(SPARE_NAME);
    life.name = name;
    this.lives.set(name, life);
    this.#see(name, { kind: 'tookPlace', incarnation: life.incarnation });
  }

  #see(name: string, observation: Parameters<WorkerBoard['observe']>[1]): void {
    this.board.observe(name, observation, moment(this.nowMs));
  }

  view(name: string): NonNullable<ReturnType<WorkerBoard['view']>> {
    const view = this.board.view(name, { jobs: [], riders: 0 }, moment(this.nowMs));
    assert.ok(view !== null);
    return view;
  }

  promotions(): readonly string[] {
    return this.starts.flatMap(({ name, nonce }) => (nonce === null ? [] : [name]));
  }
}

describe('a worker that dies while a spare stands ready', () => {
  it('is up in the same step, says by whom, and counts a restart; the next spare stands soon', () => {
    const world = new World({ spare: true });
    world.run(2_000);
    assert.equal(world.board.spareView(moment(world.nowMs))?.state, 'ready');
    const life = world.lives.get(SPARE_NAME)?.incarnation;
    world.kill('push-2');
    world.step();
    const view = world.view('push-2');
    assert.deepEqual(view.incarnation, life);
    assert.deepEqual([view.state, view.reason, view.restarts], ['up', 'Beating', 1]);
    assert.match(view.detail, /it was the spare and took this place at /);
    const told = world.board.incidents().filter(({ worker }) => worker === 'push-2');
    assert.deepEqual(
      told.slice(0, 3).map(({ state, reason, shown }) => `${state} ${reason} ${String(shown)}`),
      ['up Beating true', 'starting SpareTookOver true', 'backoff Killed true'],
    );
    assert.equal(world.board.spareView(moment(world.nowMs))?.state, 'starting');
    const { restarts } = world.board.measures().find(({ worker }) => worker === 'push-2')!;
    assert.equal(restarts.Killed, 1);
    world.run(1_500);
    assert.equal(world.board.spareView(moment(world.nowMs))?.state, 'ready');
    assert.notDeepEqual(world.lives.get(SPARE_NAME)?.incarnation, life);
  });

  it('of two that die at once one gets the spare, the other a process of its own', () => {
    const world = new World({ spare: true });
    world.run(2_000);
    world.kill('push-1');
    world.kill('push-3');
    world.step();
    assert.deepEqual(world.promotions(), ['push-1']);
    assert.equal(world.view('push-3').reason, 'Spawned');
    world.run(3_000);
    assert.ok(NAMES.every((name) => world.view(name).state === 'up'));
  });

  it('a spare that dies with it is not missed: the worker gets a process of its own', () => {
    const world = new World({ spare: true });
    world.run(2_000);
    // Its end is not seen before the promotion is ordered.
    world.lives.delete(SPARE_NAME);
    world.kill('push-1');
    world.step();
    assert.equal(world.view('push-1').reason, 'Spawned');
  });

  it('stops with its supervisor, and is counted among the living until then', () => {
    const world = new World({ spare: true, stopsAtMs: 3_000 });
    world.run(2_500);
    assert.equal(world.board.living(), NAMES.length + 1);
    assert.equal(world.board.livingNonces().size, NAMES.length + 1);
    world.run(1_000);
    assert.equal(world.board.living(), 0);
    assert.deepEqual(world.lives.size, 0);
  });

  it('is none of the workers, and is not there where none is kept', () => {
    const world = new World({ spare: true });
    world.run(2_000);
    assert.deepEqual(world.board.names(), NAMES);
    assert.deepEqual([...world.board.taking().names].sort(), NAMES);
    const { incarnation } = world.lives.get(SPARE_NAME)!;
    assert.equal(world.board.nameOf(incarnation.pid, incarnation.startTicks), SPARE_NAME);
    const without = new World({ spare: false });
    without.run(2_000);
    assert.equal(without.board.spareView(moment(without.nowMs)), null);
    assert.equal(without.lives.has(SPARE_NAME), false);
  });
});

/** Kills at moments of chance; of the spare, too. */
const kills = fc.array(fc.record({ afterMs: fc.nat(4_000), name: fc.constantFrom(...NAMES, SPARE_NAME) }), {
  maxLength: 25,
  size: 'max',
});

describe('whatever dies whenever', () => {
  it('every life takes one place at most, the worker that gets one had not just failed before, and all come back', () => {
    let promoted = 0;
    fc.assert(
      fc.property(kills, (deaths) => {
        const world = new World({ spare: true });
        world.run(1_000);
        const diedAtMs = new Map<string, number>();
        for (const { afterMs, name } of deaths) {
          world.run(afterMs);
          const before = world.starts.length;
          const isSecond = diedAtMs.has(name);
          if (world.lives.has(name)) diedAtMs.set(name, world.nowMs);
          world.kill(name);
          world.step();
          const given = world.starts
            .slice(before)
            .filter((start) => start.name === name && start.nonce !== null);
          if (isSecond) assert.deepEqual(given, [], `${name} failed a moment ago: its back-off is in force`);
          promoted += given.length;
        }
        const given = world.starts.flatMap(({ nonce }) => nonce ?? []);
        assert.equal(new Set(given).size, given.length, 'each once');
        world.run(70_000);
        for (const name of NAMES) assert.equal(world.view(name).state, 'up', name);
        assert.equal(world.board.spareView(moment(world.nowMs))?.state, 'ready');
      }),
      { numRuns: 25 },
    );
    assert.ok(promoted > 0, 'there were some');
  });

  it('a crash loop is started exactly as often and as late as without a spare, and eats one', () => {
    fc.assert(
      fc.property(fc.integer({ min: BOOT_MS + STEP_MS, max: 3_000 }), (livesMs) => {
        const [withSpare, without] = [true, false].map((spare) => {
          const world = new World({ spare });
          world.run(2_000);
          const startedAtMs = (): number => world.starts.findLast(({ name }) => name === 'push-1')!.atMs;
          const endMs = world.nowMs + 60_000;
          while (world.nowMs < endMs) {
            world.step();
            if (world.nowMs - startedAtMs() >= livesMs) world.kill('push-1');
          }
          return world;
        }) as [World, World];
        const startsOf = ({ starts }: World): number[] =>
          starts.filter(({ name }) => name === 'push-1').map(({ atMs }) => atMs);
        assert.deepEqual(startsOf(withSpare), startsOf(without));
        assert.ok(startsOf(without).length > 4, 'it did loop');
        assert.deepEqual(withSpare.promotions(), ['push-1']);
        assert.equal(withSpare.board.spareView(moment(withSpare.nowMs))?.state, 'ready', 'for the others');
        assert.equal(withSpare.view('push-1').state, without.view('push-1').state);
      }),
      { numRuns: 10 },
    );
  });
});

/**
 * The real boards of workers and containers on one scripted clock, shown through the real server: every state can be had, and stands still while it is read.
 * It is the world around the boards: what they ask to be done to workers, it does not do.
 */
import { WELL, type Awareness } from '../../../src/detector/awareness.ts';
import type { WorkerObservation } from '../../../src/detector/evidence.ts';
import { DEFAULT_LIMITS } from '../../../src/detector/verdict.ts';
import type { Moment } from '../../../src/clock.ts';
import type { Incarnation } from '../../../src/heartbeat.ts';
import { RESTART_POLICY } from '../../../src/reconciler/restart.ts';
import { WorkerBoard } from '../../../src/supervisor/workerBoard.ts';
import type { Snapshot, WorkerView } from '../../../src/supervisor/door.ts';
import { snapshotOf } from '../../../src/supervisor/snapshot.ts';
import type { FakeDoor } from '../fakeDoor.ts';
import { HealScene, momentAt, type SceneSettings } from '../healScene.ts';
import { noGrantsWork } from '../noGrantsWork.ts';
import { idOf } from '../madeUpContainer.ts';

const STEP_MS = 1_000;
const BEAT_EVERY_MS = 1_000;
const DRAIN = { drainWithinMs: 30_000, termGraceMs: 2_000 };

interface Life {
  readonly incarnation: Incarnation;
  seq: number;
  beats: boolean;
  lastBeatMs: number;
}

export class EveryState {
  readonly containers: HealScene;
  awareness: Awareness = WELL;
  readonly #names: readonly string[];
  readonly #board: WorkerBoard;
  readonly #lives = new Map<string, Life>();
  #pid = 100;
  #redisAwaySince: Moment | null = null;
  #redisBackAt: Moment | null = null;

  constructor(workers: readonly string[], containers: SceneSettings) {
    this.#names = workers;
    this.containers = new HealScene(containers);
    this.#board = new WorkerBoard(
      {
        names: workers,
        slots: 2,
        memoryLimitBytes: 2 ** 29,
        host: 'here',
        limits: DEFAULT_LIMITS,
        recycleLimits: { maxJobs: null, maxAgeMs: null },
        policy: RESTART_POLICY,
        earlier: [],
        keep: () => undefined,
        dice: () => 0.5,
      },
      this.#at.wall,
    );
    this.#decide();
  }

  /** Whatever the server asks the door for, these boards answer. */
  showThrough(door: FakeDoor): void {
    door.snapshot = () => this.#snapshot();
    door.listContainers = () => this.containers.board.list();
    door.verdictCounts = () => this.#board.verdictCounts();
    door.healCounts = () => [];
  }

  /** All states as one text: two that are the same look the same everywhere. */
  get digest(): string {
    const { workers, docker, redis } = this.#snapshot();
    const all = [...workers, ...this.containers.board.list()].map(({ name, state }) => `${name} ${state}`);
    return [...all, `docker ${docker.state}`, `redis ${String(redis.up)}`].join('\n');
  }

  /** A new life, that is not ready yet. */
  spawn(worker: string): void {
    const incarnation = { pid: (this.#pid += 1), startTicks: 1, nonce: `n${String(this.#pid)}` };
    this.#lives.set(worker, { incarnation, seq: 0, beats: false, lastBeatMs: -Infinity });
    this.#see(worker, { kind: 'spawned', incarnation });
  }

  live(worker: string): void {
    this.spawn(worker);
    const { incarnation } = this.#life(worker);
    this.#see(worker, { kind: 'ready', incarnation });
    this.#see(worker, { kind: 'resumed', incarnation });
    this.beat(worker, true);
  }

  beat(worker: string, beats: boolean): void {
    this.#life(worker).beats = beats;
  }

  drain(worker: string): void {
    const { incarnation } = this.#life(worker);
    this.#see(worker, { kind: 'drainAsked', incarnation, why: 'DrainAsked' });
  }

  die(worker: string): void {
    const { incarnation } = this.#life(worker);
    this.#see(worker, { kind: 'exited', incarnation, exitCode: null, signal: 'SIGKILL', lastLines: [] });
    this.#lives.delete(worker);
  }

  wishStopped(worker: string, stopped: boolean): void {
    const wish = stopped ? 'stop' : 'run';
    this.#board.setWish(worker, { worker: wish, recycle: null, recycleFor: 'Person' });
    this.#decide();
  }

  redis(up: boolean): void {
    this.#redisAwaySince = up ? null : this.#at;
    this.#redisBackAt = up ? this.#at : null;
    this.#decide();
  }

  /** Docker has removed it. */
  remove(container: string): void {
    this.containers.board.take({ kind: 'containerGone', id: idOf(container) }, this.#at);
    this.containers.turn();
  }

  /** The clock goes on step by step; `look` is called after each. */
  async pass(ms: number, look: () => Promise<void>): Promise<void> {
    await look();
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      this.containers.pass(STEP_MS);
      for (const [worker, life] of this.#lives) this.#beatIfDue(worker, life);
      this.#decide();
      await look();
    }
  }

  get #at(): Moment {
    return momentAt(this.containers.nowMs);
  }

  #beatIfDue(worker: string, life: Life): void {
    const { monoMs } = this.#at;
    if (!life.beats || monoMs - life.lastBeatMs < BEAT_EVERY_MS) return;
    life.lastBeatMs = monoMs;
    const empty = { loopDelayP99Ms: 1, unansweredMs: 0, jobs: [], slots: 2, jobsDone: 0, rssBytes: 5e7 };
    const beat = { ...empty, seq: (life.seq += 1) };
    this.#board.observe(worker, { kind: 'beat', incarnation: life.incarnation, beat }, this.#at);
  }

  #life(worker: string): Life {
    const life = this.#lives.get(worker);
    if (life === undefined) throw new Error(`${worker} does not live`);
    return life;
  }

  #see(worker: string, observation: WorkerObservation): void {
    this.#board.observe(worker, observation, this.#at);
    this.#decide();
  }

  #decide(): void {
    this.#board.decide({
      brokerAwaySince: this.#redisAwaySince,
      brokerBackAt: this.#redisBackAt,
      awareness: this.awareness,
      oldestWaitingMs: 0,
      queueStillMs: 0,
      canary: null,
      drain: DRAIN,
      stopping: false,
      queueOpen: true,
      at: this.#at,
    });
  }

  #snapshot(): Snapshot {
    const at = this.#at;
    const views = this.#names.map((name) => this.#board.view(name, { jobs: [], riders: 0 }, at));
    const up = this.#redisAwaySince === null;
    const since = (this.#redisAwaySince ?? this.#redisBackAt ?? momentAt(0)).wall;
    const workers: readonly WorkerView[] = views.filter((view) => view !== null);
    return snapshotOf({
      settings: { host: 'here', version: '0.1.0', startedAt: momentAt(0) },
      state: 'running',
      facts: {
        workers,
        redis: { up, since, detail: up ? 'it answers' : 'connection refused' },
        open: [],
        keeper: null,
        stillSince: null,
      },
      canary: { lastTookMs: null, lastAt: null, sentAt: null },
      hosts: [],
      zombies: {
        observedAt: at.wall,
        total: 0,
        byOwner: { own: 0, worker: 0, container: 0, foreign: 0 },
        lasting: 0,
        reaped: { orphan: 0, worker: 0 },
        limited: null,
      },
      docker: this.containers.board.docker,
      containers: this.containers.board.summary(),
      home: { setAside: [], unwritable: [] },
      grants: noGrantsWork().board.summary(),
      fleet: null,
      queueOfLead: null,
      spare: this.#board.spareView(at),
      at,
    });
  }
}

/**
 * Measures what judging costs: a thousand workers' beats a second through the real supervisor, whose hands are empty.
 * No worker is started; each beat comes at its own moment, as from a process of its own, and the clock is the real one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { now, type Moment } from '../src/clock.ts';
import { DEFAULT_LIMITS } from '../src/detector/verdict.ts';
import { BEAT_INTERVAL_MS, type Beat, type Incarnation } from '../src/heartbeat.ts';
import type { Action } from '../src/reconciler/action.ts';
import { HEAL_POLICY } from '../src/reconciler/healRecord.ts';
import { RESTART_POLICY } from '../src/reconciler/restart.ts';
import type { SelectionRules } from '../src/reconciler/selection.ts';
import { ContainerBoard } from '../src/supervisor/containerBoard.ts';
import { CanaryWatch } from '../src/supervisor/canaryWatch.ts';
import { HealBoard } from '../src/supervisor/healBoard.ts';
import { HealStory } from '../src/supervisor/healStory.ts';
import { noGrantsWork } from '../test/support/noGrantsWork.ts';
import { HomeBoard } from '../src/supervisor/homeBoard.ts';
import { FleetBoard } from '../src/supervisor/fleetBoard.ts';
import { JobBoard } from '../src/supervisor/jobBoard.ts';
import { Loops } from '../src/supervisor/measures.ts';
import { Observer } from '../src/supervisor/observer.ts';
import { OrphanBoard } from '../src/supervisor/orphanBoard.ts';
import { Publisher, type Report } from '../src/supervisor/publisher.ts';
import { RedisWatch } from '../src/supervisor/redisWatch.ts';
import { Relay } from '../src/supervisor/relay.ts';
import { Refusals } from '../src/supervisor/refusals.ts';
import { Stragglers } from '../src/supervisor/stragglers.ts';
import { Supervisor } from '../src/supervisor/supervisor.ts';
import { WorkerBoard } from '../src/supervisor/workerBoard.ts';
import { ZombieBoard } from '../src/supervisor/zombieBoard.ts';
import { rounded } from './benchmark.ts';

export interface DecidingCost {
  readonly workers: number;
  readonly beats: number;
  readonly measuredMs: number;
  /** Receiving, judging and publishing: what the whole process took, less what sending the same beats to nobody took. */
  readonly cpuPercent: number;
  readonly withSendingCpuPercent: number;
  readonly notUp: number;
}

const SETTLE_MS = 3_000;

export async function measureDecidingCost(workers: number, forMs: number): Promise<DecidingCost> {
  const alone = await cpuShareOf(() => undefined, workers, forMs);
  const fleet = new Fleet(workers);
  try {
    await cpuShareOf((index) => fleet.beat(index), workers, SETTLE_MS);
    const judged = await cpuShareOf((index) => fleet.beat(index), workers, forMs);
    return {
      workers,
      beats: judged.beats,
      measuredMs: rounded(judged.measuredMs, 0),
      cpuPercent: rounded(judged.cpuPercent - alone.cpuPercent, 2),
      withSendingCpuPercent: rounded(judged.cpuPercent, 2),
      notUp: fleet.notUp(),
    };
  } finally {
    fleet.end();
  }
}

interface Share {
  readonly beats: number;
  readonly measuredMs: number;
  readonly cpuPercent: number;
}

/** Sends every worker's beat once an interval, spread evenly over it. */
async function cpuShareOf(send: (index: number) => void, workers: number, forMs: number): Promise<Share> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  let beats = 0;
  for (;;) {
    const measuredMs = performance.now() - startedMs;
    const due = Math.floor((Math.min(measuredMs, forMs) * workers) / BEAT_INTERVAL_MS);
    for (; beats < due; beats += 1) send(beats % workers);
    if (measuredMs >= forMs) {
      const { user, system } = process.cpuUsage(before);
      return { beats, measuredMs, cpuPercent: (user + system) / 10 / measuredMs };
    }
    await sleep(1);
  }
}

/** A supervisor of so many workers, all up, none of them a process. */
export class Fleet {
  readonly #names: readonly string[];
  readonly #seqs: number[];
  readonly supervisor: Supervisor;

  constructor(workers: number) {
    this.#names = Array.from({ length: workers }, (_, index) => `push-${String(index + 1)}`);
    this.#seqs = this.#names.map(() => 0);
    this.supervisor = this.#makeSupervisor();
    this.supervisor.observe({ kind: 'redis', up: true, detail: 'benchmark' });
    this.supervisor.start();
  }

  /** As the driver hands it over: to the judging of workers and to that of jobs. */
  beat(index: number): void {
    const worker = this.#names[index] ?? '';
    const seq = (this.#seqs[index] ?? 0) + 1;
    this.#seqs[index] = seq;
    const incarnation = incarnationOf(index);
    const beat = beatOf(seq, index);
    this.supervisor.observe({ kind: 'worker', worker, observation: { kind: 'beat', incarnation, beat } });
    const message = { type: 'beat', beat } as const;
    this.supervisor.observe({ kind: 'job', observation: { kind: 'said', worker, incarnation, message } });
  }

  notUp(): number {
    return this.supervisor.snapshot().workers.filter(({ state }) => state !== 'up').length;
  }

  end(): void {
    this.supervisor.end();
  }

  #makeSupervisor(): Supervisor {
    const startedAt = now();
    const report = (): void => undefined;
    const board = new WorkerBoard(
      {
        names: this.#names,
        slots: 10,
        memoryLimitBytes: 512 * 2 ** 20,
        host: 'benchmark',
        limits: DEFAULT_LIMITS,
        recycleLimits: { maxJobs: null, maxAgeMs: null },
        policy: RESTART_POLICY,
        earlier: [],
        keep: () => undefined,
        dice: () => 0.5,
      },
      startedAt.wall,
    );
    const limits = { drainWithinMs: 1_000, termGraceMs: 500 };
    const settings = {
      ...{ host: 'benchmark', version: '0', drain: limits, stopDrain: limits, startedAt },
      shared: false,
    };
    return new Supervisor(settings, {
      fleet: new FleetBoard({ name: 'benchmark', homeId: '0' }, startedAt),
      relay: new Relay({ taskFor: () => 'hostGone' }),
      workers: board,
      jobs: new JobBoard({
        grantCheck: () => () => true,
        taskFor: () => 'hostGone',
        onChange: () => undefined,
        onEnd: () => undefined,
        onLost: () => undefined,
      }),
      redis: new RedisWatch(startedAt, { isOurs: true, report, dice: () => 0.5 }),
      orphans: new OrphanBoard(),
      containers: new ContainerBoard(
        { dependsOn: {}, startedAt },
        { report, heals: noHeals(startedAt, report) },
      ),
      canary: new CanaryWatch(() => undefined),
      zombies: new ZombieBoard({ ownPid: process.pid, workerOf: () => null, nameOfContainer: () => null }),
      observer: new Observer(() => 0),
      loops: new Loops(),
      publisher: new Publisher(report),
      stragglers: new Stragglers(() => undefined),
      refusals: new Refusals(report),
      hands: { perform: (action) => this.#perform(action) },
      hosts: () => [],
      home: new HomeBoard({ earlier: [], isThere: () => true }),
      grants: noGrantsWork().board,
      report,
    });
  }

  /** A start succeeds at once; nothing else is done. */
  #perform(action: Action): void {
    if (action.kind !== 'spawnWorker') return;
    const { worker } = action;
    const incarnation = incarnationOf(this.#names.indexOf(worker));
    for (const kind of ['spawned', 'ready'] as const)
      this.supervisor.observe({ kind: 'worker', worker, observation: { kind, incarnation } });
  }
}

function noHeals(startedAt: Moment, report: Report): HealBoard {
  const selection: SelectionRules = { select: 'label', projects: [], heal: [], observe: [], exclude: [] };
  return new HealBoard(
    { policy: HEAL_POLICY, selection, zombies: null, startedAt },
    {
      report,
      story: new HealStory({ earlier: [], keep: () => undefined, report }),
      earlier: { containers: [], maintenance: [] },
      keep: () => undefined,
      zombiesIn: () => 0,
      onHealed: () => undefined,
    },
  );
}

function incarnationOf(index: number): Incarnation {
  return { pid: 10_000 + index, startTicks: 1_000_000 + index, nonce: `nonce-${String(index)}` };
}

/** What differs from beat to beat in a real one differs here too. */
function beatOf(seq: number, index: number): Beat {
  return {
    seq,
    loopDelayP99Ms: seq % 3,
    unansweredMs: 900 + ((seq * 7 + index) % 100),
    jobs: [],
    slots: 10,
    jobsDone: 0,
    rssBytes: 70_000_000 + ((seq * 4096) % 1_000_000),
  };
}

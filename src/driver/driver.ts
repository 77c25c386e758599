/**
 * Opens the hands together: Redis, the queue, the memory of jobs, the worker processes; and ends them.
 * What they see comes out as events; it draws no conclusion from any.
 */
import type { WorkerObservation } from '../detector/evidence.ts';
import type { ReapedKind } from '../detector/zombie.ts';
import type { Incarnation } from '../heartbeat.ts';
import type { WorkerMessage } from '../push/workerMessage.ts';
import { PUSH_QUEUE } from '../queueName.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import type { JobNews } from '../reconciler/jobNews.ts';
import type { Orphan } from '../reconciler/orphan.ts';
import type { RedisTarget } from '../redisTarget.ts';
import type { OnSetAside } from '../setAside.ts';
import { EmbeddedRedis, type EmbeddedRedisEvents } from './embeddedRedis.ts';
import { ContainerHands } from './containerHands.ts';
import { DockerCalls, type OnDockerCall } from './docker.ts';
import type { DockerTarget } from './dockerTarget.ts';
import { DockerWatch, type DockerWatchEvents } from './dockerWatch.ts';
import { DriverHands, type HandsParts } from './hands.ts';
import { JobStore } from './jobStore.ts';
import { Keeper } from './keeper.ts';
import { PushQueue } from './queue.ts';
import { Reaper } from './reaper.ts';
import type { OnRedisDamage } from './redisFiles.ts';
import { RedisLink } from './redisLink.ts';
import { tellRefusals } from './signals.ts';
import type { ExitFact } from './spawn.ts';
import { leftProcess, type LeftProcess } from './left.ts';
import { logFileOf } from './retention.ts';
import { openSpool } from './spool.ts';
import { findDelegation } from './workerCgroup.ts';
import { WorkerPool } from './workers.ts';
import { ZombieScan, type ZombiesSeen } from './zombieScan.ts';

export interface DriverSettings {
  readonly homeDir: string;
  readonly redis: RedisTarget;
  /** True when the redis-server behind `redis` is ours to run. */
  readonly embedded: boolean;
  readonly slots: number;
  /** Files, pipes and sockets that a worker may have open at once. */
  readonly openFiles: number;
  readonly docker: DockerTarget;
}

/** A signal that the guard did not let pass; `worker` is null when it was the supervisor's own. */
export interface RefusedSignal {
  readonly rule: string;
  readonly pid: number;
  readonly signal: string;
  readonly worker: string | null;
}

export interface DriverEvents {
  readonly onWorker: (worker: string, observation: WorkerObservation) => void;
  readonly onSaid: (said: {
    readonly worker: string;
    readonly incarnation: Incarnation;
    readonly message: WorkerMessage;
  }) => void;
  readonly onNews: (news: JobNews) => void;
  readonly onZombies: (seen: ZombiesSeen) => void;
  readonly onRedis: (up: boolean, detail: string) => void;
  /** It answered the regular question. */
  readonly onRedisAnswer: () => void;
  readonly onRedisExit: (fact: ExitFact) => void;
  readonly onReaped: (pid: number, command: string, orphanKind: ReapedKind) => void;
  readonly onAdopted: (orphan: Orphan) => void;
  readonly onFailure: (action: string, detail: string) => void;
  readonly onRefused: (refused: RefusedSignal) => void;
  /** At the end: what could not be ended. */
  readonly onLeft: (left: readonly LeftProcess[]) => void;
  readonly docker: Omit<DockerWatchEvents, 'onEvent' | 'onCall'>;
  /** A call to Docker has ended, whoever made it. */
  readonly onDockerCall: OnDockerCall;
  readonly onHeal: (news: HealNews) => void;
  readonly onRedisLine: (line: string) => void;
  readonly onRedisDamage: OnRedisDamage;
  readonly onSetAside: OnSetAside;
  /** How each write of a result went; null when it was written. */
  readonly onSpool: (why: string | null) => void;
  readonly onWorkerLine: (worker: string, line: string) => void;
  /** Awaited at every connection to Redis before it counts as up. */
  readonly settle: () => Promise<void>;
}

export interface Driver {
  readonly store: JobStore;
  readonly queue: PushQueue;
  readonly hands: DriverHands;
  readonly keeper: Keeper;
  readonly containers: ContainerHands;
  start(): Promise<void>;
  end(): Promise<void>;
}

/** Far longer than a worker may be silent before it is ended: while it lives nobody else takes its jobs. */
const LOCK_MS = 60_000;
const REDIS_END_WITHIN_MS = 5_000;
const ORPHANS_END_WITHIN_MS = 2_000;
const CGROUPS_END_WITHIN_MS = 2_000;
const RELIST_CONTAINERS_EVERY_MS = 10_000;

export async function openDriver(settings: DriverSettings, events: DriverEvents): Promise<Driver> {
  const { homeDir } = settings;
  tellRefusals(({ rule, order: { target, signal } }) => {
    events.onRefused({ rule, pid: target.pid, signal, worker: null });
  });
  const server = new EmbeddedRedis(homeDir, redisEvents(events));
  const link = new RedisLink(settings.redis, homeDir, {
    settle: events.settle,
    onChange: events.onRedis,
    onAnswer: events.onRedisAnswer,
    onSetAside: events.onSetAside,
  });
  const store = new JobStore(link.redis);
  const queue = new PushQueue(link.redis);
  const reaper = new Reaper({ onReaped: events.onReaped, onAdopted: events.onAdopted });
  const zombies = new ZombieScan(events.onZombies);
  const { docker, containers } = openDocker(settings, events);
  const { onNews, onFailure } = events;
  const pool = openPool(settings, events);
  const spool = await openSpool(homeDir, events.onSetAside);
  const keeper = new Keeper({ spool, store, onNews, onFailure, onSpool: events.onSpool });
  const hands = new DriverHands({
    ...{ pool, reaper, queue, store, keeper, onNews, onFailure },
    ...redisHands(server),
    cluster: () => link.cluster,
    logFile: (jobId) => logFileOf(homeDir, jobId),
    sweepZombies: sweeping(reaper, zombies),
    containers,
  });
  const parts = { keeper, link, server, zombies, docker, containers, reaper, pool, onLeft: events.onLeft };
  return {
    store,
    queue,
    hands,
    keeper,
    containers,
    start: () => startAll(parts, settings.embedded),
    end: () => endAll(parts),
  };
}

function redisHands(server: EmbeddedRedis): Pick<HandsParts, 'spawnRedis' | 'signalRedis'> {
  return {
    spawnRedis: () => {
      server.spawn();
    },
    signalRedis: (signal) => server.signal(signal),
  };
}

function redisEvents(events: DriverEvents): EmbeddedRedisEvents {
  return {
    onLine: events.onRedisLine,
    onExit: events.onRedisExit,
    onDamage: events.onRedisDamage,
    onSetAside: events.onSetAside,
    onFailure: (detail) => {
      events.onFailure('mendRedis', detail);
    },
  };
}

interface Parts {
  readonly keeper: Keeper;
  readonly link: RedisLink;
  readonly server: EmbeddedRedis;
  readonly zombies: ZombieScan;
  readonly docker: DockerWatch;
  readonly containers: ContainerHands;
  readonly reaper: Reaper;
  readonly pool: WorkerPool;
  readonly onLeft: DriverEvents['onLeft'];
}

async function startAll({ link, server, zombies, docker }: Parts, embedded: boolean): Promise<void> {
  if (embedded) {
    await server.prepare();
    server.spawn();
  }
  link.start();
  zombies.start();
  docker.start();
}

/** Each step has its own limit, so that nothing that does not end keeps the rest from ending. */
async function endAll(parts: Parts): Promise<void> {
  const { keeper, link, server, zombies, docker, containers, reaper, pool, onLeft } = parts;
  zombies.end();
  await containers.end();
  await docker.end();
  await keeper.settled();
  await link.end();
  const redis = await server.end(REDIS_END_WITHIN_MS);
  const enclosed = await pool.cgroupsEnded(CGROUPS_END_WITHIN_MS);
  const orphans = await reaper.endAll(ORPHANS_END_WITHIN_MS);
  const outside = orphans.filter(({ pid }) => !enclosed.some((each) => each.pid === pid));
  const named = outside.flatMap(({ pid, life }) => leftProcess(pid, pool.nameOf(life ?? '')));
  onLeft([...redis, ...enclosed, ...named]);
}

/** Two clients: what one of them waits for keeps the other from nothing. */
function openDocker(
  { homeDir, docker: target }: DriverSettings,
  { docker, onHeal, onDockerCall: onCall }: DriverEvents,
): { docker: DockerWatch; containers: ContainerHands } {
  const watch = new DockerWatch(
    {
      calls: new DockerCalls(target, onCall),
      relistEveryMs: RELIST_CONTAINERS_EVERY_MS,
      dice: Math.random,
    },
    { ...docker, onCall, onEvent: (event) => containers.hear(event) },
  );
  const containers = new ContainerHands({
    homeDir,
    calls: new DockerCalls(target, onCall),
    watch,
    onNews: onHeal,
  });
  return { docker: watch, containers };
}

/** Reaped first, so that what is gone now is not listed. */
function sweeping(reaper: Reaper, zombies: ZombieScan): () => void {
  return () => {
    reaper.sweep();
    void zombies.now();
  };
}

function openPool(settings: DriverSettings, events: DriverEvents): WorkerPool {
  const greeting = {
    type: 'configure',
    lockMs: LOCK_MS,
    redis: settings.redis,
    queue: PUSH_QUEUE,
    slots: settings.slots,
  } as const;
  return new WorkerPool(
    {
      homeDir: settings.homeDir,
      openFiles: settings.openFiles,
      delegation: findDelegation(),
      greeting,
    },
    {
      onObservation: events.onWorker,
      onMessage: (worker, incarnation, message) => {
        if (message.type === 'refused') events.onRefused({ ...message, worker });
        else events.onSaid({ worker, incarnation, message });
      },
      onLine: events.onWorkerLine,
      onFailure: events.onFailure,
    },
  );
}

/**
 * Opens the hands together: Redis, the queue, the memory of jobs, the worker processes; and ends them.
 * What they see comes out as events; it draws no conclusion from any.
 */
import type { Redis } from 'ioredis';
import { PUSH_QUEUE } from '../queueName.ts';
import { EmbeddedRedis, type EmbeddedRedisEvents } from './embeddedRedis.ts';
import { ContainerHands } from './containerHands.ts';
import { DockerCalls } from './docker.ts';
import { DockerWatch } from './dockerWatch.ts';
import type { DriverEvents, DriverSettings } from './driverEvents.ts';
import { DriverHands, type HandsParts } from './hands.ts';
import { JobStore, MAY_GO_BACK_MS } from './jobStore.ts';
import { Keeper } from './keeper.ts';
import { homeId } from './ownership.ts';
import { FleetLink } from './fleetLink.ts';
import { PushQueue } from './queue.ts';
import { Reaper } from './reaper.ts';
import { RedisLink } from './redisLink.ts';
import { tellRefusals } from './signals.ts';
import { leftProcess } from './left.ts';
import { logFileOf } from './retention.ts';
import { openSpool } from './spool.ts';
import { findDelegation } from './workerCgroup.ts';
import { WorkerPool } from './workers.ts';
import { ZombieScan } from './zombieScan.ts';

export interface Driver {
  readonly store: JobStore;
  readonly queue: PushQueue;
  readonly hands: DriverHands;
  readonly keeper: Keeper;
  readonly containers: ContainerHands;
  readonly fleet: FleetLink | null;
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
  const link = openLink(settings, events);
  const fleet = settings.shared === null ? null : new FleetLink(link.redis, settings.shared, events.fleet);
  const [store, queue] = openMemory(settings, link.redis);
  const reaper = new Reaper({ onReaped: events.onReaped, onAdopted: events.onAdopted });
  const zombies = new ZombieScan(events.onZombies);
  const { docker, containers } = openDocker(settings, events);
  const { onNews, onFailure } = events;
  const pool = openPool(settings, events);
  const spool = await openSpool(homeDir, events.onSetAside);
  const keeper = new Keeper({ spool, store, ...events, lingerMs: settings.embedded ? 0 : MAY_GO_BACK_MS });
  const hands = new DriverHands({
    ...{ pool, reaper, queue, store, keeper, onNews, onFailure },
    ...redisHands(server),
    cluster: () => link.cluster,
    noteDrawn: (epoch, counter) => {
      link.noteDrawn(epoch, counter);
    },
    logFile: (jobId) => logFileOf(homeDir, jobId),
    sweepZombies: sweeping(reaper, zombies),
    containers,
    fleet,
  });
  const parts = {
    ...{ keeper, link, fleet, server, zombies },
    ...{ docker, containers, reaper, pool },
    onLeft: events.onLeft,
  };
  return {
    ...{ store, queue, hands, keeper, containers, fleet },
    start: () => startAll(parts, settings.embedded),
    end: () => endAll(parts),
  };
}

function openMemory({ homeDir, waitForReplicas }: DriverSettings, redis: Redis): [JobStore, PushQueue] {
  return [new JobStore(redis, homeId(homeDir), waitForReplicas), new PushQueue(redis)];
}

function openLink({ homeDir, redis: target, shared }: DriverSettings, events: DriverEvents): RedisLink {
  const link: RedisLink = new RedisLink(
    { homeDir, target, shared: shared !== null },
    {
      settle: () => events.settle(link.cluster?.epoch ?? 0),
      stepDown: events.onStepDown,
      onChange: events.onRedis,
      onAnswer: events.onRedisAnswer,
      onSetAside: events.onSetAside,
    },
  );
  return link;
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
  readonly fleet: FleetLink | null;
  readonly server: EmbeddedRedis;
  readonly zombies: ZombieScan;
  readonly docker: DockerWatch;
  readonly containers: ContainerHands;
  readonly reaper: Reaper;
  readonly pool: WorkerPool;
  readonly onLeft: DriverEvents['onLeft'];
}

async function startAll({ link, fleet, server, zombies, docker }: Parts, embedded: boolean): Promise<void> {
  if (embedded) {
    await server.prepare();
    server.spawn();
  }
  link.start();
  fleet?.start();
  zombies.start();
  docker.start();
}

/** Each step has its own limit, so that nothing that does not end keeps the rest from ending. */
async function endAll(parts: Parts): Promise<void> {
  const { keeper, link, fleet, server, zombies, docker, containers, reaper, pool, onLeft } = parts;
  zombies.end();
  await containers.end();
  await docker.end();
  await keeper.settled();
  await fleet?.end();
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

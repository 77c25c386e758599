/**
 * Joins supervisor and driver, which never import each other: actions go one way, observations the other.
 * It holds no rule of either.
 */
import { now, wallTime } from './clock.ts';
import type { GarrisonConfig } from './config.ts';
import { DEFAULT_LIMITS } from './detector/status.ts';
import { EmbeddedRedis } from './driver/embeddedRedis.ts';
import { DriverHands } from './driver/hands.ts';
import type { HostBook } from './driver/hostBook.ts';
import { JobStore } from './driver/jobStore.ts';
import { Journal } from './driver/journal.ts';
import { newId } from './driver/newId.ts';
import { PushQueue } from './driver/queue.ts';
import { RedisLink } from './driver/redisLink.ts';
import { embeddedSocket } from './driver/redisServer.ts';
import { logFileOf, startSweeping } from './driver/retention.ts';
import { openSpool } from './driver/spool.ts';
import { readWishes, writeWishes } from './driver/wishFile.ts';
import { WorkerPool } from './driver/workers.ts';
import type { Ending } from './ending.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Fence, JobRecord, PushTask } from './push/job.ts';
import { PUSH_QUEUE } from './queueName.ts';
import { RESTART_POLICY } from './reconciler/restart.ts';
import { parseRedisUrl, type RedisTarget } from './redisTarget.ts';
import { FrontDoor } from './supervisor/frontDoor.ts';
import { HostMarks } from './supervisor/hostMarks.ts';
import { JobBoard } from './supervisor/jobBoard.ts';
import type { Observation } from './supervisor/observation.ts';
import { Publisher, type Report } from './supervisor/publisher.ts';
import { RedisWatch } from './supervisor/redisWatch.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { WorkerBoard } from './supervisor/workerBoard.ts';
import { ownVersion } from './version.ts';

export interface Joining {
  readonly config: GarrisonConfig;
  readonly book: HostBook;
  readonly logger: Logger;
  readonly ending: Ending;
  /** For `redis: {url}`; null when it needs none. */
  readonly password: string | null;
}

export interface Rooms {
  readonly supervisor: Supervisor;
  readonly door: FrontDoor;
}

const DRAIN = { drainWithinMs: 30_000, termGraceMs: 2_000 };
const STOP_DRAIN = { drainWithinMs: 10_000, termGraceMs: 500 };
const REDIS_END_WITHIN_MS = 5_000;
const EARLIER_JOBS = 200;

/** Starts Redis and joins the rooms; workers start when the supervisor does. */
export async function joinRooms(joining: Joining): Promise<Rooms> {
  const { config, logger, ending, book } = joining;
  const journal = new Journal(config.home);
  const marks = new HostMarks();
  const observe = (observation: Observation): void => {
    supervisor.observe(observation);
  };
  const driver = await openDriver(joining, observe, () => settle());
  const supervisor = makeSupervisor({ joining, driver, marks, observe, report: reporter(logger, journal) });
  const settle = settling({ driver, supervisor, marks });
  const door = new FrontDoor(supervisor, {
    memory: driver.store,
    hosts: { ...methodsOf(book), list: () => marks.apply(book.list()) },
    audit: (line) => {
      journal.append({ at: wallTime(), ...line });
    },
    keepWishes: (wishes) => {
      writeWishes(config.home, wishes);
    },
    newId: (prefix) => newId(prefix, Date.now()),
    logFile: (jobId) => logFileOf(config.home, jobId),
  });
  await startRedis(joining, driver);
  ending.add(
    'the retention sweep',
    startSweeping({
      homeDir: config.home,
      limits: config.retention,
      forget: (beforeMs) =>
        supervisor.snapshot().redis.up ? driver.store.forgetBefore(beforeMs) : Promise.resolve([]),
      onFailure: (error) => {
        logger.error(
          { event: 'sweepFailed', detail: messageOf(error) },
          'old logs and records could not be removed',
        );
      },
    }),
  );
  ending.add("the supervisor's timer", () => {
    supervisor.end();
  });
  return { supervisor, door };
}

interface Driver {
  readonly embedded: EmbeddedRedis;
  readonly link: RedisLink;
  readonly store: JobStore;
  readonly queue: PushQueue;
  readonly hands: DriverHands;
}

async function openDriver(
  joining: Joining,
  observe: (observation: Observation) => void,
  settle: () => Promise<void>,
): Promise<Driver> {
  const { config, logger } = joining;
  const target = redisTarget(joining);
  const embedded = new EmbeddedRedis(config.home, {
    onLine: (line) => {
      logger.debug({ redis: line }, 'redis');
    },
    onExit: ({ exitCode, signal }) => {
      observe({ kind: 'redisExited', exitCode, signal });
    },
  });
  const link = new RedisLink(target, config.home, {
    settle,
    onChange: (up, detail) => {
      observe({ kind: 'redis', up, detail });
    },
  });
  const store = new JobStore(link.redis);
  const queue = new PushQueue(link.redis);
  const hands = new DriverHands({
    pool: openPool(joining, target, observe),
    queue,
    store,
    spool: await openSpool(config.home),
    cluster: () => link.cluster,
    spawnRedis: () => {
      embedded.spawn();
    },
    onNews: (observation) => {
      observe({ kind: 'job', observation });
    },
    onFailure: (action, detail) => {
      observe({ kind: 'actionFailed', action, detail });
    },
  });
  return { embedded, link, store, queue, hands };
}

function openPool(
  { config, logger }: Joining,
  redis: RedisTarget,
  observe: (observation: Observation) => void,
): WorkerPool {
  const greeting = { type: 'configure', redis, queue: PUSH_QUEUE, slots: config.workers.slots } as const;
  return new WorkerPool(greeting, {
    onObservation: (worker, observation) => {
      observe({ kind: 'worker', worker, observation });
    },
    onMessage: (worker, incarnation, message) => {
      observe({ kind: 'job', observation: { kind: 'said', worker, incarnation, message } });
    },
    onLine: (worker, line) => {
      logger.info({ worker }, line);
    },
  });
}

interface SupervisorNeeds {
  readonly joining: Joining;
  readonly driver: Driver;
  readonly marks: HostMarks;
  readonly observe: (observation: Observation) => void;
  readonly report: Report;
}

function makeSupervisor({ joining, driver, marks, observe, report }: SupervisorNeeds): Supervisor {
  const { config, book } = joining;
  const startedAt = now();
  const publisher = new Publisher(report);
  const jobs = new JobBoard({
    taskFor: (job, fence) => taskFor(job, fence, joining),
    onChange: (job) => {
      publisher.jobChanged(job);
      if (marks.note(job)) observe({ kind: 'hosts' });
    },
  });
  return new Supervisor(
    { host: config.host, version: ownVersion(), drain: DRAIN, stopDrain: STOP_DRAIN, startedAt },
    {
      workers: workerBoard(config, startedAt.wall),
      jobs,
      redis: new RedisWatch(startedAt, { report, dice: Math.random }),
      publisher,
      hands: driver.hands,
      hosts: () => marks.apply(book.list()),
      report,
    },
  );
}

function workerBoard(config: GarrisonConfig, startedAt: string): WorkerBoard {
  const names = Array.from({ length: config.workers.count }, (_, index) => `push-${String(index + 1)}`);
  const { slots, memoryLimitBytes } = config.workers;
  const settings = {
    names,
    slots,
    memoryLimitBytes,
    host: config.host,
    limits: DEFAULT_LIMITS,
    policy: RESTART_POLICY,
    dice: Math.random,
  };
  const board = new WorkerBoard(settings, startedAt);
  for (const [name, worker] of Object.entries(readWishes(config.home)))
    board.setWish(name, { worker, recycle: null });
  return board;
}

function taskFor(job: JobRecord, fence: Fence, { book, config }: Joining): PushTask | null {
  const host = book.address(job.host);
  if (host === null) return null;
  const { identityFile, connectTimeoutMs, idleTimeoutMs, totalTimeoutMs } = config.ssh;
  return {
    jobId: job.id,
    attempt: job.attempt,
    kind: job.kind,
    fence,
    account: job.account,
    host: { name: host.name, address: host.address, port: host.port, user: host.user },
    ssh: {
      identityFile,
      knownHostsFiles: book.knownHostsFiles,
      connectTimeoutMs,
      idleTimeoutMs,
      totalTimeoutMs,
    },
    logFile: logFileOf(config.home, job.id),
  };
}

/** What happens at every connection to Redis before it counts as up: leftovers first, so that nothing is run that has already ended. */
function settling({
  driver,
  supervisor,
  marks,
}: {
  driver: Driver;
  supervisor: Supervisor;
  marks: HostMarks;
}): () => Promise<void> {
  let first = true;
  return async () => {
    await driver.hands.emptySpool();
    if (!first) {
      // Redis may have come back without its last second, or empty: the open jobs are known here.
      for (const job of supervisor.openJobs()) await driver.store.save(job);
      return;
    }
    await driver.queue.clear();
    const jobs = await driver.store.openJobs();
    marks.noteEarlier((await driver.store.page(0, EARLIER_JOBS)).jobs);
    supervisor.observe({ kind: 'job', observation: { kind: 'submitted', jobs } });
    first = false;
  };
}

async function startRedis({ config, ending }: Joining, { embedded, link }: Driver): Promise<void> {
  const isEmbedded = config.redis.mode === 'embedded';
  if (isEmbedded) await embedded.prepare();
  ending.add('Redis', async () => {
    link.end();
    if (isEmbedded) await embedded.end(REDIS_END_WITHIN_MS);
  });
  if (isEmbedded) embedded.spawn();
  link.start();
}

function redisTarget({ config, password }: Joining): RedisTarget {
  if (config.redis.mode === 'embedded') return { kind: 'socket', path: embeddedSocket(config.home) };
  return parseRedisUrl(config.redis.url, password);
}

/** One line of what operators care for goes to the log, and what went wrong or well again also to the journal. */
function reporter(logger: Logger, journal: Journal): Report {
  return ({ level, event, facts }) => {
    const { detail, ...others } = facts;
    logger[level]({ event, ...others }, typeof detail === 'string' ? detail : event);
    if (level === 'warn' || level === 'error' || event === 'redisUp')
      journal.append({ at: wallTime(), event, level, ...facts });
  };
}

function methodsOf(book: HostBook): Pick<HostBook, 'address' | 'scan' | 'trust'> {
  return {
    address: (name) => book.address(name),
    scan: (name) => book.scan(name),
    trust: (name, fingerprint) => book.trust(name, fingerprint),
  };
}

/**
 * Joins supervisor and driver, which never import each other: actions go one way, observations the other.
 * It holds no rule of either.
 */
import { openNotifier, watchConditions } from './alerting.ts';
import { journalFailed, openWorkerBoard } from './boards.ts';
import { monoMs, now, wallTime, type Moment } from './clock.ts';
import type { GarrisonConfig } from './config.ts';
import { dockerTarget } from './driver/dockerSetting.ts';
import { openDriver, type Driver } from './driver/driver.ts';
import type { DriverEvents, DriverSettings } from './driver/driverEvents.ts';
import type { HostBook } from './driver/hostBook.ts';
import type { Journal } from './driver/journal.ts';
import { homeId } from './driver/ownership.ts';
import { cpuPressureReader } from './driver/pressure.ts';
import { startSweeping } from './driver/retention.ts';
import type { Ending } from './ending.ts';
import { messageOf } from './errors.ts';
import { grantCheck } from './grantsFile.ts';
import { watchGrantEnds } from './grantEnds.ts';
import { openGrantsWork } from './grantsWork.ts';
import { isShared, ownLife, speakInFleet, type OwnLife } from './fleeting.ts';
import { openContainerBoards } from './healing.ts';
import { taskFor } from './jobTask.ts';
import type { Logger } from './logger.ts';
import { driverEvents, type Heard, type Observe } from './observations.ts';

import { openHistory } from './sampling.ts';
import { settlingFor } from './settling.ts';
import type { Survival } from './survival.ts';
import { surroundings } from './surroundings.ts';
import { isFinal } from './push/job.ts';
import type { RedisTarget } from './redisTarget.ts';
import { BeatLog } from './supervisor/beatLog.ts';
import { CanaryWatch } from './supervisor/canaryWatch.ts';
import { FrontDoor } from './supervisor/frontDoor.ts';
import type { GrantsWork } from './supervisor/grantsSchedule.ts';
import { HostMarks } from './supervisor/hostMarks.ts';
import { FleetBoard } from './supervisor/fleetBoard.ts';
import { JobBoard } from './supervisor/jobBoard.ts';
import { Loops } from './supervisor/measures.ts';
import { OrphanBoard } from './supervisor/orphanBoard.ts';
import type { Observation } from './supervisor/observation.ts';
import { Observer } from './supervisor/observer.ts';
import { Publisher, type Report } from './supervisor/publisher.ts';
import { Relay } from './supervisor/relay.ts';
import { Refusals } from './supervisor/refusals.ts';
import { RedisWatch } from './supervisor/redisWatch.ts';
import { Stragglers } from './supervisor/stragglers.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { ownVersion } from './version.ts';

export interface Joining {
  readonly config: GarrisonConfig;
  readonly book: HostBook;
  readonly logger: Logger;
  readonly ending: Ending;
  /** With its passwords, which are nowhere else. */
  readonly redis: RedisTarget;
  readonly survival: Survival;
}

export interface Rooms {
  readonly supervisor: Supervisor;
  readonly door: FrontDoor;
  readonly stragglers: Stragglers;
  readonly loops: Loops;
}

const DRAIN = { drainWithinMs: 30_000, termGraceMs: 2_000 };
const STOP_DRAIN = { drainWithinMs: 10_000, termGraceMs: 500 };

/** Starts Redis and joins the rooms; workers start when the supervisor does. */
export async function joinRooms(joining: Joining): Promise<Rooms> {
  const { config, logger, ending, survival } = joining;
  const { journal } = survival;
  const marks = new HostMarks();
  const beats = new BeatLog(now());
  const observe: Observe = (seen) => {
    beats.hear(seen, now());
    if (!tookByDoor(seen, () => door)) supervisor.observe(seen);
  };
  const report = reporter(logger, journal);
  survival.home.tellWith(report);
  const notifier = openNotifier({ config, report, ending });
  const publisher = new Publisher(report);
  const stragglers = new Stragglers(report);
  const loops = new Loops();
  const self = ownLife(config);
  const driver = await openDriver(driverSettings(joining, self), {
    ...driverEvents(logger, observe, { settling: () => settling, ...measuring(loops, publisher) }),
    ...surviving(survival),
    onLeft: (left) => {
      stragglers.noteLeft(left);
    },
  });
  const grants = openGrantsWork(joining, report);
  const around = { marks, journal, observe, report, publisher, stragglers, loops, grants };
  const supervisor = makeSupervisor({ joining, driver, ...around });
  const settling = settlingFor({ driver, supervisor, marks, shared: self !== null });
  if (self !== null && driver.fleet !== null) speakInFleet(driver.fleet, supervisor, { config, self });
  const samples = await openHistory(joining, supervisor);
  const surrounding = surroundings({ joining, driver, marks, journal, notifier, beats, samples });
  const door = new FrontDoor(supervisor, surrounding, grants);
  watchConditions(notifier, door, { config, report, ending, survival });
  ending.add('Redis', () => driver.end());
  await driver.start();
  ending.add('the ends of grants', watchGrantEnds(observe));
  ending.add('the retention sweep', sweeping(joining, driver, supervisor));
  ending.add("the supervisor's timer", () => supervisor.end());
  return { supervisor, door, stragglers, loops };
}

/** What people asked of another supervisor goes to the door, as what they ask here does. */
function tookByDoor(seen: Observation, door: () => FrontDoor): boolean {
  if (seen.kind !== 'fleetSaid') return false;
  const { from, message } = seen;
  if (message.type !== 'request' && message.type !== 'reply') return false;
  door().fleet.take(from, message);
  return true;
}

function surviving({ onSetAside, onRedisDamage, noteWrite }: Survival): Surviving {
  return {
    onSetAside,
    onRedisDamage,
    onSpool: (why) => {
      noteWrite('spool', why);
    },
  };
}

function measuring(loops: Loops, publisher: Publisher): Omit<Heard, 'settling'> {
  return {
    onRedisAnswer: () => {
      loops.note('redis', now());
    },
    onDockerCall: (op, outcome, tookMs) => {
      publisher.dockerCalled({ op, outcome, tookMs });
    },
  };
}

function driverSettings({ config, redis }: Joining, shared: OwnLife | null): DriverSettings {
  const { home: homeDir, workers } = config;
  return {
    homeDir,
    redis,
    shared,
    embedded: config.redis.mode === 'embedded',
    waitForReplicas: config.redis.mode === 'embedded' ? 0 : config.redis.waitForReplicas,
    slots: workers.slots,
    openFiles: workers.openFiles,
    docker: dockerTarget(config),
  };
}

function sweeping({ config, logger }: Joining, driver: Driver, supervisor: Supervisor): () => void {
  return startSweeping({
    homeDir: config.home,
    limits: config.retention,
    forget: async (beforeMs) => {
      if (!supervisor.snapshot().redis.up || supervisor.fleet.seat.kind !== 'keepsQueue') return [];
      await driver.queue.removeAbandoned();
      return driver.store.forgetBefore(beforeMs);
    },
    onFailure: (error) => {
      logger.error(
        { event: 'sweepFailed', detail: messageOf(error) },
        'old logs and records could not be removed',
      );
    },
  });
}

type Surviving = Pick<DriverEvents, 'onSetAside' | 'onRedisDamage' | 'onSpool'>;

interface SupervisorNeeds {
  readonly joining: Joining;
  readonly driver: Driver;
  readonly marks: HostMarks;
  readonly journal: Journal;
  readonly observe: Observe;
  readonly report: Report;
  readonly publisher: Publisher;
  readonly stragglers: Stragglers;
  readonly loops: Loops;
  readonly grants: GrantsWork;
}

function makeSupervisor(needs: SupervisorNeeds): Supervisor {
  const { joining, driver, marks, journal, report, publisher, stragglers, loops } = needs;
  const { config, book, logger, ending, survival } = joining;
  const startedAt = now();
  const jobs = openJobBoard(needs);
  const workers = openWorkerBoard({
    ...{ config, logger, journal, ending, startedAt: startedAt.wall },
    onSetAside: survival.onSetAside,
  });
  const { containers, zombies } = openContainerBoards({
    ...{ config, logger, journal, report, startedAt, survival },
    workerOf: (pid, startTicks) => workers.nameOf(pid, startTicks),
    onHealed: (container, tookMs) => publisher.containerHealed(container, tookMs),
  });
  return new Supervisor(
    {
      ...{ host: config.host, version: ownVersion(), drain: DRAIN, stopDrain: STOP_DRAIN, startedAt },
      shared: isShared(config),
    },
    {
      fleet: new FleetBoard({ name: config.host, homeId: homeId(config.home) }, startedAt),
      relay: new Relay({ taskFor: (job, fence) => taskFor(job, fence, joining) }),
      ...{ workers, zombies, jobs, containers, loops, publisher, stragglers, report },
      canary: new CanaryWatch((tookMs) => {
        publisher.canaryPassed(tookMs);
      }),
      orphans: new OrphanBoard(),
      redis: openRedisWatch(config, startedAt, report),
      observer: new Observer(cpuPressureReader(monoMs), (lagMs) => {
        publisher.loopLag('supervisor', lagMs);
      }),
      refusals: new Refusals(report),
      home: survival.home,
      grants: needs.grants.board,
      hands: driver.hands,
      hosts: () => marks.apply(book.list()),
    },
  );
}

function openRedisWatch({ redis }: GarrisonConfig, startedAt: Moment, report: Report): RedisWatch {
  return new RedisWatch(startedAt, { isOurs: redis.mode === 'embedded', report, dice: Math.random });
}

function openJobBoard({ joining, driver, marks, observe, publisher }: SupervisorNeeds): JobBoard {
  const shared = isShared(joining.config);
  return new JobBoard({
    taskFor: (job, fence) => taskFor(job, fence, joining),
    grantCheck: () => grantCheck(joining.config.home, joining.book),
    onChange: (job) => {
      publisher.jobChanged(job);
      // The others read in Redis how far it is.
      if (shared && !isFinal(job.state) && job.state !== 'queued')
        driver.hands.perform({ kind: 'save', job });
      if (marks.note(job)) observe({ kind: 'hosts' });
    },
    onEnd: (job, takenAtMs) => {
      publisher.jobEnded(job, takenAtMs === null ? null : monoMs() - takenAtMs);
    },
    onLost: (lost) => {
      publisher.attemptLost(lost);
    },
  });
}

const TOLD_OTHERWISE: readonly string[] = ['workerState', 'containerState', 'container'];

/** One line of what operators care for goes to the log, and what went wrong or well again also to the journal. */
function reporter(logger: Logger, journal: Journal): Report {
  return ({ level, event, facts }) => {
    const { detail, ...others } = facts;
    logger[level]({ event, ...others }, typeof detail === 'string' ? detail : event);
    // Changes of verdict, and the stories of containers, are kept there with more than this line has.
    if (!TOLD_OTHERWISE.includes(event) && (level === 'warn' || level === 'error' || event === 'redisUp')) {
      journal.note({ at: wallTime(), event, level, ...facts }, journalFailed(logger));
    }
  };
}

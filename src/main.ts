/**
 * The program: configuration → rooms joined → started; a signal → quiet → stopped, and everything it started with it.
 * It joins the rooms and holds no rule of any of them.
 */
import { loadConfig, type GarrisonConfig } from './config.ts';
import { openControl } from './control.ts';
import { lockHome } from './driver/homeLock.ts';
import { HostBook, type BookHost } from './driver/hostBook.ts';
import { loginKeys } from './driver/identity.ts';
import { startPracticeHosts, type PracticeHost } from './driver/practice.ts';
import { embeddedSocket } from './driver/redisServer.ts';
import { Ending } from './ending.ts';
import { GarrisonError, messageOf } from './errors.ts';
import { makeLogger, type Logger } from './logger.ts';
import { readProcStat } from './proc.ts';
import { bookHosts } from './reloading.ts';
import { redisTarget } from './redisSettings.ts';
import type { RedisTarget } from './redisTarget.ts';
import { joinRooms } from './rooms.ts';
import { livenessOf, openService, type Service } from './service.ts';
import { startServer, type Readiness } from './server/app.ts';
import { openSurvival, type Survival } from './survival.ts';
import type { OperationRequest } from './supervisor/door.ts';
import { CONFIGURATION } from './supervisor/reloadOperation.ts';
import type { Supervisor } from './supervisor/supervisor.ts';

export interface RunOptions {
  readonly home: string;
  readonly configFile: string | null;
  readonly practice: number;
  readonly onReady?: (ready: Ready) => Promise<void>;
}

export interface Ready {
  readonly socketPath: string;
  readonly signInLink: string | null;
  readonly practiceHosts: readonly string[];
  /** Why there are no practice hosts although they were asked for. */
  readonly practiceProblem: string | null;
}

const READY_WITHIN_MS = 30_000;
/** npm passes a terminal's Ctrl-C on a second time; only a later one means impatience. */
const SAME_SIGNAL_WITHIN_MS = 500;

const RELOAD_ON_SIGNAL: OperationRequest = {
  verb: 'reload',
  target: CONFIGURATION,
  actor: 'SIGHUP',
  reason: null,
  ifIncarnation: null,
  dryRun: false,
  forMs: null,
};

/** Runs until a signal ends it. Resolves to the exit code, 1 when something would not end; rejects when it cannot start. */
export async function runSupervisor(options: RunOptions): Promise<number> {
  const logger = makeLogger({
    terminal: process.stderr.isTTY,
    level: process.env['GARRISON_LOG_LEVEL'] ?? 'info',
  });
  const ending = new Ending();
  const stop = catchSignals(logger);
  let leaves = (): boolean => false;
  try {
    const service = openService({ logger, ending, stopping: stop.requested });
    const started = await start(options, { logger, ending, service });
    stop.onImpatience(started.hurry);
    stop.onReload(started.reload);
    leaves = started.leaves;
    const ready = await Promise.race([started.ready, stop.requested.then(() => null)]);
    if (ready !== null) {
      service.ready();
      await Promise.race([options.onReady?.(ready), stop.requested]);
    }
    await stop.requested;
  } finally {
    await ending.run((name, error) => {
      logger.error({ event: 'endingFailed', step: name, detail: messageOf(error) }, `could not end ${name}`);
    });
  }
  return leaves() ? 1 : 0;
}

interface Started {
  readonly ready: Promise<Ready>;
  readonly hurry: () => void;
  readonly reload: () => Promise<unknown>;
  /** Something that was started did not end. */
  readonly leaves: () => boolean;
}

interface Starting {
  readonly logger: Logger;
  readonly ending: Ending;
  readonly service: Service;
}

async function start(options: RunOptions, { logger, ending, service }: Starting): Promise<Started> {
  const { config, redis, practice, book, survival } = await prepare(options, ending);
  const joining = { config, book, logger, ending, redis, survival };
  const { supervisor, door, stragglers, loops } = await joinRooms(joining);
  const { socketPath, access } = openControl(config, logger);
  const server = await startServer({
    door,
    homeDir: config.home,
    socketPath,
    control: access,
    pageListen: config.page,
    login: config.login,
    metricsListen: config.metrics,
    readiness: () => readiness(supervisor),
    liveness: livenessOf(loops),
    ...{ logger, onSetAside: survival.onSetAside },
    accountsLost: () => survival.home.view.setAside.some(({ name }) => name === 'users.json'),
  });
  ending.add('the server', () => server.close());
  ending.add('the workers', () => supervisor.stopWorkers());
  supervisor.start();
  service.watch(supervisor, loops);
  const ready = firstReady(supervisor).then(() => ({
    socketPath,
    // Whoever reads a journal may not sign in by that.
    signInLink: service.isManaged ? null : server.signInLink(),
    practiceHosts: practice.hosts.map((host) => host.name),
    practiceProblem: practice.problem,
  }));
  const hurry = (): void => {
    supervisor.hurry();
  };
  const reload = (): Promise<unknown> => door.submitOperation(RELOAD_ON_SIGNAL);
  return { ready, hurry, reload, leaves: () => stragglers.leaves };
}

interface Prepared {
  readonly config: GarrisonConfig;
  readonly redis: RedisTarget;
  readonly practice: Practice;
  readonly book: HostBook;
  readonly survival: Survival;
}

/** All that the rooms stand on: the configuration, the home folder to ourselves, a key to log in with, the hosts. */
async function prepare(options: RunOptions, ending: Ending): Promise<Prepared> {
  const config = loadConfig({ home: options.home, configFile: options.configFile });
  const redis = redisTarget(config.redis, embeddedSocket(config.home), process.env);
  // No child needs it in its environment.
  delete process.env['GARRISON_REDIS_PASSWORD'];
  ending.add('the lock of the home folder', lockHome(config.home));
  const survival = openSurvival(config.home);
  const authorizedKeys = await loginKeys(config.ssh);
  const practice = await practiceHosts(options.practice, config, authorizedKeys);
  ending.add('the practice hosts', async () => {
    await Promise.all(practice.hosts.map((host) => host.end()));
  });
  const book = new HostBook(
    config.home,
    bookHosts(config, practiceBookHosts(practice.hosts)),
    config.ssh.connectTimeoutMs,
  );
  await book.load();
  return { config, redis, practice, book, survival };
}

/** Ready when Redis answers and a worker is up; after the limit the operator is shown what is missing instead. */
async function firstReady(supervisor: Supervisor): Promise<void> {
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, READY_WITHIN_MS).unref();
    const unsubscribe = supervisor.onChange(() => {
      if (!readiness(supervisor).ready) return;
      clearTimeout(limit);
      unsubscribe();
      resolve();
    });
  });
}

function readiness(supervisor: Supervisor): Readiness {
  const { state, queue } = supervisor.snapshot();
  return {
    ready: state === 'running' && queue.served,
    why: state === 'stopping' ? 'the supervisor is stopping' : queue.detail,
  };
}

interface Practice {
  readonly hosts: readonly PracticeHost[];
  readonly problem: string | null;
}

/** Practice hosts are for a first try: where they cannot be had, everything else starts all the same. */
async function practiceHosts(
  count: number,
  config: GarrisonConfig,
  authorizedKeys: readonly string[],
): Promise<Practice> {
  if (count === 0) return { hosts: [], problem: null };
  try {
    return {
      hosts: await startPracticeHosts({ count, homeDir: config.home, authorizedKeys }),
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof GarrisonError) || error.code !== 'PRACTICE_UNAVAILABLE') throw error;
    return { hosts: [], problem: error.message };
  }
}

/** As the book has them. */
function practiceBookHosts(practice: readonly PracticeHost[]): BookHost[] {
  return practice.map(({ name, address, port, user, hostKey }) => {
    return { name, address, port, user, hostKeys: [hostKey], groups: ['practice'], practice: true };
  });
}

interface Signals {
  readonly requested: Promise<void>;
  onImpatience(act: () => void): void;
  onReload(act: () => Promise<unknown>): void;
}

/** The first signal asks for an orderly end; a later one cuts the drain short. Caught to the last, so that none changes the exit code. */
function catchSignals(logger: Logger): Signals {
  let askedAtMs: number | null = null;
  let hurry: () => void = () => undefined;
  let reload: () => Promise<unknown> = () => Promise.resolve();
  let ask: () => void = () => undefined;
  const requested = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (askedAtMs === null) {
      askedAtMs = nowMs;
      logger.info(
        { event: 'stopping', signal },
        'stopping: jobs in hand are finished first; once more to cut them off',
      );
      ask();
    } else if (nowMs - askedAtMs > SAME_SIGNAL_WITHIN_MS) hurry();
  };
  const onHangup = (): void => {
    // A terminal that goes away takes what it ran along; without one, it is the signal to read the files anew.
    if (readProcStat(process.pid)?.hasTerminal === true) onSignal('SIGHUP');
    else
      reload().catch((error: unknown) => {
        logger.error({ event: 'reloadRefused', detail: messageOf(error) }, 'nothing was changed');
      });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  process.on('SIGHUP', onHangup);
  return {
    requested,
    onImpatience: (act) => {
      hurry = act;
    },
    onReload: (act) => {
      reload = act;
    },
  };
}

/**
 * Measures the incident's chain of five: from Docker's word that core is unhealthy until all five are healthy, and at what price.
 * Garrison, the loop and a bare `docker restart` of core take turns on the same containers.
 */
import { join } from 'node:path';
import { ComposeProject, type ComposeService } from '../test/support/compose.ts';
import { TestDockerd } from '../test/support/dockerd.ts';
import { freePort, importImage, openSession, setHealthy } from '../test/support/dockerImages.ts';
import { DockerProxy } from '../test/support/dockerProxy.ts';
import { Garrison } from '../test/support/garrison.ts';
import { HealthEvents } from '../test/support/healthEvents.ts';
import { until } from '../test/support/until.ts';
import { medianOf, rounded, type BenchContext, type Figures } from './benchmark.ts';
import { Endings } from './endings.ts';
import { PollingHealer } from './pollingHealer.ts';

const TURNS = 3;
const DEPENDENTS = ['celery', 'koko', 'lion', 'nginx'];
const NAMES = ['core', ...DEPENDENTS];
const CHECK_EVERY_MS = 1_000;
const CONFIRM_MS = 2_000;
const POLL_EVERY_MS = 5_000;
/** A poll of the loop later nothing is restarted any more. */
const CALM_FOR_MS = 5_500;
const TURN_WITHIN_MS = 60_000;
const AIM = { ratioToCriticalPath: 1.2 };

interface Stage {
  readonly dockerd: TestDockerd;
  readonly project: ComposeProject;
  readonly events: HealthEvents;
  readonly kokoPort: number;
}

interface Turn {
  readonly allHealthyMs: number;
  readonly restarts: number;
  readonly restarted: readonly string[];
  readonly sessionSurvived: boolean;
}

interface Bare {
  readonly coreHealthyMs: number;
  readonly allHealthyMs: number;
  readonly probeMs: number;
}

export async function measureChain(context: BenchContext): Promise<Figures> {
  const stage = await setStage(context);
  const [bare, ours, theirs]: [Bare[], Turn[], Turn[]] = [[], [], []];
  for (let turn = 0; turn < TURNS; turn += 1) {
    bare.push(await bareRestart(stage));
    ours.push(await oneTurn(stage, startGarrison(stage)));
    // Its polls fall early, in the middle and late after the event.
    theirs.push(await oneTurn(stage, startLoop(stage, ((2 * turn + 1) / (2 * TURNS)) * POLL_EVERY_MS)));
    context.note(
      `turn ${String(turn + 1)}: Garrison ${String(ours.at(-1)?.allHealthyMs)} ms, the loop ${String(theirs.at(-1)?.allHealthyMs)} ms`,
    );
  }
  const paths = bare.map(
    ({ coreHealthyMs, probeMs }) => CONFIRM_MS + coreHealthyMs + CHECK_EVERY_MS + probeMs,
  );
  const criticalPathMs = medianOf(paths);
  const bareMs = CONFIRM_MS + medianOf(bare.map(({ allHealthyMs }) => allHealthyMs));
  const median = (turns: readonly Turn[]): number => medianOf(turns.map(({ allHealthyMs }) => allHealthyMs));
  return {
    measures: `core, celery, koko, lion, nginx by compose v1 on a real dockerd, a health check each ${String(CHECK_EVERY_MS)} ms: from core's health_status event until all are healthy for good; ${String(TURNS)} turns of each`,
    criticalPathMs: rounded(criticalPathMs, 0),
    criticalPath: `confirmation of ${String(CONFIRM_MS)} ms + bare restart of core until it is healthy + one interval and one probe of the dependents`,
    bareRestart: bare,
    garrison: ours,
    loop: theirs,
    /** Stricter: the dependents of these stand-ins may pass before Docker has probed core. */
    confirmationAndBareRestartUntilAllHealthyMs: rounded(bareMs, 0),
    garrisonRatioToBareRestart: rounded(median(ours) / bareMs, 2),
    garrisonRatioToCriticalPath: rounded(median(ours) / criticalPathMs, 2),
    loopRatioToCriticalPath: rounded(median(theirs) / criticalPathMs, 2),
    garrisonToLoopRatio: rounded(median(ours) / median(theirs), 2),
    aim: AIM,
  };
}

async function setStage(context: BenchContext): Promise<Stage> {
  const dockerd = await TestDockerd.start(context);
  await importImage(dockerd.dockerode());
  const [corePort, kokoPort] = [await freePort(), await freePort()];
  const check = { intervalMs: CHECK_EVERY_MS };
  const behindCore = (containerName: string, answersAt?: number): ComposeService => ({
    containerName,
    check,
    standIn: { healthy: { whileHealthy: corePort }, ...(answersAt === undefined ? {} : { answersAt }) },
    dependsOn: ['core'],
  });
  const project = new ComposeProject(dockerd, {
    name: 'jms',
    services: {
      core: { containerName: 'core', check, standIn: { healthy: 'from each start', answersAt: corePort } },
      celery: behindCore('celery'),
      koko: behindCore('koko', kokoPort),
      lion: behindCore('lion'),
      nginx: behindCore('nginx'),
    },
  });
  const events = await HealthEvents.follow(context, dockerd);
  const started = await project.up();
  if (started.exitCode !== 0) throw new Error(`docker-compose up: ${started.stderr}`);
  await allHealthy(events);
  return { dockerd, project, events, kokoPort };
}

/** What nobody can be faster than: core is restarted by hand, as soon as all five are down. */
async function bareRestart({ project, events }: Stage): Promise<Bare> {
  await setHealthy(project.container('core'), false);
  for (const name of NAMES) await until(`${name} is down`, () => events.now(name) === 'unhealthy');
  const sinceMs = Date.now();
  await project.container('core').restart();
  const coreHealthyMs = (await events.when('core', 'healthy', { sinceMs })) - sinceMs;
  const allHealthyMs = (await allHealthy(events)) - sinceMs;
  const log = (await project.container('koko').inspect()).State.Health?.Log ?? [];
  const probes = log.map(({ Start, End }) => Date.parse(End) - Date.parse(Start));
  return {
    coreHealthyMs: rounded(coreHealthyMs, 0),
    allHealthyMs: rounded(allHealthyMs, 0),
    probeMs: medianOf(probes),
  };
}

type Healing = (parts: Endings, proxy: DockerProxy) => Promise<{ readonly begin: () => void }>;

function startGarrison({ events }: Stage): Healing {
  return async (parts, { socketPath }) => {
    const dependsOn = DEPENDENTS.map((name) => `${name}: [core]`).join(', ');
    const garrison = await Garrison.start(parts, {
      config: `workers: { count: 1 }\ncontainers: { socket: ${socketPath}, projects: [jms], confirm: ${String(CONFIRM_MS)}ms, dependsOn: { ${dependsOn} } }`,
    });
    await until('all are seen healthy', async () => {
      const { items } = await garrison.api<{ items: { state: string }[] }>('GET', '/api/v1/containers');
      return items.filter(({ state }) => state === 'healthy').length === NAMES.length;
    });
    await allHealthy(events);
    return { begin: () => undefined };
  };
}

function startLoop(_stage: Stage, afterMs: number): Healing {
  return (parts, { socketPath }) => {
    const loop = new PollingHealer(socketPath, null);
    parts.after(() => loop.end());
    return Promise.resolve({ begin: () => loop.start(afterMs) });
  };
}

async function oneTurn(stage: Stage, healing: Healing): Promise<Turn> {
  const { dockerd, project, events } = stage;
  const parts = new Endings();
  try {
    const socketPath = join(dockerd.folder, 'proxy');
    const proxy = await DockerProxy.start(parts, { socketPath, behind: dockerd.socketPath });
    const session = await openSession(stage.kokoPort);
    parts.after(() => session.close());
    const { begin } = await healing(parts, proxy);
    const brokenAtMs = Date.now();
    await setHealthy(project.container('core'), false);
    const sickAtMs = await events.when('core', 'unhealthy', { sinceMs: brokenAtMs });
    begin();
    await events.when('core', 'healthy', { sinceMs: sickAtMs, deadlineMs: TURN_WITHIN_MS });
    const healthyAtMs = await allHealthy(events, CALM_FOR_MS);
    const deeds = ['restart', 'kill'].flatMap((deed) => proxy.deeds(deed));
    const names = await namesById(project);
    return {
      allHealthyMs: rounded(healthyAtMs - sickAtMs, 0),
      restarts: deeds.length,
      restarted: deeds.map(({ path }) => names.get(path.split('/')[2] ?? '') ?? path),
      sessionSurvived: session.isOpen(),
    };
  } finally {
    await parts.end();
  }
}

async function allHealthy(events: HealthEvents, calmForMs = 0): Promise<number> {
  return until(
    'all five are healthy for good',
    () => {
      const sinceMs = events.allSince(NAMES, 'healthy');
      return sinceMs !== null && Date.now() - sinceMs >= calmForMs && sinceMs;
    },
    { deadlineMs: TURN_WITHIN_MS },
  );
}

async function namesById(project: ComposeProject): Promise<ReadonlyMap<string, string>> {
  const entries = NAMES.map(async (name) => [(await project.container(name).inspect()).Id, name] as const);
  return new Map(await Promise.all(entries));
}

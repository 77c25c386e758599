/**
 * Measures what 1,000 watched containers cost the supervisor, against a second one beside it that watches none.
 * No real dockerd runs so many here: both ask a scripted one, which says as much of each container as a real one does.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Garrison } from '../test/support/garrison.ts';
import { makeTempHome } from '../test/support/tempHome.ts';
import { until } from '../test/support/until.ts';
import { medianOf, rounded, type BenchContext, type Figures } from './benchmark.ts';
import { costOf } from './processes.ts';
import type { ContainerScript } from './scriptedContainer.ts';
import { ScriptedDocker } from './scriptedDocker.ts';

const CONTAINERS = 1_000;
const PER_PROJECT = 5;
const CHECK_EVERY_MS = 30_000;
/** Of each kind: turning at every check, unhealthy throughout, starting throughout. */
const RESTLESS = 10;
/** From then on a share of the calm ones is looked at with each list. */
const EVERY_ONE_IS_OLD_AFTER_MS = 310_000;
const MEASURED_MS = 70_000;
const SAMPLES = 14;
const AIM = { moreRssBytes: 60_000_000, cpuPercent: 2 };

interface Watcher {
  readonly docker: ScriptedDocker;
  readonly garrison: Garrison;
}

/** Starts both; what it returns waits until the cost has settled, and measures. */
export async function startScale(context: BenchContext): Promise<() => Promise<Figures>> {
  const none = await startWatcher(context, []);
  const many = await startWatcher(
    context,
    Array.from({ length: CONTAINERS }, (_, at) => scriptOf(at)),
  );
  const startedMs = performance.now();
  return async () => {
    const restMs = EVERY_ONE_IS_OLD_AFTER_MS - (performance.now() - startedMs);
    context.note(`settling for ${String(Math.max(0, Math.round(restMs / 1000)))} s more`);
    await sleep(Math.max(0, restMs));
    return figures(none, many);
  };
}

async function figures(none: Watcher, many: Watcher): Promise<Figures> {
  const before = { none: cpuMs(none), many: cpuMs(many), asked: new Map(many.docker.asked) };
  const startedMs = performance.now();
  const rss: { none: number; many: number }[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await sleep(MEASURED_MS / SAMPLES);
    rss.push({ none: rssBytes(none), many: rssBytes(many) });
  }
  const measuredMs = performance.now() - startedMs;
  const percent = (ms: number): number => rounded((ms / measuredMs) * 100, 2);
  const [ofNone, ofMany] = [percent(cpuMs(none) - before.none), percent(cpuMs(many) - before.many)];
  const asked = [...many.docker.asked].map(
    ([op, count]) => [op, count - (before.asked.get(op) ?? 0)] as const,
  );
  return {
    measures: `two supervisors on scripted Dockers (no real one): ${String(CONTAINERS)} running containers with a health check each ${String(CHECK_EVERY_MS / 1000)} s, of which ${String(RESTLESS)} turn at each check, ${String(RESTLESS)} are unhealthy and ${String(RESTLESS)} starting; and none`,
    measuredMs: rounded(measuredMs, 0),
    rssBytes: { none: medianOf(rss.map((each) => each.none)), many: medianOf(rss.map((each) => each.many)) },
    moreRssBytes: medianOf(rss.map((each) => each.many - each.none)),
    mostMoreRssBytes: Math.max(...rss.map((each) => each.many - each.none)),
    cpuPercent: { none: ofNone, many: ofMany },
    moreCpuPercent: rounded(ofMany - ofNone, 2),
    states: (await many.garrison.snapshot()).containers.byState,
    asked: Object.fromEntries(asked.filter(([, count]) => count > 0)),
    aim: AIM,
  };
}

async function startWatcher(context: BenchContext, containers: readonly ContainerScript[]): Promise<Watcher> {
  const folder = makeTempHome();
  context.after(() => folder.remove());
  const socketPath = join(folder.path, 'docker');
  const docker = await ScriptedDocker.start(context, { socketPath, containers, deedMs: 0 });
  const garrison = await Garrison.start(context, {
    config: `workers: { count: 1 }\ncontainers: { socket: ${socketPath} }`,
  });
  await until(
    'all are seen',
    async () => {
      const { listed, total } = (await garrison.snapshot()).containers;
      return listed && total === containers.length;
    },
    { deadlineMs: 60_000, everyMs: 500 },
  );
  return { docker, garrison };
}

function scriptOf(at: number): ContainerScript {
  const [project, service] = [Math.floor(at / PER_PROJECT), at % PER_PROJECT].map(String);
  const kinds = ['turns', 'unhealthy', 'starting'] as const;
  return {
    name: `app-${project ?? ''}-service-${service ?? ''}`,
    labels: {
      'com.docker.compose.project': `app-${project ?? ''}`,
      'com.docker.compose.service': `service-${service ?? ''}`,
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.config-hash': '0123456789abcdef'.repeat(4),
      'com.docker.compose.depends_on': service === '0' ? '' : 'service-0:service_healthy:false',
      'com.docker.compose.project.working_dir': `/srv/app-${project ?? ''}`,
      'garrison.heal': 'observe',
    },
    checkEveryMs: CHECK_EVERY_MS,
    health: (at % 33 === 1 ? kinds[Math.floor(at / 33 / RESTLESS)] : undefined) ?? 'healthy',
  };
}

function cpuMs({ garrison }: Watcher): number {
  return costOf(garrison.pid).supervisor.ownCpuMs;
}

function rssBytes({ garrison }: Watcher): number {
  return costOf(garrison.pid).supervisor.rssBytes;
}

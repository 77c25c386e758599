/**
 * Counts what healers do in a minute in which 50 containers are unhealthy at once and no restart helps.
 * With all there is sick (a real dockerd) Garrison's brake holds; with a third of it sick (scripted) only its budget does.
 */
import { rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDockerd } from '../test/support/dockerd.ts';
import { importImage, runContainer } from '../test/support/dockerImages.ts';
import { DockerProxy } from '../test/support/dockerProxy.ts';
import { Garrison } from '../test/support/garrison.ts';
import { HealthEvents } from '../test/support/healthEvents.ts';
import { makeTempHome } from '../test/support/tempHome.ts';
import { until } from '../test/support/until.ts';
import type { BenchContext, Figures } from './benchmark.ts';
import { PollingHealer } from './pollingHealer.ts';
import { ScriptedDocker } from './scriptedDocker.ts';

const SICK = 50;
const OTHERS = 100;
const CHECK_EVERY_MS = 5_000;
const MEASURED_MS = 60_000;
const LAST_MS = 20_000;
/** About what a real restart of a small container takes. */
const DEED_MS = 300;
const BUDGET = 3;
const NAMES = Array.from({ length: SICK }, (_, at) => `sick-${String(at + 1)}`);

export async function measureStorm(context: BenchContext): Promise<Figures> {
  const real = await startReal(context);
  const scripted = await startScripted(context);
  context.note(`${String(SICK)} turn unhealthy`);
  real.makeSick();
  const [garrison, ofScripted] = await Promise.all([real.countGarrison(), scripted()]);
  const loop = await real.countLoop();
  return {
    allOfThem: {
      measures: `real dockerd with ${String(SICK)} containers, all unhealthy for want of one thing: restarts within ${String(MEASURED_MS / 1000)} s, Garrison first, then the loop`,
      garrison,
      loop,
    },
    aThird: {
      measures: `scripted Docker with ${String(SICK + OTHERS)} containers, ${String(SICK)} of them unhealthy whatever is done, a restart takes ${String(DEED_MS)} ms: restarts within the same ${String(MEASURED_MS / 1000)} s, and within its last ${String(LAST_MS / 1000)} s`,
      ...ofScripted,
      budgetOfAll: SICK * BUDGET,
    },
    aim: { mostRestarts: SICK * BUDGET },
  };
}

interface Real {
  readonly makeSick: () => void;
  readonly countGarrison: () => Promise<Figures>;
  readonly countLoop: () => Promise<Figures>;
}

async function startReal(context: BenchContext): Promise<Real> {
  const dockerd = await TestDockerd.start(context);
  const docker = dockerd.dockerode();
  await importImage(docker);
  const shared = join(dockerd.folder, 'shared');
  mkdirSync(shared);
  writeFileSync(join(shared, 'ok'), '');
  const events = await HealthEvents.follow(context, dockerd);
  for (const name of NAMES)
    await runContainer(docker, {
      name,
      healthCheck: { test: 'test -e /shared/ok', intervalMs: CHECK_EVERY_MS },
      networkMode: 'none',
      binds: [`${shared}:/shared:ro`],
      labels: { 'garrison.heal': 'true' },
    });
  const behind = dockerd.socketPath;
  const ours = await DockerProxy.start(context, { socketPath: join(dockerd.folder, 'ours'), behind });
  const theirs = await DockerProxy.start(context, { socketPath: join(dockerd.folder, 'theirs'), behind });
  const garrison = await Garrison.start(context, { config: configFor(ours.socketPath) });
  await until('all are healthy', () => events.allSince(NAMES, 'healthy') !== null, { deadlineMs: 40_000 });
  return {
    makeSick: () => rmSync(join(shared, 'ok')),
    countGarrison: async () => {
      await sleep(MEASURED_MS);
      const restarts = ours.deeds('restart').length + ours.deeds('kill').length;
      const isBraking = garrison.output.includes('independent containers are sick at once');
      await garrison.end();
      return {
        restarts,
        isBraking,
        unhealthy: NAMES.filter((name) => events.now(name) === 'unhealthy').length,
      };
    },
    countLoop: async () => {
      const loop = new PollingHealer(theirs.socketPath, null);
      loop.start(0);
      await sleep(MEASURED_MS);
      await loop.end();
      return { restarts: theirs.deeds('restart').length };
    },
  };
}

async function startScripted(context: BenchContext): Promise<() => Promise<Record<string, unknown>>> {
  const [forGarrison, forLoop] = [await startScriptedDocker(context), await startScriptedDocker(context)];
  const garrison = await Garrison.start(context, { config: configFor(forGarrison.socketPath) });
  return async () => {
    const loop = new PollingHealer(forLoop.socketPath, null);
    for (const { docker } of [forGarrison, forLoop]) docker.makeSick();
    loop.start(0);
    await sleep(MEASURED_MS);
    await loop.end();
    const untilMs = Date.now();
    const count = ({ docker: { restartsAtMs } }: Scripted): Figures => ({
      restarts: restartsAtMs.length,
      inTheLastSeconds: restartsAtMs.filter((atMs) => atMs > untilMs - LAST_MS).length,
    });
    const { quarantined } = (await garrison.snapshot()).containers.byState;
    await garrison.end();
    return { garrison: { ...count(forGarrison), quarantined }, loop: count(forLoop) };
  };
}

interface Scripted {
  readonly docker: ScriptedDocker;
  readonly socketPath: string;
}

async function startScriptedDocker(context: BenchContext): Promise<Scripted> {
  const folder = makeTempHome();
  context.after(() => folder.remove());
  const socketPath = join(folder.path, 'docker');
  const labels = { 'garrison.heal': 'true' };
  const checkEveryMs = CHECK_EVERY_MS;
  const containers = [
    ...NAMES.map((name) => ({ name, labels, checkEveryMs, health: 'fails' as const })),
    ...Array.from({ length: OTHERS }, (_, at) => {
      return { name: `other-${String(at)}`, labels, checkEveryMs, health: 'healthy' as const };
    }),
  ];
  return {
    docker: await ScriptedDocker.start(context, { socketPath, containers, deedMs: DEED_MS }),
    socketPath,
  };
}

/** What is asked for is a restart of each as soon as it is sick for 5 s, as everywhere by default. */
function configFor(socketPath: string): string {
  return `workers: { count: 1 }\ncontainers: { socket: ${socketPath} }`;
}

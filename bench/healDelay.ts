/**
 * Measures the time from Docker's own word that a container is unhealthy until a healer's call to restart it reaches the daemon.
 * Both healers have containers of their own on one dockerd, which turn unhealthy at the same moments.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { TestDockerd } from '../test/support/dockerd.ts';
import {
  importImage,
  runContainer,
  setHealthy,
  standInHealthCheck,
  standInScript,
} from '../test/support/dockerImages.ts';
import { DockerProxy } from '../test/support/dockerProxy.ts';
import { Garrison } from '../test/support/garrison.ts';
import { HealthEvents } from '../test/support/healthEvents.ts';
import { until } from '../test/support/until.ts';
import { percentileOf, rounded, summaryOf, type BenchContext, type Figures } from './benchmark.ts';
import { PollingHealer } from './pollingHealer.ts';

const ROUNDS = 22;
const CONFIRM_MS = 1_000;
/** Without a health check: they only keep Garrison's brake from taking three sick ones for a sick host. */
const BYSTANDERS = 10;
/** Between rounds, so that the loop's polls fall anywhere. */
const LONGEST_PAUSE_MS = 1_500;
const AIM = { medianMs: 50 };

interface Stage {
  readonly docker: Dockerode;
  readonly events: HealthEvents;
  readonly proxies: Readonly<Record<Healer, DockerProxy>>;
}

type Healer = 'garrison' | 'loop';

const LABELS: Readonly<Record<Healer, Record<string, string>>> = {
  garrison: { 'garrison.heal': 'true' },
  loop: { autoheal: 'true' },
};

export async function measureDelay(context: BenchContext): Promise<Figures> {
  const stage = await setStage(context);
  const pairs: Promise<Readonly<Record<Healer, number>>>[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const garrison = oneSickness(stage, 'garrison', round);
    const loop = oneSickness(stage, 'loop', round);
    pairs.push(Promise.all([garrison, loop]).then(([ours, theirs]) => ({ garrison: ours, loop: theirs })));
    await garrison;
    await sleep(Math.random() * LONGEST_PAUSE_MS);
    context.note(
      `round ${String(round)} of ${String(ROUNDS)}: ${(await garrison).toFixed(0)} ms until the restart call`,
    );
  }
  const measured = await Promise.all(pairs);
  const ours = measured.map(({ garrison }) => garrison - CONFIRM_MS);
  const theirs = measured.map(({ loop }) => loop);
  const [garrison, loop] = [timesOf(ours), timesOf(theirs)];
  return {
    measures: `${String(ROUNDS)} containers each, one sickness each, on one real dockerd: from its health_status event to POST restart; Garrison's without its confirmation of ${String(CONFIRM_MS)} ms, the loop confirms nothing`,
    garrisonMs: garrison,
    loopMs: loop,
    medianRatio: rounded(garrison.median / loop.median, 4),
    medianRatioWithConfirmation: rounded((garrison.median + CONFIRM_MS) / loop.median, 2),
    eachGarrisonMs: ours.map((ms) => rounded(ms, 1)),
    aim: AIM,
  };
}

function timesOf(values: readonly number[]): { min: number; median: number; max: number; p99: number } {
  return { ...summaryOf(values), p99: rounded(percentileOf(values, 99), 1) };
}

async function setStage(context: BenchContext): Promise<Stage> {
  const dockerd = await TestDockerd.start(context);
  const docker = dockerd.dockerode();
  await importImage(docker);
  for (let number = 1; number <= BYSTANDERS; number += 1)
    await runContainer(docker, { name: `bystander-${String(number)}`, networkMode: 'none' });
  const behind = dockerd.socketPath;
  const proxies = {
    garrison: await DockerProxy.start(context, { socketPath: join(dockerd.folder, 'ours'), behind }),
    loop: await DockerProxy.start(context, { socketPath: join(dockerd.folder, 'theirs'), behind }),
  };
  const events = await HealthEvents.follow(context, dockerd);
  await Garrison.start(context, {
    config: `workers: { count: 1 }\ncontainers: { socket: ${proxies.garrison.socketPath}, confirm: ${String(CONFIRM_MS)}ms }`,
  });
  const loop = new PollingHealer(proxies.loop.socketPath, 'autoheal');
  context.after(() => loop.end());
  loop.start(0);
  return { docker, events, proxies };
}

/** Milliseconds from the event to the call; the container is healthy again and removed when it resolves. */
async function oneSickness(
  { docker, events, proxies }: Stage,
  healer: Healer,
  round: number,
): Promise<number> {
  const name = `${healer}-${String(round)}`;
  const standIn = { healthy: 'from each start' } as const;
  const container = await runContainer(docker, {
    name,
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
    labels: LABELS[healer],
  });
  await events.when(name, 'healthy');
  await setHealthy(container, false);
  const sickAtMs = await events.when(name, 'unhealthy');
  const call = await until(`${name} is restarted`, () => proxies[healer].deeds('restart', container.id)[0], {
    deadlineMs: 40_000,
  });
  await events.when(name, 'healthy', { sinceMs: call.atMs });
  await container.remove({ force: true });
  return call.atMs - sickAtMs;
}

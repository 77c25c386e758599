/**
 * Measures how a supervisor cares for what it keeps: the longest silence between beats, a worker's death, and a sick container.
 * It measures the same things again for whoever changes what is around meanwhile; each death and each sickness is a first one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { WorkerView } from '../src/supervisor/door.ts';
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
import { medianOf, rounded, type BenchContext } from './benchmark.ts';
import { followEvents } from './events.ts';
import { allUp, killAndWait, Waiting } from './restart.ts';

const WORKERS = 8;
const KILLS = 3;
const SICKNESSES = 3;
const CONFIRM_MS = 1_000;
const BEATS_FOR_MS = 15_000;
/** Without a health check: they only keep the brake from taking a sick one for a sick host. */
const BYSTANDERS = 6;

export interface Care {
  /** The longest of all workers. */
  readonly beatSilenceMs: number;
  /** From kill -9 until another state than the dead life's was told. */
  readonly killToShownMs: number;
  readonly killToUpMs: number;
  /** From Docker's word, with the confirmation. */
  readonly sickToRestartCallMs: number;
  readonly sickToVerifiedMs: number;
}

export interface CareStage {
  readonly garrison: Garrison;
  measure(): Promise<Care>;
}

export async function setCareStage(context: BenchContext): Promise<CareStage> {
  const dockerd = await TestDockerd.start(context);
  const docker = dockerd.dockerode();
  await importImage(docker);
  for (let number = 1; number <= BYSTANDERS; number += 1)
    await runContainer(docker, { name: `bystander-${String(number)}`, networkMode: 'none' });
  const socketPath = join(dockerd.folder, 'seen');
  const proxy = await DockerProxy.start(context, { socketPath, behind: dockerd.socketPath });
  const events = await HealthEvents.follow(context, dockerd);
  const garrison = await Garrison.start(context, {
    config: `workers: { count: ${String(WORKERS)} }\ncontainers: { socket: ${socketPath}, confirm: ${String(CONFIRM_MS)}ms }`,
  });
  const waiting = new Waiting();
  await followEvents(context, garrison.home, { worker: (worker) => waiting.hear(worker) });
  const unkilled = [...(await allUp(garrison))];
  let sicknesses = 0;
  const measure = async (): Promise<Care> => {
    const beatSilenceMs = await longestSilence(garrison, BEATS_FOR_MS);
    const lives = await killSome(unkilled.splice(0, KILLS), waiting);
    const heals: Heal[] = [];
    for (let count = 0; count < SICKNESSES; count += 1)
      heals.push(await oneSickness({ docker, events, proxy, garrison }, `sick-${String((sicknesses += 1))}`));
    const median = (values: readonly number[]): number => rounded(medianOf(values), 1);
    return {
      beatSilenceMs: rounded(beatSilenceMs, 0),
      killToShownMs: median(lives.map(({ noticedMs }) => noticedMs)),
      killToUpMs: median(lives.map(({ upMs }) => upMs)),
      sickToRestartCallMs: median(heals.map(({ callMs }) => callMs)),
      sickToVerifiedMs: median(heals.map(({ verifiedMs }) => verifiedMs)),
    };
  };
  return { garrison, measure };
}

/** Between two beats of any worker, as the supervisor tells of it while it is asked twice a second. */
export async function longestSilence(garrison: Garrison, forMs: number): Promise<number> {
  const startedMs = performance.now();
  let longestMs = 0;
  while (performance.now() - startedMs < forMs) {
    for (const { lastBeatAgoMs } of await garrison.workers())
      longestMs = Math.max(longestMs, lastBeatAgoMs ?? 0);
    await sleep(500);
  }
  return longestMs;
}

async function killSome(
  workers: readonly WorkerView[],
  waiting: Waiting,
): Promise<{ noticedMs: number; upMs: number }[]> {
  const lives = [];
  for (const worker of workers) {
    lives.push(await killAndWait(worker, waiting));
    await sleep(500);
  }
  return lives;
}

interface Heal {
  readonly callMs: number;
  readonly verifiedMs: number;
}

interface Ward {
  readonly docker: Dockerode;
  readonly events: HealthEvents;
  readonly proxy: DockerProxy;
  readonly garrison: Garrison;
}

async function oneSickness({ docker, events, proxy, garrison }: Ward, name: string): Promise<Heal> {
  const standIn = { healthy: 'from each start' } as const;
  const container = await runContainer(docker, {
    name,
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
    labels: { 'garrison.heal': 'true' },
  });
  await events.when(name, 'healthy');
  await setHealthy(container, false);
  const sickAtMs = await events.when(name, 'unhealthy');
  const call = await until(`${name} is restarted`, () => proxy.deeds('restart', container.id)[0], {
    deadlineMs: 40_000,
  });
  const healed = await until(`${name} is healed`, () => healedAtMs(garrison, name), { deadlineMs: 60_000 });
  await container.remove({ force: true });
  return { callMs: call.atMs - sickAtMs, verifiedMs: healed - sickAtMs };
}

/** By the journal's own time of it; null while it is not there. */
function healedAtMs(garrison: Garrison, name: string): number | null {
  for (const line of readFileSync(join(garrison.home, 'journal.jsonl'), 'utf8').split('\n').filter(Boolean)) {
    const { at, event, what, container } = JSON.parse(line) as Record<string, string>;
    if (event === 'container' && what === 'healed' && container === name) return Date.parse(at ?? '');
  }
  return null;
}

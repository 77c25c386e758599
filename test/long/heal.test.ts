/**
 * Healing while Docker's stream of events can be relied on least: each connection falls silent after two seconds and stays open.
 * What no event tells of, the list must find: no unhealthy container is missed, and none is restarted twice.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { TestDockerd } from '../support/dockerd.ts';
import {
  importImage,
  runContainer,
  setHealthy,
  standInHealthCheck,
  standInScript,
  startsOf,
} from '../support/dockerImages.ts';
import { DockerProxy } from '../support/dockerProxy.ts';
import { Garrison } from '../support/garrison.ts';
import { HealthEvents } from '../support/healthEvents.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8];
/** Without a health check: they only keep the brake from taking three sick ones for a sick host. */
const BYSTANDERS = 10;
const SILENT_AFTER_MS = 2_000;
const DROPPING_FOR_MS = 60_000;
const RELIST_EVERY_MS = 10_000;
const CONFIRM_MS = 1_000;
/** For the looks and the examination on a machine that has other work. */
const MARGIN_MS = 4_000;

it(
  'a stream that drops silently every 2 s for 60 s misses no unhealthy container',
  { skip: process.getuid?.() !== 0 && 'only root can start a dockerd' },
  withParts(silentStream),
);

interface Stage {
  readonly events: HealthEvents;
  readonly proxy: DockerProxy;
  readonly containers: ReadonlyMap<string, Dockerode.Container>;
  readonly garrison: Garrison;
}

async function silentStream(parts: Parts): Promise<void> {
  const { events, proxy, containers, garrison } = await setStage(parts);
  const sicknesses = [...containers].map(async ([name, container]) => {
    await sleep(Math.random() * DROPPING_FOR_MS);
    await setHealthy(container, false);
    const sickAtMs = await events.when(name, 'unhealthy');
    const deeds = (): readonly { atMs: number }[] => proxy.deeds('restart', container.id);
    const deed = await until(`${name} is restarted`, () => deeds()[0], { deadlineMs: 60_000 });
    await events.when(name, 'healthy', { sinceMs: deed.atMs });
    return deed.atMs - sickAtMs;
  });
  const [delaysMs] = await Promise.all([Promise.all(sicknesses), sleep(DROPPING_FOR_MS)]);
  const metrics = await garrison.text('/metrics');
  const count = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1] ?? NaN);
  const missed = count('garrison_docker_resync_discrepancies_total');
  const reconnects = count('garrison_docker_event_stream_reconnects_total');
  const told = `from event to restart ${delaysMs.map((ms) => ms.toFixed(0)).join(', ')} ms; ${String(proxy.swallowedStreams)} streams fell silent, ${String(missed)} changes were missed by them, ${String(reconnects)} reconnects`;
  console.log(told);

  for (const [name, container] of containers) {
    assert.equal(proxy.deeds('restart', container.id).length, 1, `${name} was restarted once`);
    assert.equal(proxy.deeds('kill', container.id).length, 0, `${name} was not killed`);
    assert.equal(await startsOf(container), 2, `${name} lives its second life`);
  }
  assert.ok(Math.max(...delaysMs) <= RELIST_EVERY_MS + CONFIRM_MS + MARGIN_MS, told);
  assert.ok(proxy.swallowedStreams >= 2 && missed >= 1 && reconnects >= 1, told);
}

async function setStage(parts: Parts): Promise<Stage> {
  const dockerd = await TestDockerd.start(parts);
  const docker = dockerd.dockerode();
  await importImage(docker);
  for (let number = 1; number <= BYSTANDERS; number += 1)
    await runContainer(docker, { name: `bystander-${String(number)}`, networkMode: 'none' });
  const events = await HealthEvents.follow(parts, dockerd);
  const containers = new Map<string, Dockerode.Container>();
  for (const number of NUMBERS) {
    const name = `patient-${String(number)}`;
    containers.set(name, await startPatient(docker, name));
  }
  for (const name of containers.keys()) await events.when(name, 'healthy');
  const proxy = await DockerProxy.start(parts, {
    socketPath: join(dockerd.folder, 'proxy'),
    behind: dockerd.socketPath,
    eventsForMs: SILENT_AFTER_MS,
  });
  const garrison = await Garrison.start(parts, {
    config: `workers: { count: 1 }\ncontainers: { socket: ${proxy.socketPath}, confirm: ${String(CONFIRM_MS)}ms }`,
  });
  return { events, proxy, containers, garrison };
}

function startPatient(docker: Dockerode, name: string): Promise<Dockerode.Container> {
  const standIn = { healthy: 'from each start' } as const;
  return runContainer(docker, {
    name,
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn, { intervalMs: 2_000 }),
    networkMode: 'none',
    labels: { 'garrison.heal': 'true', 'com.docker.compose.project': name },
  });
}

/**
 * Garrison answers as quickly as ever while Docker does not: a restart that hangs for ten seconds, and a daemon that stands still.
 * What the machine's other work costs is taken from the same answers before.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerView } from '../../src/supervisor/door.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  importImage,
  runContainer,
  standInHealthCheck,
  standInScript,
  untilHealth,
} from '../support/dockerImages.ts';
import { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const ASKED_EVERY_MS = 20;
const STANDS_STILL_MS = 5_000;
const P99_WITHIN_MS = 50;

it(
  'answers are quick while a restart hangs and dockerd stands still',
  { skip: process.getuid?.() !== 0 && 'only root can start a dockerd' },
  withParts(quickAnswers),
);

async function quickAnswers(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const standIn = { healthy: 'from the second start', onStop: 'hangs' } as const;
  const container = await runContainer(dockerd.dockerode(), {
    name: 'alone',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
    labels: { 'garrison.heal': 'true' },
  });
  await untilHealth(container, 'unhealthy');
  const garrison = await Garrison.start(parts, {
    config: `workers: { count: 1 }\ncontainers: { socket: ${dockerd.socketPath}, confirm: 4s }`,
  });
  const usualMs = await answerTimes(garrison, sleep(2_000));
  await until('it is being restarted', async () => (await stateOf(garrison)) === 'healing', {
    deadlineMs: 20_000,
  });
  const hangingMs = await answerTimes(garrison, standStill(dockerd));
  assert.equal(await stateOf(garrison), 'healing', 'the restart hangs still');
  await until('it is healthy in the end', async () => (await stateOf(garrison)) === 'healthy', {
    deadlineMs: 40_000,
  });
  const [usual, hanging] = [p99(usualMs), p99(hangingMs)];
  const told = `p99 of ${String(hangingMs.length)} answers ${hanging.toFixed(1)} ms, before ${usual.toFixed(1)} ms`;
  console.log(told);
  assert.ok(hanging < P99_WITHIN_MS + usual, told);
}

async function standStill(dockerd: TestDockerd): Promise<void> {
  await dockerd.stop('dockerd');
  await sleep(STANDS_STILL_MS);
  dockerd.cont('dockerd');
}

/** Of GET /api/v1/status, asked again and again until `during` has ended. */
async function answerTimes(garrison: Garrison, during: Promise<void>): Promise<readonly number[]> {
  const span = { isOver: false };
  const ends = during.finally(() => (span.isOver = true));
  const times: number[] = [];
  while (!span.isOver) {
    const startedMs = performance.now();
    await garrison.snapshot();
    times.push(performance.now() - startedMs);
    await sleep(ASKED_EVERY_MS);
  }
  await ends;
  return times;
}

async function stateOf(garrison: Garrison): Promise<string | undefined> {
  const { items } = await garrison.api<{ items: ContainerView[] }>('GET', '/api/v1/containers');
  return items[0]?.state;
}

function p99(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[Math.ceil(times.length * 0.99) - 1] ?? NaN;
}

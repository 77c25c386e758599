/**
 * The deadline of a drain: a worker whose job does not end is made to leave, and the job is run again elsewhere.
 * It takes as long as a drain may, which is why it is not among the usual tests.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { Garrison } from '../support/garrison.ts';
import { startOn, startOwnHosts, type OwnHost } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

const MESSY_WORKER = new URL('../fixtures/messyWorker.js', import.meta.url).pathname;
const DRAIN_WITHIN_MS = 30_000;

it(
  'a restart whose job in hand never ends is done after the drain deadline, and the job has one effect',
  withParts(drainDeadline),
);
it(
  'Ctrl-C with a job in hand that never ends is done after the short deadline, and the next start goes on',
  withParts(stopDeadline),
);

it(
  'stop and restart of workers that hear nothing go from drain to TERM to KILL, and name them',
  withParts(deafWorkers),
);

async function deafWorkers(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const trigger = join(home, 'mess');
  const env = { NODE_OPTIONS: `--import=${MESSY_WORKER}`, GARRISON_TEST_MESS: trigger };
  const garrison = await Garrison.start(parts, { home, config: 'workers: { count: 3 }', env });
  const before = await garrison.workers();
  for (const name of ['push-1', 'push-2']) {
    writeFileSync(trigger, `${name} deaf`);
    await until(`${name} is deaf`, () => !existsSync(trigger));
  }
  const startedMs = performance.now();
  const [stopped, restarted] = await Promise.all([
    garrison.cli('stop', 'push-1', '--yes'),
    garrison.cli('restart', 'push-2', '--yes'),
  ]);
  assert.deepEqual([stopped.exitCode, restarted.exitCode], [0, 0], stopped.stderr + restarted.stderr);
  assert.ok(performance.now() - startedMs >= DRAIN_WITHIN_MS);
  const states = (await garrison.workers()).map(({ state }) => state);
  assert.deepEqual(states, ['stopped', 'up', 'up']);
  const heard = readFileSync(`${trigger}.heard`, 'utf8').trim().split('\n').sort();
  assert.deepEqual(heard, ['push-1 TERM', 'push-2 TERM']);
  const named = readFileSync(join(home, 'journal.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"drainOverdue"'))
    .map((line) => (JSON.parse(line) as { pid: number }).pid);
  assert.deepEqual(
    named.sort(),
    before
      .slice(0, 2)
      .map(({ incarnation }) => incarnation?.pid)
      .sort(),
  );
}

async function drainDeadline(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts as [OwnHost];
  const garrison = await startOn(own, parts, { config: 'workers: { count: 2 }' });
  host.closeGate();
  const push = await garrison.push('held', ['web-1']);
  await host.atGate('held');
  const jobId = push.jobs[0]?.id ?? '';
  const worker = (await garrison.job(jobId)).worker ?? '';
  const startedMs = performance.now();
  const restarted = await garrison.cli('restart', worker, '--yes');
  const tookMs = performance.now() - startedMs;
  assert.equal(restarted.exitCode, 0, restarted.stderr);
  assert.ok(
    tookMs >= DRAIN_WITHIN_MS && tookMs < DRAIN_WITHIN_MS + 10_000,
    `done after ${String(tookMs)} ms`,
  );
  await until('it is tried again', async () => (await garrison.job(jobId)).attempt === 2);
  host.openGate();
  const job = (await garrison.settled(push.id)).jobs[0];
  assert.deepEqual([told(job), job?.lostAttempts], ['done changed AccountPushed', 1]);
  assertOneEffectEach(own.hosts, [push]);
}

async function stopDeadline(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts as [OwnHost];
  const first = await startOn(own, parts);
  host.closeGate();
  const push = await first.push('held', ['web-1']);
  await host.atGate('held');
  const startedMs = performance.now();
  assert.equal(await first.end('SIGINT'), 0);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 10_000 && tookMs < 15_000, `ended after ${String(tookMs)} ms`);
  const next = await startOn(own, parts, { home: first.home });
  host.openGate();
  assert.equal(told((await next.settled(push.id)).jobs[0]), 'done changed AccountPushed');
  assertOneEffectEach(own.hosts, [push]);
}

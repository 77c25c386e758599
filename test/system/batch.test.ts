/** A push to two thousand hosts: cancelled as a whole, over a kill -9 of the supervisor in the middle of that, and tried again but for what is done. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { it } from 'node:test';
import { isFinal, type JobRecord } from '../../src/push/job.ts';
import type { JobView, OperationView, PushView } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const HOSTS = 2_000;
const names = Array.from({ length: HOSTS }, (_, index) => `far-${String(index)}`);
/** Addresses of this machine's own, at which nothing listens. */
const inventory = [
  'hosts:',
  ...names.map(
    (name, index) =>
      `  ${name}: { address: 127.77.${String(index >> 8)}.${String(index & 255)}, port: 9, hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZhcmZhcmZhcmZhcmZhcmZhcmZhcmZhcmZhcmZhcmZhcmZh" }`,
  ),
].join('\n');

it('a whole push is cancelled at once, stays so over a kill -9 in the middle, and is tried again but for the host that is done', async (t) => {
  const home = tempHome(t);
  const options = { home, practice: 1, config: 'workers: { count: 1, slots: 4 }', inventory };
  const first = await Garrison.start(t, options);
  const { id } = await first.push('kim', ['practice-1', ...names]);
  await until('practice-1 is done', async () => (await first.pushView(id)).jobs[0]?.state === 'done');
  await operate(first, 'quiet', 'worker/push-1');
  const waiting = (await first.pushView(id)).jobs.filter(({ state }) => state === 'queued').length;
  await first.api('POST', '/api/v1/operations', { verb: 'cancel', target: id });
  await killAtFirstKept(first);
  const said = inSpool(home);
  assert.ok(said.length > 0 && said.length < waiting, `${String(said.length)} of ${String(waiting)} kept`);

  const second = await Garrison.start(t, { ...options, until: 'answers' });
  const after = await until('they are known again', async () => {
    const { jobs } = await second.pushView(id);
    return jobs.some(({ position }) => position !== null) && jobs;
  });
  for (const { id: jobId } of said) assert.equal(byId(after).get(jobId)?.state, 'cancelled');
  const states = new Set(after.slice(1).map(({ state }) => state));
  assert.deepEqual(
    [...states].sort(),
    ['cancelled', 'failed', 'queued'].filter((each) => states.has(each as never)),
  );
  assert.ok(states.has('queued'));

  // What nobody said is cancelled goes on, and the cancel can be asked for again.
  await operate(second, 'start', 'worker/push-1');
  const failed = (jobs: readonly JobView[]): number => jobs.filter(({ state }) => state === 'failed').length;
  await until('one of them runs', async () => failed((await second.pushView(id)).jobs) > failed(after));
  await operate(second, 'quiet', 'worker/push-1');
  const { state, detail } = await operate(second, 'cancel', id);
  assert.equal(state, 'done', detail);
  const cancelled = await second.pushView(id);
  assert.ok(cancelled.jobs.every((job) => isFinal(job.state)));
  for (const job of said)
    assert.equal(byId(cancelled.jobs).get(job.id)?.revision, job.revision, 'it never ran');
  await saysHowItEnded(
    second,
    said.find(({ attempt }) => attempt === 0) ?? assert.fail('none stayed at home'),
  );

  await second.api('POST', '/api/v1/operations', { verb: 'retry', target: id });
  const again = await until('all the others wait again', async () => {
    const push: PushView = await second.pushView(id);
    return push.jobs.slice(1).every((job) => job.state === 'queued') && push;
  });
  assert.deepEqual(again.jobs[0], cancelled.jobs[0], 'what is done is left alone');
  assert.equal((await operate(second, 'cancel', id)).state, 'done');
});

async function operate(garrison: Garrison, verb: string, target: string): Promise<OperationView> {
  const { id } = await garrison.api<OperationView>('POST', '/api/v1/operations', { verb, target });
  return until(
    `${verb} ${target} has ended`,
    async () => {
      const operation = await garrison.api<OperationView>('GET', `/api/v1/operations/${id}`);
      return operation.state !== 'running' && operation;
    },
    { deadlineMs: 20_000, everyMs: 50 },
  );
}

/** Of eight batches the first is on disk. */
async function killAtFirstKept(garrison: Garrison): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (inSpool(garrison.home).length === 0) {
    assert.ok(performance.now() < deadlineMs, 'nothing was kept');
    await turn();
  }
  await garrison.end('SIGKILL');
}

function inSpool(home: string): JobRecord[] {
  const folder = join(home, 'spool');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => linesOf(join(folder, name)).map((line) => JSON.parse(line) as JobRecord));
}

/** It may be gone by now: what it held is in Redis. */
function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function byId(jobs: readonly JobView[]): ReadonlyMap<string, JobView> {
  return new Map(jobs.map((job) => [job.id, job]));
}

/** Nothing was written for each of thousands; who asks reads it all the same, once. */
async function saysHowItEnded(garrison: Garrison, { id }: JobRecord): Promise<void> {
  const file = join(garrison.home, 'logs', `${id}.log`);
  assert.ok(!existsSync(file));
  const { stdout } = await garrison.cli('logs', id);
  assert.match(
    stdout,
    /^\S+ garrison: failed \(Cancelled\): Cancelled before it started; nothing was done.*\n$/,
  );
  assert.equal((await garrison.cli('logs', id)).stdout, stdout);
}

/**
 * How a garrison ends: Ctrl-C, kill -9 at the worst moment, a worker that no longer listens, a second one in the same home.
 * Whatever the end, nothing may be left behind, and no job may be lost or done twice.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readProcStat } from '../../src/proc.ts';
import type { Incarnation } from '../../src/heartbeat.ts';
import type { PushView } from '../../src/supervisor/door.ts';
import { followWorker } from '../support/follow.ts';
import { Garrison, runCommand } from '../support/garrison.ts';
import { closeGateOn, startOn, startOwnHosts, type OwnHost } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

const BLOCK_WORKER = pathToFileURL(new URL('../fixtures/blockWorker.js', import.meta.url).pathname).href;
const GONE_WITHIN_MS = 3_000;

describe('Ctrl-C', () => {
  it(
    'ends everything with code 0 while pushes are in hand, and the next start goes on with them',
    withParts(ctrlC),
  );
  it('waits for a job in hand, and a second Ctrl-C cuts that short', withParts(ctrlCTwice));
});

describe('kill -9 of the supervisor', () => {
  it('ends all it started within 3 s, while remote scripts run', withParts(killNine));
  it('ends also a worker whose event loop is blocked', withParts(killNineBlocked));
  it(
    'leaves open jobs that the next start brings to their end, each with one effect',
    withParts(killNineAndStartAgain),
  );
  it(
    'leaves a script on the host that the next start waits for, however long it works',
    withParts(killNineAndWait),
  );
});

describe('a second garrison', () => {
  it('refuses the same home, and the first one does not notice', withParts(secondOne));
});

describe('a worker whose event loop is blocked', () => {
  it('is seen as late, then hung, is killed and replaced, and its job is run again', withParts(hungWorker));
});

async function ctrlC(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const garrison = await Garrison.start(parts, { home, practice: 3 });
  const pushes: PushView[] = [];
  for (let count = 0; count < 10; count += 1)
    pushes.push(await garrison.push(`hand${String(count)}`, PRACTICE));
  await until('jobs are in hand', async () => (await garrison.snapshot()).queue.running > 0, { everyMs: 1 });
  process.kill(-garrison.pid, 'SIGINT');
  assert.equal(await garrison.exited, 0, garrison.output.slice(-2000));
  assert.deepEqual(socketsIn(home), []);
  await parts.leaks.assertNone();

  const next = await Garrison.start(parts, { home, practice: 3 });
  for (const push of pushes) {
    const { jobs } = await next.settled(push.id);
    assert.deepEqual(
      jobs.map((job) => `${job.state} ${job.result?.outcome ?? ''}`),
      ['done changed', 'done changed', 'done changed'],
    );
  }
}

async function ctrlCTwice(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts as [OwnHost];
  const home = tempHome(parts);
  const garrison = await startOn(own, parts, { home });
  host.closeGate();
  const push = await garrison.push('held', ['web-1']);
  await host.atGate('held');
  process.kill(-garrison.pid, 'SIGINT');
  await until('it drains', async () =>
    (await garrison.workers()).some((worker) => worker.state === 'draining'),
  );
  assert.equal((await garrison.snapshot()).state, 'stopping');
  const startedMs = performance.now();
  const hasLost = (): boolean => !parts.leaks.find().some((line) => line.includes('garrison worker'));
  const isHeard = (): boolean => hasLost() || !process.kill(-garrison.pid, 'SIGINT');
  await until('a later Ctrl-C is heard', isHeard, { everyMs: 200 });
  assert.equal(await garrison.exited, 0, garrison.output.slice(-2000));
  assert.ok(performance.now() - startedMs < 5_000, 'long before the drain deadline of 10 s');
  assert.deepEqual(socketsIn(home), []);

  const next = await startOn(own, parts, { home });
  host.openGate();
  const { jobs } = await next.settled(push.id);
  assert.deepEqual(jobs.map(told), ['done changed AccountPushed']);
  assertOneEffectEach(own.hosts, [push]);
}

async function killNine(parts: Parts): Promise<void> {
  const garrison = await Garrison.start(parts, { practice: 3 });
  for (const host of PRACTICE) await closeGateOn((script) => garrison.tell(host, script));
  await garrison.push('held', PRACTICE);
  for (const host of PRACTICE) {
    await until(`the script is at the gate of ${host}`, () => garrison.tell(host, 'ls /run/at-gate.held'), {
      everyMs: 50,
    });
  }
  const running = parts.leaks.find().join('\n');
  for (const part of [/garrison worker push-4/, /redis-server/, /ssh -F none/, /sshd/, /unshare/, /useradd/])
    assert.match(running, part);
  garrison.process.kill('SIGKILL');
  await parts.leaks.assertNone(GONE_WITHIN_MS);
}

async function killNineBlocked(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const trigger = join(home, 'block');
  const garrison = await Garrison.start(parts, { home, practice: 1, env: blockEnv(trigger) });
  const blocked = await blockWorker(garrison, 'push-1', trigger);
  assert.equal(runs(blocked), true);
  garrison.process.kill('SIGKILL');
  await parts.leaks.assertNone(GONE_WITHIN_MS);
  assert.equal(runs(blocked), false);
}

async function killNineAndStartAgain(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 2);
  const home = tempHome(parts);
  const first = await startOn(own, parts, { home, config: 'workers: { count: 2, slots: 3 }' });
  for (const host of own.hosts) host.closeGate();
  const pushes: PushView[] = [];
  for (const account of ['one', 'two', 'three']) pushes.push(await first.push(account, ['web-1', 'web-2']));
  for (const host of own.hosts) await host.atGate('one');
  first.process.kill('SIGKILL');
  await first.exited;

  const next = await startOn(own, parts, { home, config: 'workers: { count: 2, slots: 3 }' });
  for (const push of pushes) assert.equal((await next.pushView(push.id)).state, 'open');
  for (const host of own.hosts) host.openGate();
  for (const push of pushes) {
    const { jobs } = await next.settled(push.id);
    assert.deepEqual(jobs.map(told), ['done changed AccountPushed', 'done changed AccountPushed']);
  }
  assertOneEffectEach(own.hosts, pushes);
}

async function killNineAndWait(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts as [OwnHost];
  const home = tempHome(parts);
  const first = await startOn(own, parts, { home });
  host.closeGate();
  const push = await first.push('slow', ['web-1']);
  await host.atGate('slow');
  first.process.kill('SIGKILL');
  await first.exited;

  // With so little time an attempt waits two seconds for the host's lock, which its own earlier script still holds.
  const next = await startOn(own, parts, { home, ssh: 'totalTimeout: 3s' });
  const jobId = push.jobs[0]?.id ?? '';
  await until('the new attempt finds the host busy', async () => (await next.job(jobId)).attempt > 2, {
    deadlineMs: 20_000,
    everyMs: 50,
  });
  host.openGate();
  const { jobs } = await next.settled(push.id);
  assert.deepEqual(jobs.map(told), ['done changed AccountPushed']);
  assert.equal(jobs[0]?.result?.replayed, true, "the answer is the first script's own record");
  assertOneEffectEach(own.hosts, [push]);
}

async function secondOne(parts: Parts): Promise<void> {
  const garrison = await Garrison.start(parts, { practice: 1 });
  const before = await garrison.workers();
  const second = await runCommand(['--home', garrison.home, 'up', '--practice', '1']);
  assert.equal(second.exitCode, 4, second.stderr);
  assert.match(
    second.stderr,
    new RegExp(`another garrison supervisor \\(pid ${String(garrison.pid)}\\) already uses ${garrison.home}`),
  );
  assert.match(second.stderr, /next: .*--home/);
  const after = await garrison.workers();
  assert.deepEqual(
    after.map((worker) => [worker.incarnation, worker.state]),
    before.map((worker) => [worker.incarnation, 'up']),
  );
  const { jobs } = await garrison.settled((await garrison.push('still', ['practice-1'])).id);
  assert.deepEqual(jobs.map(told), ['done changed AccountPushed']);
}

async function hungWorker(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts as [OwnHost];
  const home = tempHome(parts);
  const trigger = join(home, 'block');
  const garrison = await startOn(own, parts, {
    home,
    config: 'workers: { count: 1 }',
    env: blockEnv(trigger),
  });
  const views = await followWorker(parts, { home, name: 'push-1' });
  host.closeGate();
  const push = await garrison.push('again', ['web-1']);
  await host.atGate('again');
  const blocked = await blockWorker(garrison, 'push-1', trigger);
  await until('it is replaced', async () => (await garrison.workers())[0]?.restarts === 1, {
    deadlineMs: 40_000,
  });
  host.openGate();
  const { jobs } = await garrison.settled(push.id);
  assert.deepEqual(jobs.map(told), ['done changed AccountPushed']);
  assert.deepEqual([jobs[0]?.attempt, jobs[0]?.lostAttempts], [2, 1]);
  assertOneEffectEach(own.hosts, [push]);
  const verdicts = views
    .map((view) => `${view.state} ${view.reason}`)
    // Which of the two beats is missed first is a matter of milliseconds.
    .map((verdict) => (verdict === 'late BeatLate' ? 'late LoopBlocked' : verdict))
    .filter((verdict, index, all) => verdict !== all[index - 1]);
  assert.deepEqual(verdicts.slice(-6), [
    'up Beating',
    'late LoopBlocked',
    'hung LoopBlocked',
    'backoff Killed',
    'starting Spawned',
    'up Beating',
  ]);
  const late = views.find((view) => view.state === 'late');
  const hung = views.find((view) => view.state === 'hung');
  assert.equal(late?.since, hung?.since, 'both since the last beat');
  assert.match(
    hung?.detail ?? '',
    new RegExp(
      `main loop of pid ${String(blocked.pid)} has not turned since .*Z, by word of its second beat`,
    ),
  );
  assert.equal(runs(blocked), false);
}

const PRACTICE = ['practice-1', 'practice-2', 'practice-3'];

function blockEnv(trigger: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${BLOCK_WORKER}`, GARRISON_TEST_BLOCK: trigger };
}

/** Blocks the worker's event loop for good; returns who that was. */
async function blockWorker(garrison: Garrison, name: string, trigger: string): Promise<Incarnation> {
  const worker = (await garrison.workers()).find((each) => each.name === name);
  assert.ok(worker?.incarnation);
  writeFileSync(trigger, name);
  await until(`${name} is blocked`, () => existsSync(`${trigger}.blocked`));
  return worker.incarnation;
}

/** An orphan's zombie no longer runs; reaping it is the machine's. */
function runs({ pid, startTicks }: Incarnation): boolean {
  const stat = readProcStat(pid);
  return stat !== null && stat.startTicks === startTicks && stat.state !== 'Z';
}

function socketsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isSocket() ? [entry.name] : [],
  );
}

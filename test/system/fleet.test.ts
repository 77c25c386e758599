/**
 * Several supervisors on one Redis: one keeps the queue, the workers of all take from it, and whoever ends, sleeps or comes back costs no job and gives none two effects.
 * It trusts the hosts' own journals for what was done, and each supervisor only for its own workers.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FleetView } from '../../src/supervisor/fleetBoard.ts';
import type { Garrison } from '../support/garrison.ts';
import { startOn, startOwnHosts, type OwnHost, type OwnHosts } from '../support/ownHosts.ts';
import { openParts } from '../support/parts.ts';
import { TestRedis } from '../support/redisServer.ts';
import { tempHome } from '../support/tempHome.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

/** The claim of one that died lasts 15 s, and is asked for every other second. */
const TAKES_OVER_WITHIN_MS = 25_000;
/** 10 s, and up to eight times that where the machine is so busy that nobody may be judged. */
const SILENT_WITHIN_MS = 90_000;

describe('supervisors that share a queue', () => {
  const { parts, end } = openParts();
  let own: OwnHosts;
  let redis: TestRedis;
  let web1: OwnHost;
  const homes = new Map<string, string>();

  before(async () => {
    own = await startOwnHosts(parts, 2);
    [web1] = own.hosts as [OwnHost, OwnHost];
    redis = await TestRedis.start();
    parts.after(() => redis.end());
  });
  after(end);

  /** The same home each time. */
  const start = async (name: string, waitFor: 'served' | 'answers' = 'served'): Promise<Garrison> => {
    const home = homes.get(name) ?? tempHome(parts);
    homes.set(name, home);
    return startOn(own, parts, {
      home,
      until: waitFor,
      config: `host: ${name}\nworkers: { count: 1, slots: 2 }\nredis: { url: "${redis.url}", shared: true }`,
    });
  };

  it('takes jobs with the workers of each, as the one says that keeps it', async () => {
    const a = await start('bastion-a');
    const b = await start('bastion-b');
    assert.equal((await fleetOf(a)).seat, 'keepsQueue');
    assert.equal((await fleetOf(b)).seat, 'standsBy');
    await hears(a, 'bastion-b');
    await hears(b, 'bastion-a');
    assert.match((await fleetOf(b)).detail, /^bastion-a keeps the queue; this supervisor stands by since /);
    assert.equal((await a.cli('quiet', 'push-1')).exitCode, 0);
    const push = await a.push('shared1', ['web-1', 'web-2']);
    const { jobs } = await a.settled(push.id);
    assert.deepEqual(jobs.map(told), ['done changed AccountPushed', 'done changed AccountPushed']);
    assert.deepEqual(new Set(jobs.map(({ worker }) => worker)), new Set(['bastion-b/push-1']));
    assertOneEffectEach(own.hosts, [push]);
    assert.deepEqual((await b.settled(push.id)).jobs.map(told), jobs.map(told));
    assert.equal((await a.cli('start', 'push-1')).exitCode, 0);
    for (const garrison of [b, a]) assert.equal(await garrison.end(), 0);
  });

  it('takes what people ask at any of them to the one whose it is', async () => {
    const a = await start('bastion-a');
    const b = await start('bastion-b');
    await hears(b, 'bastion-a');
    await hears(a, 'bastion-b');
    web1.closeGate();
    const running = await b.push('asked1', ['web-1']);
    const waiting = await b.push('asked2', ['web-1']);
    await web1.atGate('asked1');
    assert.match(running.actor, /^local:root at bastion-b$/);
    const queued = await b.api<{ items: readonly { id: string }[] }>('GET', '/api/v1/jobs?state=queued');
    assert.deepEqual(
      queued.items.map(({ id }) => id),
      waiting.jobIds,
      'also one that keeps no queue knows what waits',
    );
    const cancelled = await b.cli('cancel', waiting.id);
    assert.equal(cancelled.exitCode, 0, cancelled.stderr);
    assert.equal(told((await b.settled(waiting.id)).jobs[0]), 'cancelled failed Cancelled');
    web1.openGate();
    assert.equal(told((await b.settled(running.id)).jobs[0]), 'done changed AccountPushed');
    const before = (await a.workers())[0]?.incarnation?.nonce;
    const restarted = await b.cli('restart', 'bastion-a/push-1', '--yes');
    assert.equal(restarted.exitCode, 0, restarted.stderr);
    assert.notEqual((await a.workers())[0]?.incarnation?.nonce, before);
    const unknown = await b.cli('retry', 'p-none');
    assert.deepEqual([unknown.exitCode, /there is no job or push p-none/.test(unknown.stderr)], [1, true]);
    const said = await b.cli('status');
    assert.match(said.stdout, /^supervisors: bastion-a keeps the queue; this supervisor stands by/m);
    assert.match(said.stdout, /^ {2}bastion-a: 1 of 1 workers take jobs, 2 slots \(push-1 up\)$/m);
    assertOneEffectEach(own.hosts, [running]);
    for (const garrison of [b, a]) assert.equal(await garrison.end(), 0);
  });

  it('goes on with the one that is left, when the keeper dies with a job in the hands of the other', async () => {
    const a = await start('bastion-a');
    const b = await start('bastion-b');
    await hears(a, 'bastion-b');
    assert.equal((await a.cli('stop', 'push-1')).exitCode, 0);
    web1.closeGate();
    const push = await a.push('shared2', ['web-1']);
    await web1.atGate('shared2');
    await until(
      'the other knows that it runs',
      async () => (await b.pushView(push.id)).jobs[0]?.state === 'running',
    );
    assert.deepEqual((await b.workers())[0]?.jobs, [push.jobs[0]?.id]);
    await a.end('SIGKILL');
    await takesOver(b);
    web1.openGate();
    const [job] = (await b.settled(push.id)).jobs;
    assert.equal(told(job), 'done changed AccountPushed');
    assertOneEffectEach(own.hosts, [push]);
    const again = await start('bastion-a', 'answers');
    assert.equal((await fleetOf(again)).seat, 'standsBy');
    assert.equal((await again.cli('start', 'push-1')).exitCode, 0);
    for (const garrison of [again, b]) assert.equal(await garrison.end(), 0);
  });

  it('goes to another at once when the keeper ends in order, and its jobs with it', async () => {
    const a = await start('bastion-a');
    const b = await start('bastion-b');
    await hears(a, 'bastion-b');
    web1.closeGate();
    const push = await a.push('shared3', ['web-1']);
    await web1.atGate('shared3');
    const waiting = await a.push('shared4', ['web-1']);
    const ended = a.end();
    await takesOver(b);
    web1.openGate();
    for (const { id } of [push, waiting]) {
      const [job] = (await b.settled(id)).jobs;
      assert.equal(told(job), 'done changed AccountPushed');
    }
    assert.equal(await ended, 0);
    assertOneEffectEach(own.hosts, [push, waiting]);
    await b.end();
  });

  it('gives nothing to one that the keeper was never told of', async () => {
    const config = `workers: { count: 1 }\nredis: { url: "${redis.url}" }`;
    const alone = await startOn(own, parts, { config });
    const b = await start('bastion-b', 'answers');
    await until('it says so', async () =>
      /is not heard: nothing is taken/.test((await b.snapshot()).queue.detail),
    );
    assert.equal((await b.snapshot()).queue.served, false);
    const push = await alone.push('alone1', ['web-1', 'web-2']);
    assert.deepEqual(
      (await alone.settled(push.id)).jobs.map(({ worker, attempt }) => [worker, attempt]),
      [
        ['push-1', 1],
        ['push-1', 1],
      ],
    );
    for (const garrison of [b, alone]) assert.equal(await garrison.end(), 0);
  });

  it('is not written to by one that slept through the end of its claim', async () => {
    const a = await start('bastion-a');
    const b = await start('bastion-b');
    await hears(a, 'bastion-b');
    web1.closeGate();
    const push = await a.push('shared5', ['web-1']);
    await web1.atGate('shared5');
    process.kill(a.pid, 'SIGSTOP');
    try {
      await takesOver(b);
      const isSilent = async (): Promise<boolean> => (await fleetOf(b)).members[0]?.presence === 'silent';
      await until('there is no news of the one that sleeps', isSilent, { deadlineMs: SILENT_WITHIN_MS });
    } finally {
      process.kill(a.pid, 'SIGCONT');
    }
    await until('the one that slept stands by', async () => (await fleetOf(a)).seat === 'standsBy');
    web1.openGate();
    const [job] = (await b.settled(push.id)).jobs;
    assert.equal(told(job), 'done changed AccountPushed');
    assert.equal(told((await a.settled(push.id)).jobs[0]), told(job));
    assertOneEffectEach(own.hosts, [push]);
    for (const garrison of [a, b]) assert.equal(await garrison.end(), 0);
  });
});

async function fleetOf(garrison: Garrison): Promise<FleetView> {
  const { fleet } = await garrison.snapshot();
  assert.ok(fleet);
  return fleet;
}

async function hears(garrison: Garrison, name: string): Promise<void> {
  await until(`${name} is heard`, async () =>
    (await fleetOf(garrison)).members.some((each) => each.name === name && each.presence === 'heard'),
  );
}

async function takesOver(garrison: Garrison): Promise<void> {
  await until('it keeps the queue', async () => (await fleetOf(garrison)).seat === 'keepsQueue', {
    deadlineMs: TAKES_OVER_WITHIN_MS,
  });
}

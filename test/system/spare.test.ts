/**
 * The spare on a whole garrison: a worker killed with -9 under load is itself again within a moment, no job is lost or done twice,
 * a crash loop still waits for its back-off, and whatever ends the spare or the supervisor leaves nothing behind.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { SPARE_NAME } from '../../src/heartbeat.ts';
import type { PushView, SpareView, WorkerView } from '../../src/supervisor/door.ts';
import { childrenOf } from '../../src/driver/children.ts';
import { followWorker } from '../support/follow.ts';
import { Garrison } from '../support/garrison.ts';
import { startOn, startOwnHosts, type OwnHost } from '../support/ownHosts.ts';
import { withParts } from '../support/parts.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

const GONE_WITHIN_MS = 3_000;

it(
  'a worker killed with -9 under load: the spare takes its name, its place and the next job; no job is lost or done twice',
  withParts(async (parts) => {
    const own = await startOwnHosts(parts, 2);
    const [web1] = own.hosts as [OwnHost, OwnHost];
    const garrison = await startOn(own, parts, { spare: 1, config: 'workers: { count: 1, slots: 2 }' });
    const stood = await standing(garrison);
    const seen = await followWorker(parts, { home: garrison.home, name: 'push-1' });
    web1.closeGate();
    const pushes: PushView[] = [];
    for (let count = 0; count < 6; count += 1)
      pushes.push(await garrison.push(`load${String(count)}`, ['web-1', 'web-2']));
    await web1.atGate('load0');
    await killWorker(garrison, 'push-1');
    const replaced = await until('the spare is push-1', async () => {
      const worker = await workerOf(garrison, 'push-1');
      return worker.incarnation?.pid === stood && worker.state === 'up' && worker;
    });
    assert.equal(replaced.restarts, 1);
    assert.match(replaced.detail, /it was the spare and took this place at /);
    // It is told its name by a message, which comes when it comes.
    await until('it has the name', () => titleOf(stood) === 'garrison worker push-1');
    await until('it has a job in hand', async () => (await workerOf(garrison, 'push-1')).jobs.length > 0);
    web1.openGate();
    for (const push of pushes) {
      const { jobs } = await garrison.settled(push.id);
      assert.deepEqual(
        jobs.map(told),
        jobs.map(() => 'done changed AccountPushed'),
      );
    }
    assertOneEffectEach(own.hosts, await Promise.all(pushes.map(({ id }) => garrison.pushView(id))));
    assert.deepEqual(
      seen.filter(({ state }) => state !== 'up').map(({ state, reason }) => `${state} ${reason}`),
      ['backoff Killed', 'starting SpareTookOver'],
    );
    const why = await garrison.cli('why', 'push-1');
    assert.match(why.stdout, /starting SpareTookOver/);
    const metrics = await garrison.text('/metrics');
    assert.match(metrics, /^garrison_worker_restarts_total\{worker="push-1",reason="Killed"\} 1$/m);
    assert.notEqual(await standing(garrison), stood);
    assert.match(await garrison.text('/metrics'), /^garrison_worker_spare\{state="ready"\} 1$/m);
    assert.match((await garrison.cli('status')).stdout, /^spare: ready since .+ Stands ready as pid \d+/m);
  }),
);

it(
  'a worker that keeps dying waits for its back-off and uses up one spare; the others have theirs',
  withParts(async (parts) => {
    const garrison = await Garrison.start(parts, { spare: 1, config: 'workers: { count: 2 }' });
    const first = await standing(garrison);
    await killWorker(garrison, 'push-1');
    await isUpAs(garrison, 'push-1', (pid) => pid === first);
    const second = await standing(garrison);
    await killWorker(garrison, 'push-1');
    await until('it waits', async () =>
      /it starts again at /.test((await workerOf(garrison, 'push-1')).detail),
    );
    await isUpAs(garrison, 'push-1', (pid) => pid !== second);
    assert.equal((await spareOf(garrison)).pid, second, 'it stands for somebody else');
    await killWorker(garrison, 'push-2');
    await isUpAs(garrison, 'push-2', (pid) => pid === second);
  }),
);

it(
  'a spare that is killed is replaced, one that is stopped serves nobody, and a reload touches none',
  withParts(async (parts) => {
    const garrison = await Garrison.start(parts, { spare: 1, config: 'workers: { count: 1 }' });
    const first = await standing(garrison);
    process.kill(first, 'SIGKILL');
    const second = await until('another stands', async () => {
      const { state, pid } = await spareOf(garrison);
      return state === 'ready' && pid !== null && pid !== first && pid;
    });
    assert.equal((await workerOf(garrison, 'push-1')).restarts, 0);
    assert.equal((await garrison.cli('reload')).exitCode, 0);
    assert.equal((await spareOf(garrison)).pid, second);
    process.kill(second, 'SIGSTOP');
    await until('that is seen', async () => (await spareOf(garrison)).state === 'unwell');
    await killWorker(garrison, 'push-1');
    await isUpAs(garrison, 'push-1', (pid) => pid !== second);
    await until('it was woken', async () => (await spareOf(garrison)).state === 'ready');
    assert.equal((await spareOf(garrison)).pid, second);
  }),
);

it(
  'a restart by a person is served by the spare; a stop of the last worker ends it, a start brings it back',
  withParts(async (parts) => {
    const garrison = await Garrison.start(parts, { spare: 1, config: 'workers: { count: 1 }' });
    const first = await standing(garrison);
    assert.equal((await garrison.cli('restart', 'push-1', '--wait')).exitCode, 0);
    assert.equal((await workerOf(garrison, 'push-1')).incarnation?.pid, first);
    await standing(garrison);
    assert.equal((await garrison.cli('stop', 'push-1', '--wait')).exitCode, 0);
    await until('there is none', async () => (await spareOf(garrison)).pid === null);
    assert.equal((await garrison.cli('start', 'push-1', '--wait')).exitCode, 0);
    await standing(garrison);
  }),
);

it(
  'the end of the supervisor, in order or by -9, ends the spare too',
  withParts(async (parts) => {
    const garrison = await Garrison.start(parts, { spare: 1, config: 'workers: { count: 2 }' });
    await standing(garrison);
    assert.equal(await garrison.end(), 0, garrison.output.slice(-2000));
    await parts.leaks.assertNone(GONE_WITHIN_MS);
    const next = await Garrison.start(parts, { spare: 1, config: 'workers: { count: 2 }' });
    const spare = await standing(next);
    assert.equal(childrenOf(next.pid).includes(spare), true);
    next.process.kill('SIGKILL');
    await parts.leaks.assertNone(GONE_WITHIN_MS);
  }),
);

async function workerOf(garrison: Garrison, name: string): Promise<WorkerView> {
  const worker = (await garrison.workers()).find((each) => each.name === name);
  assert.ok(worker);
  return worker;
}

async function spareOf(garrison: Garrison): Promise<SpareView> {
  const { spare } = await garrison.snapshot();
  assert.ok(spare);
  return spare;
}

/** The pid of the spare that stands ready. */
async function standing(garrison: Garrison): Promise<number> {
  const pid = await until('a spare stands ready', async () => {
    const spare = await spareOf(garrison);
    return spare.state === 'ready' && spare.pid;
  });
  assert.equal(titleOf(pid), `garrison worker ${SPARE_NAME}`);
  return pid;
}

async function killWorker(garrison: Garrison, name: string): Promise<void> {
  const { incarnation } = await workerOf(garrison, name);
  assert.ok(incarnation);
  process.kill(incarnation.pid, 'SIGKILL');
  await until(`${name} is no longer that`, async () => {
    const worker = await workerOf(garrison, name);
    return worker.incarnation?.nonce !== incarnation.nonce;
  });
}

async function isUpAs(garrison: Garrison, name: string, isIt: (pid: number) => boolean): Promise<void> {
  const { incarnation } = await until(`${name} is up`, async () => {
    const worker = await workerOf(garrison, name);
    return worker.state === 'up' && worker;
  });
  assert.ok(incarnation && isIt(incarnation.pid), `${name} lives as ${JSON.stringify(incarnation)}`);
}

function titleOf(pid: number): string {
  return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
    .replaceAll('\0', ' ')
    .trim();
}

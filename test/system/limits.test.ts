/**
 * Limits and latches: a job that takes too long ends in time, and what a person stops stays stopped.
 * Nothing is said to be done that is not, and what may have happened on a host is found out there.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { JobView } from '../../src/supervisor/door.ts';
import { type Garrison, runCommand } from '../support/garrison.ts';
import type { Said } from '../support/onHost.ts';
import { inventoryEntry, startOn, startOwnHosts, type OwnHost, type OwnHosts } from '../support/ownHosts.ts';
import { openParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

describe('limits and latches', () => {
  const { parts, end } = openParts();
  let own: OwnHosts;
  let web1: OwnHost;

  before(async () => {
    own = await startOwnHosts(parts, 2);
    [web1] = own.hosts as [OwnHost, OwnHost];
  });
  after(end);

  describe('of time', () => {
    it('a job over its total time ends, its host is marked, no ssh is left, and a retry does the work', async () => {
      const garrison = await startOn(own, parts, { ssh: 'totalTimeout: 6s' });
      web1.closeGate();
      const startedMs = performance.now();
      const push = await garrison.push('total', ['web-1']);
      await web1.atGate('total');
      // Else its own deadline on the host could answer a moment before our limit here.
      await web1.tell(FREEZE_SCRIPT);
      const job = (await garrison.settled(push.id)).jobs[0];
      const tookMs = performance.now() - startedMs;
      assert.equal(told(job), 'unknown unknown TotalTimedOut');
      assert.match(job?.result?.detail ?? '', /web-1 took longer than 6 s/);
      assert.ok(tookMs >= 6_000 && tookMs < 9_000, `ended after ${String(tookMs)} ms`);
      assert.deepEqual(sshUnder(parts), []);
      const marked = await hostOf(garrison, 'web-1');
      assert.deepEqual(
        [marked.state, marked.detail.includes(`garrison retry ${job?.id ?? ''}`)],
        ['unknown', true],
      );
      // Its own deadline ends the script on the host too; until then the retry finds the host busy and waits.
      web1.openGate();
      const retried = await garrison.cli('retry', job?.id ?? '');
      assert.equal(retried.exitCode, 0, retried.stderr);
      assert.match(retried.stdout, /done: ended: job \S+ on host web-1: changed/);
      assert.equal(told((await garrison.settled(push.id)).jobs[0]), 'done changed AccountPushed');
      assert.equal((await hostOf(garrison, 'web-1')).state, 'trusted');
      assertOneEffectEach(own.hosts, [push]);
      await garrison.end();
    });

    it('a silent job ends, and a retry waits for its script on the host and tells what that one did', async () => {
      const garrison = await startOn(own, parts, { ssh: 'idleTimeout: 2s' });
      web1.closeGate();
      const push = await garrison.push('idle', ['web-1']);
      const job = (await garrison.settled(push.id)).jobs[0];
      assert.equal(told(job), 'unknown unknown IdleTimedOut');
      assert.deepEqual(sshUnder(parts), []);
      await web1.atGate('idle');
      assert.equal((await garrison.cli('retry', push.id, '--no-wait')).exitCode, 0);
      await until(
        'the retry waits for the lock',
        async () => (await garrison.job(job?.id ?? '')).stage === 'plan',
      );
      web1.openGate();
      const settled = (await garrison.settled(push.id)).jobs[0];
      assert.equal(told(settled), 'done changed AccountPushed');
      assert.equal(settled?.result?.replayed, true);
      assertOneEffectEach(own.hosts, [push]);
      await garrison.end();
    });

    it('a host that takes the connection and says nothing is given up after the connect time', async () => {
      const silent = await silentServer(parts);
      const entry = inventoryEntry('silent', { ...silent, hostKey: web1.hostKey });
      const garrison = await startOn(own, parts, { ssh: 'connectTimeout: 2s', hosts: `  ${entry}\n` });
      const startedMs = performance.now();
      const said = await pushBy(garrison, 'nobody1', '--to', 'silent');
      const tookMs = performance.now() - startedMs;
      assert.equal(said.exitCode, 1, said.stderr);
      assert.match(said.stdout, /silent +failed +ConnectTimedOut .*gave no login within 2 s/);
      assert.ok(tookMs >= 2_000 && tookMs < 6_000, `ended after ${String(tookMs)} ms`);
      assert.deepEqual(sshUnder(parts), []);
      assert.equal((await hostOf(garrison, 'silent')).state, 'trusted', 'nothing can have changed there');
      const pushId = /garrison retry (p-\S+)/.exec(said.stderr)?.[1] ?? '';
      const retried = await garrison.cli('retry', pushId);
      assert.deepEqual(
        [retried.exitCode, /failed: ended: job \S+ on host silent: failed/.test(retried.stdout)],
        [1, true],
        retried.stdout,
      );
      await garrison.end();
    });
  });

  describe('cancel', () => {
    let garrison: Garrison;
    before(async () => {
      garrison = await startOn(own, parts);
    });
    after(() => garrison.end());

    it('ends a running job, which may have changed its host, and one that waits, which cannot', async () => {
      web1.closeGate();
      const running = await garrison.push('runs', ['web-1']);
      await web1.atGate('runs');
      const waiting = await garrison.push('waits', ['web-1']);
      assert.match(
        waiting.jobs[0]?.waitingFor ?? '',
        new RegExp(`job ${running.jobs[0]?.id ?? ''} on the same host`),
      );
      for (const push of [waiting, running]) {
        const said = await garrison.cli('cancel', push.id);
        assert.equal(said.exitCode, 0, said.stderr);
      }
      assert.equal(told((await garrison.pushView(waiting.id)).jobs[0]), 'cancelled failed Cancelled');
      assert.equal(told((await garrison.pushView(running.id)).jobs[0]), 'cancelled unknown Cancelled');
      assert.deepEqual(sshUnder(parts), []);
      assert.equal((await hostOf(garrison, 'web-1')).state, 'unknown');
      web1.openGate();
      assert.equal((await garrison.cli('retry', running.id)).exitCode, 0);
      assert.equal(told((await garrison.settled(running.id)).jobs[0]), 'done changed AccountPushed');
      assertOneEffectEach(own.hosts, [running]);
      assert.deepEqual(web1.effectsOf(waiting.jobs[0]?.id ?? ''), []);
      assert.doesNotMatch(web1.read('/etc/passwd'), /^waits:/m);
      const again = await garrison.cli('cancel', running.id);
      assert.deepEqual(
        [again.exitCode, /has already ended; nothing to cancel/.test(again.stderr)],
        [1, true],
      );
      const nothing = await garrison.cli('cancel', 'p-none');
      assert.deepEqual([nothing.exitCode, /there is no job or push p-none/.test(nothing.stderr)], [1, true]);
    });
  });

  describe('of a person over a worker', () => {
    let garrison: Garrison;
    before(async () => {
      garrison = await startOn(own, parts, { config: 'workers: { count: 2, slots: 2 }' });
    });
    after(() => garrison.end());

    it('stop, start, quiet and restart an idle worker, each verified', async () => {
      const first = await pidOf(garrison, 'push-1');
      assert.deepEqual(await verb(garrison, 'stop', 'push-1'), [0, 'stop push-1: done: push-1 is stopped']);
      assert.deepEqual(await stateOf(garrison, 'push-1'), ['stopped', 'StoppedByPerson', 'stop']);
      assert.equal((await garrison.cli('status', 'push-1')).exitCode, 3);
      assert.equal((await garrison.cli('status')).exitCode, 1);
      assert.deepEqual(await verb(garrison, 'stop', 'push-1'), [
        0,
        'stop push-1: done: push-1 was stopped already',
      ]);
      const quiet = await garrison.cli('quiet', 'push-1');
      assert.deepEqual(
        [quiet.exitCode, /is stopped.*garrison --home \S+ start push-1, then/s.test(quiet.stderr)],
        [7, true],
      );
      assert.deepEqual(await stateOf(garrison, 'push-1'), ['stopped', 'StoppedByPerson', 'stop']);
      assert.deepEqual(await verb(garrison, 'start', 'worker/push-1'), [
        0,
        'start worker/push-1: done: push-1 is up and takes jobs',
      ]);
      assert.deepEqual(await verb(garrison, 'quiet', 'push-1'), [
        0,
        'quiet push-1: done: push-1 takes no new jobs',
      ]);
      assert.deepEqual(await stateOf(garrison, 'push-1'), ['up', 'Quiet', 'quiet']);
      const [code, said] = await verb(garrison, 'restart', 'push-1');
      assert.deepEqual([code, /takes no new jobs as before$/.test(said)], [0, true], said);
      assert.deepEqual(await stateOf(garrison, 'push-1'), ['up', 'Quiet', 'quiet']);
      assert.deepEqual((await verb(garrison, 'start', 'push-1'))[0], 0);
      const second = await pidOf(garrison, 'push-1');
      const restarted = await verb(garrison, 'restart', 'push-1');
      const third = await pidOf(garrison, 'push-1');
      assert.deepEqual(restarted, [0, `restart push-1: done: push-1 is up as pid ${String(third)}`]);
      assert.equal(new Set([first, second, third]).size, 3);
      const unknown = await garrison.cli('stop', 'push-9');
      assert.deepEqual(
        [
          unknown.exitCode,
          /there is no worker and no container named push-9.*push-1, push-2/s.test(unknown.stderr),
        ],
        [1, true],
      );
      const other = await garrison.cli('restart', 'push-1', '--if-incarnation', '1-1-none');
      assert.deepEqual([other.exitCode, await pidOf(garrison, 'push-1')], [4, third], other.stderr);
    });

    for (const word of ['stop', 'restart'] as const) {
      it(`${word} of a worker with a job in hand asks first, then lets the job end`, async () => {
        const account = `in-${word}`;
        web1.closeGate();
        const push = await garrison.push(account, ['web-1']);
        await web1.atGate(account);
        const worker = (await garrison.job(push.jobs[0]?.id ?? '')).worker ?? '';
        const before = await pidOf(garrison, worker);
        const refused = await garrison.cli(word, worker);
        assert.equal(refused.exitCode, 4);
        assert.match(
          refused.stderr,
          new RegExp(
            `interrupts: job ${push.jobs[0]?.id ?? ''}.*\n.*no terminal to ask on\n.*garrison --home \\S+ quiet ${worker}`,
          ),
        );
        assert.equal((await stateOf(garrison, worker))[0], 'up');
        const asked = garrison.cli(word, worker, '--yes');
        await until('it drains', async () => (await stateOf(garrison, worker))[0] === 'draining');
        web1.openGate();
        assert.equal((await asked).exitCode, 0);
        const job = (await garrison.settled(push.id)).jobs[0];
        assert.deepEqual([told(job), job?.attempt], ['done changed AccountPushed', 1]);
        assert.notEqual(await pidOf(garrison, worker), before);
        assert.equal((await stateOf(garrison, worker))[0], word === 'stop' ? 'stopped' : 'up');
        assert.equal((await garrison.cli('start', worker)).exitCode, 0);
      });
    }

    it('quiet lets the job in hand end and takes no other, which another worker does', async () => {
      web1.closeGate();
      const held = await garrison.push('in-quiet', ['web-1']);
      await web1.atGate('in-quiet');
      const worker = (await garrison.job(held.jobs[0]?.id ?? '')).worker ?? '';
      assert.equal((await garrison.cli('quiet', worker)).exitCode, 0);
      for (const account of ['past1', 'past2', 'past3']) {
        const job = (await garrison.settled((await garrison.push(account, ['web-2'])).id)).jobs[0];
        assert.equal(told(job), 'done changed AccountPushed');
        assert.notEqual(job?.worker, worker);
      }
      web1.openGate();
      assert.equal(told((await garrison.settled(held.id)).jobs[0]), 'done changed AccountPushed');
      assert.equal((await garrison.cli('start', worker)).exitCode, 0);
    });
  });

  it('a push that nobody takes says so at once, goes on after a start, and the latch outlives the supervisor', async () => {
    const home = tempHome(parts);
    const config = 'workers: { count: 2 }';
    const first = await startOn(own, parts, { home, config });
    for (const worker of ['push-1', 'push-2']) assert.equal((await first.cli('stop', worker)).exitCode, 0);
    const said = await pushBy(first, 'later', '--to', 'web-1', 'web-2', '--timeout', '2s');
    assert.equal(said.exitCode, 124, said.stderr);
    const latest =
      (await first.workers())
        .map((worker) => worker.since)
        .sort()
        .at(-1) ?? '';
    const since = `push-1, push-2 stopped by a person since ${latest}. garrison start NAME lets one take jobs`;
    assert.ok(
      said.stderr.includes(`queued at position 1 to 2: web-1, web-2; a worker: ${since}`),
      said.stderr,
    );
    assert.ok(said.stderr.includes(`no worker takes jobs: ${since}`), said.stderr);
    assert.match(said.stderr, /the wait timed out with 2 of 2 hosts unanswered; push (p-\S+) goes on/);
    const pushId = /push (p-\S+) goes on/.exec(said.stderr)?.[1] ?? '';
    assert.equal(await first.end(), 0);

    const next = await startOn(own, parts, { home, config, until: 'answers' });
    const states = (await next.workers()).map(({ state, reason, wish }) => [state, reason, wish].join(' '));
    assert.deepEqual(states, ['stopped StoppedByPerson stop', 'stopped StoppedByPerson stop']);
    assert.equal((await next.pushView(pushId)).state, 'open');
    assert.equal((await next.cli('start', 'push-2')).exitCode, 0);
    const { jobs } = await next.settled(pushId);
    assert.deepEqual(jobs.map(told), ['done changed AccountPushed', 'done changed AccountPushed']);
    assert.deepEqual(
      jobs.map((job: JobView) => job.worker),
      ['push-2', 'push-2'],
    );
    assert.equal((await next.workers())[0]?.state, 'stopped');
    await next.end();
  });
});

/** Stops the remote script in its tracks, not what it has started. */
const FREEZE_SCRIPT = `ps -eo pid=,sid=,args= | while read -r pid session args; do
  if [ "$pid" = "$session" ] && [ "$args" = '/bin/sh -s' ]; then kill -s STOP "$pid"; fi
done`;

function pushBy(garrison: Garrison, account: string, ...args: readonly string[]): Promise<Said> {
  return runCommand([
    '--home',
    garrison.home,
    'push',
    account,
    '--key',
    `${garrison.keys.identityFile}.pub`,
    ...args,
  ]);
}

async function hostOf(garrison: Garrison, name: string): Promise<{ state: string; detail: string }> {
  const host = (await garrison.snapshot()).hosts.find((each) => each.name === name);
  assert.ok(host);
  return host;
}

/** ssh clients among all that this test's garrisons have started. */
function sshUnder(parts: Parts): readonly string[] {
  return parts.leaks.find().filter((line) => line.includes(' ssh -F none'));
}

async function stateOf(garrison: Garrison, name: string): Promise<readonly string[]> {
  const worker = (await garrison.workers()).find((each) => each.name === name);
  return [worker?.state ?? '', worker?.reason ?? '', worker?.wish ?? ''];
}

async function pidOf(garrison: Garrison, name: string): Promise<number | undefined> {
  return (await garrison.workers()).find((each) => each.name === name)?.incarnation?.pid;
}

async function verb(garrison: Garrison, word: string, worker: string): Promise<readonly [number, string]> {
  const said = await garrison.cli(word, worker);
  return [said.exitCode, said.stdout.trim()];
}

/** Takes connections and never says a word. */
async function silentServer(parts: Parts): Promise<{ address: string; port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  parts.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

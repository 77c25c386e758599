/**
 * A worker that is killed with -9, and a host's session that is, while the script on the host is held before one step or another, under a real supervisor.
 * The store and the host must then tell the same story: done once, and as wished.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PushView } from '../../src/supervisor/door.ts';
import type { Garrison } from '../support/garrison.ts';
import { startOn, startOwnHosts, type OwnHost } from '../support/ownHosts.ts';
import { openParts } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { armFault, endFault, isHeld, letGo, prepareFaults } from '../worker/stepFaults.ts';

/** Of about 70 in the push of a new account with groups and a rule: before the lock, with it, while and after the account is made, at its keys, its rule, its record. */
const STEPS = [2, 7, 21, 30, 40, 62];
const SESSION_STEPS = [12, 50];

describe('a push whose worker or session is killed at a step of its script', () => {
  const { parts, end } = openParts();
  let garrison: Garrison;
  let host: OwnHost;
  before(async () => {
    const own = await startOwnHosts(parts, 1);
    host = own.hosts[0]!;
    prepareFaults(host);
    garrison = await startOn(own, parts);
  });
  after(end);

  const push = (account: string): Promise<PushView> =>
    garrison.push(account, ['web-1'], {
      account: { name: account, keys: [garrison.keys.publicKey], groups: ['games'], sudo: 'all' },
    });

  async function endsOnceAsWished(account: string, { id }: PushView): Promise<void> {
    const [job] = (await garrison.settled(id, 90_000)).jobs;
    assert.equal(
      `${String(job?.state)} ${String(job?.result?.outcome)} ${String(job?.result?.reason)}`,
      'done changed AccountPushed',
    );
    assert.equal(host.effectsOf(job?.id ?? '').length, 1);
    const mark = host.read(`/var/lib/garrison/accounts/${account}`);
    assert.match(
      mark,
      new RegExp(`^v1\nstate ready\n[^]*^job ${job?.id ?? ''}$[^]*^group games$[^]*^end$`, 'm'),
    );
    assert.match(host.read('/etc/passwd'), new RegExp(`^${account}:`, 'm'));
    assert.match(host.read(`/etc/sudoers.d/garrison-${account}`), /NOPASSWD: ALL/);
  }

  for (const step of STEPS) {
    it(`worker at step ${String(step)}`, async () => {
      const account = `wk${String(step)}`;
      armFault(host, 'held', step);
      const pushed = await push(account);
      await until('the script is held', () => isHeld(host), { deadlineMs: 30_000 });
      const holder = await until('the job is held', async () =>
        (await garrison.workers()).find((each) => each.jobs.includes(pushed.jobIds[0] ?? '')),
      );
      process.kill(holder.incarnation?.pid ?? 0, 'SIGKILL');
      letGo(host);
      await endsOnceAsWished(account, pushed);
      endFault(host);
    });
  }

  for (const step of SESSION_STEPS) {
    it(`session at step ${String(step)}`, async () => {
      const account = `se${String(step)}`;
      armFault(host, 'sessionKilled', step);
      const pushed = await push(account);
      const [job] = (await garrison.settled(pushed.id)).jobs;
      assert.equal(`${String(job?.state)} ${String(job?.result?.reason)}`, 'unknown ConnectionLost');
      assert.match(job?.result?.detail ?? '', /may have been changed.*push the same again/);
      // Not by itself: a person looks first, and the same job then ends as one.
      assert.equal((await garrison.cli('retry', job?.id ?? '')).exitCode, 0);
      await until('it is settled', async () => (await garrison.job(job?.id ?? '')).state === 'done');
      await endsOnceAsWished(account, pushed);
      endFault(host);
    });
  }
});

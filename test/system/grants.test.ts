/**
 * The two incidents on real practice hosts: an administrator's account stays byte for byte the same through plan, sync and revoke,
 * and a grant that is revoked is in no next plan, has its queued pushes dropped, and is a leftover until a person locks or removes it.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { JobView, Leftover } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { openParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const ADMIN =
  "groupadd -f wheel; useradd -m -G wheel,audio sa-lee && echo 'sa-lee:secret' | chpasswd && echo 'sa-lee ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers";
const LOOK =
  'grep sa-lee /etc/passwd /etc/shadow /etc/group /etc/gshadow; cat /etc/sudoers; ls -lR --time-style=full-iso /home/sa-lee; find /home/sa-lee -type f -exec cat {} +; ls /etc/sudoers.d | grep lee; true';

describe('grants', () => {
  let parts: Parts;
  let end: () => Promise<void>;
  let garrison: Garrison;
  before(async () => {
    ({ parts, end } = openParts());
    garrison = await Garrison.start(parts, { practice: 2, config: 'workers: { count: 1 }' });
  });
  after(() => end());

  /** `grant` of each account on its hosts. */
  const grants = (wanted: Readonly<Record<string, readonly string[]>>, more = ''): void => {
    const accounts = Object.keys(wanted).map((name) => `  ${name}: { keys: ["${garrison.keys.publicKey}"] }`);
    const list = Object.entries(wanted).map(
      ([name, hosts]) =>
        `  - { accounts: [${name}], hosts: [${hosts.join(', ')}], sudo: all, by: mia${more} }`,
    );
    writeFileSync(
      join(garrison.home, 'grants.yaml'),
      ['accounts:', ...accounts, 'grants:', ...list].join('\n'),
    );
  };
  const leftovers = async (...args: string[]): Promise<readonly Leftover[]> => {
    const said = await garrison.cli('leftovers', ...args, '-o', 'json');
    assert.equal(said.exitCode, 0, said.stderr);
    return (JSON.parse(said.stdout) as { items: Leftover[] }).items;
  };

  it("leave an administrator's account as it is to the byte, through plan, sync and revoke", async () => {
    await garrison.tell('practice-2', ADMIN);
    const before = await garrison.tell('practice-2', LOOK);
    grants({ 'sa-lee': ['practice-1', 'practice-2'] });
    const plan = await garrison.cli('plan', '--grants');
    assert.match(plan.stdout, /practice-1: create[\s\S]*practice-2: conflict \(AccountForeign\)/);
    const sync = await garrison.cli('sync');
    assert.match(
      sync.stdout,
      /practice-1 +changed[\s\S]*practice-2 +conflict|practice-2 +conflict[\s\S]*practice-1 +changed/,
    );
    const revoke = await garrison.cli('revoke', 'sa-lee', '--from', 'practice-2');
    assert.match(revoke.stdout, /practice-2 +conflict +AccountForeign/);
    const remove = await garrison.cli('leftovers', 'remove', 'sa-lee', '--on', 'practice-2', '--yes');
    assert.match(remove.stderr, /a grant wants sa-lee on practice-2/);
    assert.equal(await garrison.tell('practice-2', LOOK), before);
  });

  it('that are revoked leave no next plan and no queued push, but a leftover until somebody decides', async () => {
    grants({ 'sa-lee': ['practice-1'], kim: ['practice-1', 'practice-2'] });
    assert.equal((await garrison.cli('sync', '--to', 'practice-1')).exitCode, 0);
    assert.deepEqual(await leftovers(), [], 'what is granted is none');
    const quiet = await garrison.cli('quiet', 'push-1', '--yes');
    assert.equal(quiet.exitCode, 0, quiet.stderr);
    const queued = await garrison.cli('sync', '--no-wait');
    assert.equal(queued.exitCode, 0, queued.stderr);
    const [, kim = ''] = queued.stdout.trim().split('\n');
    const waiting = await garrison.pushView(kim);
    assert.ok(waiting.jobs.every(({ state }) => state === 'queued'));

    grants({ 'sa-lee': ['practice-1'] });
    assert.equal((await garrison.cli('reload')).exitCode, 0);
    const ended = await garrison.settled(kim);
    assert.deepEqual(
      ended.jobs.map(({ state, result }: JobView) => `${state} ${String(result?.reason)}`),
      ['cancelled GrantGone', 'cancelled GrantGone'],
    );
    assert.equal((await garrison.cli('start', 'push-1', '--yes')).exitCode, 0);
    assert.doesNotMatch((await garrison.cli('plan', '--grants')).stdout, /kim|practice-2/);
    assert.equal(await garrison.tell('practice-2', 'getent passwd kim || echo none'), 'none');

    const [left, ...others] = await leftovers();
    assert.deepEqual(others, []);
    assert.deepEqual([left?.host, left?.account, left?.isLocked], ['practice-1', 'kim', false]);
    assert.match(left?.since ?? '', /^20\d\d-/);

    const kept = await garrison.cli('leftovers', 'keep', 'kim', '--on', 'practice-1', '--reason', 'handover');
    assert.equal(kept.exitCode, 0, kept.stderr);
    const [again] = await leftovers('--on', 'practice-1');
    assert.deepEqual([again?.decision?.reason, again?.since], ['handover', left?.since]);
    assert.match((await garrison.cli('leftovers')).stdout, /practice-1 +kim +open .*keep: handover/);
    assert.equal(
      (await garrison.cli('leftovers', 'keep', 'kim', '--on', 'practice-1', '--undo')).exitCode,
      0,
    );
    assert.equal((await leftovers())[0]?.decision, null);
  });

  it('whose leftover is locked and removed on a person’s word only', async () => {
    const early = await garrison.cli('leftovers', 'remove', 'kim', '--on', 'practice-1');
    assert.match(early.stderr, /there is no terminal/);
    const open = await garrison.cli('leftovers', 'remove', 'kim', '--on', 'practice-1', '--yes');
    assert.match(open.stdout, /AccountNotRevoked/);
    const lock = await garrison.cli('leftovers', 'lock', 'kim', '--on', 'practice-1');
    assert.equal(lock.exitCode, 0, lock.stdout);
    assert.equal((await leftovers())[0]?.isLocked, true);
    assert.match(await garrison.tell('practice-1', 'getent shadow kim; ls /etc/sudoers.d'), /^kim:!/);
    const removed = await garrison.cli('leftovers', 'remove', 'kim', '--on', 'practice-1', '--yes');
    assert.equal(removed.exitCode, 0, removed.stdout + removed.stderr);
    assert.deepEqual(await leftovers(), []);
    assert.match(await garrison.tell('practice-1', 'ls /var/lib/garrison/archive'), /^kim-.*\.tar\.gz$/);
  });

  it('are checked for what somebody changed on a host; a wish that is new is no drift', async () => {
    const well = await garrison.cli('sync', '--check');
    assert.equal(well.exitCode, 0, well.stdout + well.stderr);
    await garrison.tell('practice-1', 'rm /etc/sudoers.d/garrison-sa-lee');
    const before = await garrison.tell('practice-1', 'ls -l --time-style=full-iso /etc/sudoers.d');
    const drift = await garrison.cli('sync', '--check');
    assert.equal(drift.exitCode, 1);
    assert.match(drift.stdout, /practice-1 +sa-lee +change +write sudo rule/);
    assert.equal(await garrison.tell('practice-1', 'ls -l --time-style=full-iso /etc/sudoers.d'), before);
    grants({ 'sa-lee': ['practice-1'] }, ', memberOf: [games]');
    const fresh = await garrison.cli('sync', '--check', '-o', 'json');
    assert.deepEqual((JSON.parse(fresh.stdout) as { items: unknown[] }).items, []);
    assert.match(fresh.stderr, /1 more are not as the grants want/);
  });

  it('that end by the clock drop what they alone wanted at that moment', async () => {
    const soon = new Date(Date.now() + 6_000).toISOString();
    grants({ zoe: ['practice-2'] }, `, until: "${soon}"`);
    assert.equal((await garrison.cli('reload')).exitCode, 0);
    assert.equal((await garrison.cli('quiet', 'push-1', '--yes')).exitCode, 0);
    const id = (await garrison.cli('sync', '--no-wait')).stdout.trim();
    assert.equal((await garrison.pushView(id)).state, 'open');
    await until('the grant has ended', async () => (await garrison.settledNow(id)) !== null, {
      deadlineMs: 30_000,
    });
    assert.equal((await garrison.pushView(id)).jobs[0]?.result?.reason, 'GrantGone');
  });
});

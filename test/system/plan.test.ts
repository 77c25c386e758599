/**
 * A plan from a command line to real practice hosts and back: what it shows, what it binds, and what it refuses.
 * The administrator's account of the incident stands on one of the hosts, and stays byte for byte what it was.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PushView } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { openParts, type Parts } from '../support/parts.ts';

/** As in the incident: groups that matter, a password, and a rule that stands in /etc/sudoers itself. */
const ADMIN =
  "groupadd -f wheel; useradd -m -G wheel,audio sa-lee && echo 'sa-lee:secret' | chpasswd && echo 'sa-lee ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers";
const LOOK =
  'cat /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/sudoers; ls -lR --time-style=full-iso /etc/sudoers.d /home; find /home -type f -exec cat {} +';

describe('a plan', () => {
  let parts: Parts;
  let end: () => Promise<void>;
  let garrison: Garrison;
  let key = '';
  before(async () => {
    ({ parts, end } = openParts());
    garrison = await Garrison.start(parts, { practice: 2, config: 'workers: { count: 1 }' });
    key = join(garrison.home, 'test-keys', 'id_test.pub');
    await garrison.tell('practice-2', ADMIN);
  });
  after(() => end());

  it('shows what would be done on one host and the conflict on the other, and changes neither', async () => {
    const before = [await garrison.tell('practice-1', LOOK), await garrison.tell('practice-2', LOOK)];
    const said = await garrison.cli(
      'push',
      'sa-lee',
      '--to',
      'practice-1',
      'practice-2',
      '--key',
      key,
      '--sudo',
      'all',
      '--dry-run',
    );
    assert.equal(said.exitCode, 1, said.stderr);
    assert.match(
      said.stdout,
      /^practice-1: create\n {2}\+ create: account sa-lee, home \/home\/sa-lee\n {2}\+ add key: ssh-ed25519 …\S+ .*\n {2}\+ write sudo rule: all commands/,
    );
    assert.match(
      said.stdout,
      /practice-2: conflict \(AccountForeign\)\n {2}sa-lee exists on practice-2 and was not made by Garrison/,
    );
    assert.match(said.stdout, /· it is there: uid \d+, .*password set, groups sa-lee audio wheel/);
    assert.match(
      said.stdout,
      /· a sudo rule of somebody else names it and stays: sa-lee ALL=\(ALL\) NOPASSWD: ALL/,
    );
    assert.deepEqual(
      [await garrison.tell('practice-1', LOOK), await garrison.tell('practice-2', LOOK)],
      before,
    );

    const id = /push --plan (p-\S+)/.exec(said.stderr)?.[1] ?? '';
    const applied = await garrison.cli('push', '--plan', id);
    assert.equal(applied.exitCode, 0, applied.stdout + applied.stderr);
    assert.match(applied.stdout, /practice-1 +changed/);
    assert.doesNotMatch(applied.stdout, /practice-2/, 'where it was refused nothing is pushed');
    assert.equal(await garrison.tell('practice-2', LOOK), before[1]);
    const again = await garrison.cli('push', '--plan', id);
    assert.match(again.stdout, /practice-1 +conflict +HostChangedSincePlan/);
    assert.equal(again.exitCode, 1);
  });

  it('of a revoke is applied as one', async () => {
    const made = await garrison.settled((await garrison.push('mia', ['practice-1'], {})).id);
    assert.equal(made.state, 'done');
    const said = await garrison.cli('plan', 'mia', '--from', 'practice-1');
    assert.equal(said.exitCode, 0, said.stderr);
    assert.match(said.stdout, /^practice-1: change\n {2}\+ lock it: .*\n {2}- remove key: ssh-ed25519/);
    const id = /push --plan (p-\S+)/.exec(said.stderr)?.[1] ?? '';
    const applied = await garrison.cli('push', '--plan', id, '-o', 'json');
    assert.equal((JSON.parse(applied.stdout) as { item: PushView }).item.kind, 'revoke');
    assert.equal(applied.exitCode, 0, applied.stderr);
    const nothing = await garrison.cli('plan', 'mia', '--from', 'practice-1');
    assert.match(nothing.stdout, /^practice-1: unchanged/);
    const none = await garrison.cli('push', '--plan', /plan (p-\S+):/.exec(nothing.stderr)?.[1] ?? '');
    assert.equal(none.exitCode, 1);
    assert.match(none.stderr, /on none of its hosts would anything be done/);
  });

  it("carries a person's choice for somebody else's account to the host, and nothing without one", async () => {
    const push = (...more: string[]) =>
      garrison.cli('push', 'sa-lee', '--to', 'practice-2', '--key', key, ...more);
    const untouched = await garrison.tell('practice-2', LOOK);
    for (const [more, exitCode, says] of [
      [['--take-over'], 64, /no terminal to ask on/],
      [['--adopt', '--keys-only'], 64, /exclude each other/],
      [['--yes-take-over', 'sa-leo'], 64, /was not confirmed by its name/],
      [['--yes-take-over', 'sa-lee'], 1, /AccountPrivileged/],
      [['--keys-only', '--sudo', 'all'], 64, /keys only, and yet sudo/],
    ] as const) {
      const refused = await push(...more);
      assert.equal(refused.exitCode, exitCode, refused.stderr);
      assert.match(refused.stdout + refused.stderr, says);
    }
    assert.equal(await garrison.tell('practice-2', LOOK), untouched);

    const planned = await push('--adopt', '--dry-run');
    assert.match(
      planned.stdout,
      /^practice-2: change\n {2}\+ adopt: account sa-lee, .*\n {2}\+ add key: .*\n {2}· .* what it has stays: password set, .*wheel/,
    );
    const id = /push --plan (p-\S+)/.exec(planned.stderr)?.[1] ?? '';
    const adopted = await garrison.cli('push', '--plan', id, '-o', 'json');
    assert.equal(adopted.exitCode, 0, adopted.stderr);
    const [job] = (JSON.parse(adopted.stdout) as { item: PushView }).item.jobs;
    assert.deepEqual(job?.result?.changes, ['adopted account', 'added key']);
    assert.equal(job.result.verified, 'static');
    assert.match(await garrison.tell('practice-2', 'id -nG sa-lee'), /wheel/);
    const released = await garrison.cli('revoke', 'sa-lee', '--from', 'practice-2');
    assert.match(released.stdout, /changed +AccountReleased/);
  });

  it('is refused where it is no plan, and where nobody knows it', async () => {
    const { id } = await garrison.push('mia', ['practice-1']);
    await garrison.settled(id);
    const noPlan = await garrison.cli('push', '--plan', id);
    assert.deepEqual([noPlan.exitCode, /is a push, not a plan/.test(noPlan.stderr)], [64, true]);
    const unknown = await garrison.cli('push', '--plan', 'p-nosuch');
    assert.deepEqual([unknown.exitCode, /there is no push p-nosuch/.test(unknown.stderr)], [1, true]);
  });
});

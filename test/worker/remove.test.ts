/**
 * Removals on real practice hosts: only of an account of ours that is locked and idle, never without a proven archive, and whole after a kill at any step.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { feed, fingerprint, inside, run, startHostLab, wish, type HostLab } from './hostLab.ts';
import { requestLines } from '../../src/push/wire.ts';
import { standardInput } from '../../src/worker/remoteScript.ts';

describe('a removal', () => {
  let lab: HostLab;
  let host: PracticeHost;
  let names = 0;
  let name = '';
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(() => lab.end());
  beforeEach(() => {
    names += 1;
    name = `rem${String(names)}`;
  });

  const task = (kind: 'push' | 'revoke' | 'remove'): PushTask =>
    lab.task(host, { kind, account: wish({ name, keys: kind === 'push' ? [lab.userKey] : [] }) });
  const remove = (): Promise<HostResult> => run(task('remove'));
  const told = ({ outcome, reason }: HostResult): string => `${outcome} ${reason}`;
  /** An account of ours that is locked, with a file in its home that has an odd name. */
  const revoked = async (): Promise<void> => {
    assert.equal((await run(task('push'))).outcome, 'changed');
    inside(
      host,
      `cd /home/${name}; mkdir -p work; echo precious >"work/a\nb"; ln -s /etc/shadow link; chown -hR ${name} work link; mkdir -p /var/spool/cron/crontabs; echo "# mine" >/var/spool/cron/crontabs/${name}`,
    );
    assert.equal((await run(task('revoke'))).outcome, 'changed');
  };
  const isThere = (): string =>
    inside(
      host,
      `getent passwd ${name} >/dev/null && echo account; [ -e /home/${name} ] && echo home; [ -e /var/spool/cron/crontabs/${name} ] && echo crontab; ls /var/lib/garrison/archive 2>/dev/null | grep -c ^${name}-; true`,
    )
      .trim()
      .split('\n')
      .join(' ');

  it('archives home and crontab, proves the archive, and then the account is gone; once more changes nothing', async () => {
    await revoked();
    const order = task('remove');
    const result = await run(order);
    assert.equal(told(result), 'changed AccountRemoved', result.detail);
    assert.deepEqual(result.changes, ['archived home', 'removed account', 'removed home', 'removed crontab']);
    assert.equal(isThere(), '1');
    const archive = result.facts['archive'] ?? '';
    assert.match(archive, new RegExp(`^/var/lib/garrison/archive/${name}-\\d{8}T\\d{6}Z\\.tar\\.gz$`));
    assert.match(result.detail, /its home and crontab are in \/var\/lib\/garrison\/archive/);
    assert.equal(inside(host, `stat -c '%a %U' ${archive}`).trim(), '600 root');
    assert.equal(inside(host, `tar -xzOf ${archive} --wildcards 'home/${name}/work/*'`).trim(), 'precious');
    assert.match(inside(host, `tar -tzvf ${archive}`), /link -> \/etc\/shadow[\s\S]*crontabs\/rem1/);
    assert.equal(told(await run(lab.again(order))), 'changed AccountRemoved', 'answered from the record');
    assert.equal(told(await remove()), 'unchanged AccountAbsent');
    assert.equal((await run(task('push'))).outcome, 'changed', 'the name is free again');
  });

  it('is refused, with nothing touched, where it was not locked first', async () => {
    await run(task('push'));
    const before = fingerprint(host);
    assert.equal(told(await remove()), 'conflict AccountNotRevoked');
    await run(task('revoke'));
    inside(host, `usermod -U -e '' ${name} 2>/dev/null || usermod -e '' ${name}`);
    assert.equal(told(await remove()), 'conflict AccountNotRevoked', 'and where somebody opened it again');
    inside(host, `usermod -L -e 1 ${name}`);
    assert.notEqual(before, '');
    assert.equal(told(await remove()), 'changed AccountRemoved');
  });

  it('is refused while anything of it runs, and says what', async () => {
    await revoked();
    inside(host, `setsid setpriv --reuid ${name} --clear-groups sleep 600 >/dev/null 2>&1 </dev/null & true`);
    const before = fingerprint(host);
    const result = await remove();
    assert.equal(told(result), 'conflict AccountRuns');
    assert.match(result.detail, /has 1 live processes \(\d+ sleep\)/);
    assert.equal(fingerprint(host), before);
    inside(host, `pkill -u ${name}`);
  });

  const REFUSED: readonly (readonly [what: string, make: string, reason: string])[] = [
    ["somebody else's account", 'userdel -r $n; useradd -m $n', 'AccountMarkMismatch'],
    [
      'a uid of the system',
      'usermod -u 999 $n; sed -i "s/^uid .*/uid 999/" /var/lib/garrison/accounts/$n',
      'AccountOfSystem',
    ],
    ['a damaged mark', 'echo torn >/var/lib/garrison/accounts/$n', 'AccountMarkDamaged'],
    ['a home that is a link', 'mv /home/$n /home/was-$n; ln -s was-$n /home/$n', 'HomeUnusual'],
    ['a home that another account lives in', 'useradd -M -d /home/$n/work guest$n', 'HomeUnusual'],
    ["a home of somebody else's", 'chown root /home/$n', 'HomeUnusual'],
    ['a home in a folder of everybody', 'usermod -d /tmp/$n $n; mv /home/$n /tmp/$n', 'HomeUnusual'],
    ['a home that is the whole machine', 'usermod -d / $n', 'HomeUnusual'],
    ['a mount in its home', 'mount -t tmpfs none /home/$n/work', 'HomeUnusual'],
  ];
  for (const [what, make, reason] of REFUSED) {
    it(`never touches ${what}`, async () => {
      await revoked();
      inside(host, `n=${name}; ${make}`);
      const before = fingerprint(host);
      const result = await remove();
      assert.equal(told(result), `conflict ${reason}`, result.detail);
      assert.equal(fingerprint(host), before);
      inside(host, `umount /home/${name}/work 2>/dev/null || true`);
    });
  }

  it('is refused where the archive would not have room', async () => {
    await revoked();
    inside(
      host,
      `dd if=/dev/zero of=/home/${name}/big bs=1M count=18 2>/dev/null; dd if=/dev/zero of=/var/fill bs=1M count=8 2>/dev/null; true`,
    );
    const result = await remove();
    assert.equal(told(result), 'failed ArchiveNoRoom', result.detail);
    assert.match(
      result.detail,
      /takes \d+ KiB, and \/var\/lib\/garrison has \d+ KiB free; nothing was removed/,
    );
    assert.equal(isThere(), 'account home crontab 0');
    inside(host, `rm -f /var/fill /home/${name}/big`);
  });

  it('leaves the account as it was where the archive is not whole', async () => {
    await revoked();
    inside(
      host,
      'mkdir -p /usr/local/x 2>/dev/null; printf "#!/bin/sh\\necho disk error >&2; exit 2\\n" >/var/tar; chmod 755 /var/tar; mount --bind /var/tar /usr/bin/tar',
    );
    const result = await remove();
    inside(host, 'umount /usr/bin/tar');
    assert.equal(told(result), 'failed ArchiveNotMade', result.detail);
    assert.match(result.detail, /tar ended with 2: disk error/);
    assert.equal(isThere(), 'account home crontab 0');
    assert.equal((await run(task('push'))).outcome, 'changed', 'and a push opens it again');
  });

  /** Each is a place in the script: it ends right before the command, as a kill would end it. */
  const CUTS = [
    'write_removing || refuse_for_disk StateNotWritten\nmake_archive',
    'patiently tar',
    'mv -f "$unfinished" "$archives/$mark_archive"',
    'changed home-archived',
    'if ! quietly userdel',
    'changed account-removed',
    'rm -rf -- "$home"',
    'changed home-removed',
    'rm -f -- "$crontab"',
    'write_mark removed',
    'settle changed AccountRemoved',
  ];
  for (const cut of CUTS) {
    it(`that is killed before \`${cut.replaceAll('\n', '; ')}\` is finished by the next attempt`, async () => {
      await revoked();
      const order = task('remove');
      const lines = requestLines(order, {
        nonce: 'n1',
        token: 't1',
        askedAt: '2027-01-01T00:00:00Z',
        deadlineSeconds: 30,
        lockWaitSeconds: 5,
      });
      const script = standardInput('remove', lines);
      assert.equal(script.split(cut).length, 2, 'the place is there once');
      const said = feed(
        host,
        ['/bin/sh', '-s'],
        script.replace(cut, () => `kill -9 0\n${cut}`),
      );
      assert.doesNotMatch(said, /result/, said);
      const between = isThere();
      if (!between.startsWith('account')) assert.match(between, /1$/, 'gone only with its archive');
      const result = await run(lab.again(order));
      assert.equal(told(result), 'changed AccountRemoved', result.detail);
      assert.match(isThere(), /^[12]$/, 'all of it is gone, and archived');
    });
  }

  it('that was cut short and is not wanted any more is undone by a push, while the account is there', async () => {
    await revoked();
    const script = standardInput(
      'remove',
      requestLines(task('remove'), {
        nonce: 'n1',
        token: 't1',
        askedAt: '2027-01-01T00:00:00Z',
        deadlineSeconds: 30,
        lockWaitSeconds: 5,
      }),
    );
    feed(
      host,
      ['/bin/sh', '-s'],
      script.replace('if ! quietly userdel', () => 'kill -9 0\nif ! quietly userdel'),
    );
    const result = await run(task('push'));
    assert.equal(told(result), 'changed AccountPushed', result.detail);
    assert.ok(result.changes.includes('unlocked account'));
  });
});

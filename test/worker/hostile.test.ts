/** Pushes and revokes against users who do not want them, and beside things that only look like ours. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostResult, JobKind, PushTask } from '../../src/push/job.ts';
import { inside, makeKey, read, run, startHostLab, until, wish } from './hostLab.ts';
import type { HostLab } from './hostLab.ts';

describe('a hostile or unlucky host', () => {
  let lab: HostLab;
  let host: PracticeHost;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(() => lab.end());
  let names = 0;
  let name = '';
  beforeEach(() => {
    names += 1;
    name = `mal${String(names)}`;
  });
  const task = (
    kind: JobKind,
    more: Partial<AccountWish> = {},
    ssh: Partial<PushTask['ssh']> = {},
  ): PushTask => {
    const made = lab.task(host, { kind, account: wish({ name, keys: [lab.userKey], ...more }) });
    return { ...made, ssh: { ...made.ssh, ...ssh } };
  };
  const push = (more: Partial<AccountWish> = {}): Promise<HostResult> => run(task('push', more));
  const revoke = (): Promise<HostResult> => run(task('revoke'));
  const tells = (result: HostResult, expected: string): void => {
    assert.equal(`${result.outcome} ${result.reason}`, expected, result.detail);
  };
  const shadow = (): string => inside(host, `getent shadow ${name}`);

  it('keeps the record of an account whose name is another name and .new', async () => {
    tells(await push({ name: `${name}.new` }), 'changed AccountPushed');
    tells(await push(), 'changed AccountPushed');
    tells(await push({ name: `${name}.new` }), 'unchanged AlreadyAsWished');
  });

  it('does not undo by a push what was locked by hand before the revoke', async () => {
    tells(await push(), 'changed AccountPushed');
    inside(host, `usermod -L ${name}`);
    tells(await revoke(), 'changed AccountRevoked');
    tells(await push({ sudo: { kind: 'all' } }), 'conflict AccountLockedByHand');
    assert.match(shadow(), /:!\*:.*:1:$/m);
    inside(host, `usermod -U -e '' ${name}`);
    tells(await push(), 'changed AccountPushed');
    inside(host, `usermod -e 2020-01-02 ${name}`);
    tells(await revoke(), 'changed AccountRevoked');
    tells(await push({ sudo: { kind: 'all' } }), 'conflict AccountLockedByHand');
    assert.equal(read(host, `/etc/sudoers.d/garrison-${name}`), null);
  });

  it('gives a date of expiry back that a revoke put aside', async () => {
    await push();
    inside(host, `usermod -e 2090-01-02 ${name}`);
    const dated = shadow();
    tells(await revoke(), 'changed AccountRevoked');
    tells(await push(), 'changed AccountPushed');
    assert.equal(shadow(), dated);
  });

  it('takes its key away however it is written, and leaves a comment that quotes it', async () => {
    const [type = '', blob = ''] = lab.userKey.split(' ');
    await push();
    const file = `/home/${name}/.ssh/authorized_keys`;
    const spellings = [`${type}\\t${blob}`, `${type} ${blob}\\r`, `from="10.0.0.1" ${type}  ${blob} me`];
    for (const line of [`# ${type} ${blob} old`, ...spellings]) inside(host, `printf '${line}\\n' >>${file}`);
    tells(await revoke(), 'changed AccountRevoked');
    assert.equal(read(host, file), `# ${type} ${blob} old\n`);
    tells(await revoke(), 'unchanged AlreadyRevoked');
  });

  it('is not kept busy by a file of a hundred thousand lines', async () => {
    await push();
    inside(host, `yes '#' | head -c 250000 >>/home/${name}/.ssh/authorized_keys`);
    const started = performance.now();
    tells(await revoke(), 'changed AccountRevoked');
    assert.ok(performance.now() - started < 5000);
    assert.equal(
      inside(host, `wc -lc </home/${name}/.ssh/authorized_keys`).trim().split(/ +/).join(),
      '125000,250000',
    );
  });

  it('takes a file as long as it may be to the byte, and none that is longer', async () => {
    tells(await push(), 'changed AccountPushed');
    const file = `/home/${name}/.ssh/authorized_keys`;
    inside(
      host,
      `yes '#' | head -c 261999 >/run/long; echo >>/run/long; head -c "$((262000 - $(wc -c <${file})))" /run/long >>${file}`,
    );
    const before = read(host, file);
    assert.equal(before?.length, 262_000);
    tells(await push({ comment: 'longer' }), 'changed AccountPushed');
    assert.equal(read(host, file), before);
    inside(host, `echo '##' >>${file}`);
    tells(await push(), 'failed KeysUnusual');
    assert.equal(read(host, file), `${before}##\n`);
  });

  it('lets no rule that outlived its account serve the next one', async () => {
    tells(await push({ sudo: { kind: 'all' } }), 'changed AccountPushed');
    inside(host, `userdel -r ${name} 2>&1; mount --bind /bin/false /usr/sbin/useradd`);
    const failed = await push();
    inside(host, 'umount /usr/sbin/useradd');
    tells(failed, 'failed AccountNotCreated');
    tells(await push(), 'changed AccountPushed');
    assert.equal(read(host, `/etc/sudoers.d/garrison-${name}`), null);
    const stray = `/etc/sudoers.d/garrison-${name}x`;
    inside(host, `echo '${name}x ALL=(ALL) NOPASSWD: ALL' >${stray}; chmod 440 ${stray}`);
    tells(await push({ name: `${name}x` }), 'conflict SudoFileForeign');
    inside(host, `rm ${stray}`);
  });

  it('takes a dot for a dot where there is no getent', async () => {
    inside(host, `useradd -m ${name}Xb; mount --bind /dev/null /usr/bin/getent`);
    try {
      tells(await push({ name: `${name}.b` }), 'changed AccountPushed');
      tells(await push({ name: `${name}.b` }), 'unchanged AlreadyAsWished');
      tells(await push({ name: `${name}Xb` }), 'conflict AccountForeign');
    } finally {
      inside(host, 'umount /usr/bin/getent');
    }
  });

  it('does not call keys gone that it could not look at', async () => {
    await push();
    inside(host, `chmod 000 /home/${name}`);
    tells(await revoke(), 'failed KeysNotRemoved');
    assert.match(shadow(), /:!\*:.*:1:$/m);
    inside(host, `chmod 700 /home/${name}`);
    tells(await revoke(), 'changed AccountRevoked');
    assert.equal(read(host, `/home/${name}/.ssh/authorized_keys`), '');
  });

  // The process that looks into a home is the user's own: it can be stopped, and its ends of our pipes taken (pidfd_getfd) and kept.
  it('locks the account before it waits for anything of the user', async () => {
    await push();
    const control = new AbortController();
    await userSide('setsid sleep 60 & echo $! >/run/sleeper; sleep 60', async () => {
      const running = run(task('revoke', {}, { totalTimeoutMs: 8000 }), { signal: control.signal });
      await until('it is locked', () => /:!\*:.*:1:$/m.test(shadow()), 6000);
      control.abort();
      await running;
      await until('the script is gone', () => !inside(host, 'ps ax').includes('/bin/sh -s'), 20_000);
      inside(host, 'kill -0 $(cat /run/sleeper) && flock -n /var/lib/garrison/lock true');
    });
    tells(await revoke(), 'changed AccountRevoked');
  });

  it('leaves no writer behind that holds the host lock for a user who does not read', async () => {
    await push();
    inside(host, `yes '# padding padding padding' | head -c 200000 >>/home/${name}/.ssh/authorized_keys`);
    const other = readFileSync(`${makeKey(lab.homeDir, name)}.pub`, 'utf8').trim();
    const unread =
      'case $* in *umask*) exec 3<&0; setsid sleep 60 >/dev/null & echo $! >/run/sleeper; exit 1 ;; esac; exec /run/setpriv "$@"';
    await userSide(unread, async () => {
      tells(await run(task('push', { keys: [lab.userKey, other] })), 'failed KeysNotWritten');
      inside(host, 'flock -n /var/lib/garrison/lock true');
    });
    tells(await push({ keys: [lab.userKey, other] }), 'changed AccountPushed');
    assert.equal(read(host, '/var/lib/garrison/keys'), null);
  });

  /** Puts a script in the place of setpriv, as the user's side of it, for the time of `act`. */
  async function userSide(script: string, act: () => Promise<void>): Promise<void> {
    writeFileSync(join(host.filesAt, 'run', 'fake'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    inside(host, 'cp /usr/bin/setpriv /run/setpriv; mount --bind /run/fake /usr/bin/setpriv');
    try {
      await act();
    } finally {
      inside(host, 'umount /usr/bin/setpriv; kill $(cat /run/sleeper)');
    }
  }
});

/** Pushes and revokes on real practice hosts, over real ssh: what changes, what never does, and what each refusal says. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult } from '../../src/push/job.ts';
import { fingerprint, inside, makeKey, read, run, startHostLab, wish } from './hostLab.ts';
import type { HostLab } from './hostLab.ts';

describe('a push', () => {
  let lab: HostLab;
  let host: PracticeHost;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(async () => {
    const log = readFileSync(join(lab.homeDir, 'job.log'), 'utf8');
    await lab.end();
    assert.doesNotMatch(log, / ssh: /, 'the script never says anything on its standard error');
  });
  let names = 0;
  let name = '';
  beforeEach(() => {
    names += 1;
    name = `ada.${String(names)}`;
  });
  const tells = (result: HostResult, expected: string): void => {
    assert.equal(`${result.outcome} ${result.reason}`, expected, result.detail);
  };

  it('makes the account, then changes nothing, is revoked once, and comes back', async () => {
    const account = wish({
      name,
      keys: [lab.userKey],
      groups: ['games', 'audio'],
      shell: '/bin/bash',
      sudo: { kind: 'all' },
      comment: 'Ada L.',
    });
    const stages: string[] = [];
    const first = await run(lab.task(host, { account }), { stages: stages as never[] });
    tells(first, 'changed AccountPushed');
    assert.deepEqual(first.changes, ['created account', 'added to groups', 'added key', 'wrote sudo rule']);
    assert.deepEqual(stages, ['connect', 'auth', 'plan', 'apply', 'verify']);
    assert.equal(
      inside(host, `su ${name} -c 'sudo -n id -u; id -nG; echo $SHELL'`),
      `0\n${name} audio games\n/bin/bash\n`,
    );
    assert.equal(loginAs(lab, host, name), `${name}\n`);
    const before = fingerprint(host);
    tells(await run(lab.task(host, { account })), 'unchanged AlreadyAsWished');
    assert.equal(fingerprint(host), before);

    const revoked = await run(lab.task(host, { kind: 'revoke', account }));
    tells(revoked, 'changed AccountRevoked');
    assert.equal(revoked.facts['liveProcesses'], '0');
    assert.throws(() => loginAs(lab, host, name));
    assert.equal(read(host, `/etc/sudoers.d/garrison-ada+2e${String(names)}`), null);
    assert.match(inside(host, `getent shadow ${name}`), /^ada[^:]*:!\*:.*:1:$/m);
    tells(await run(lab.task(host, { kind: 'revoke', account })), 'unchanged AlreadyRevoked');

    tells(await run(lab.task(host, { account })), 'changed AccountPushed');
    assert.equal(loginAs(lab, host, name), `${name}\n`);
    assert.match(inside(host, `getent shadow ${name}`), /^ada[^:]*:\*:.*::$/m);
    assert.equal(read(host, '/var/lib/garrison/journal')?.split('\n').length, 4);
  });

  it('brings an account of ours to a new wish and leaves what the user added', async () => {
    const other = readFileSync(`${makeKey(lab.homeDir, `other${String(names)}`)}.pub`, 'utf8').trim();
    await run(
      lab.task(host, {
        account: wish({ name, keys: [lab.userKey], groups: ['games'], sudo: { kind: 'all' } }),
      }),
    );
    inside(
      host,
      `usermod -aG audio ${name}; printf '# mine\\nssh-ed25519 AAAAmine own' >>/home/${name}/.ssh/authorized_keys`,
    );
    const commands = ['/usr/bin/id -u', '/usr/bin/whoami'];
    const account = wish({
      name,
      keys: [other],
      groups: ['video'],
      sudo: { kind: 'commands', commands },
      comment: 'new',
      shell: '/bin/dash',
    });
    const result = await run(lab.task(host, { account }));
    tells(result, 'changed AccountPushed');
    assert.deepEqual(result.changes, [
      ...['set shell', 'set comment', 'added to groups', 'removed from groups'],
      ...['added key', 'removed key', 'wrote sudo rule'],
    ]);
    assert.equal(
      read(host, `/home/${name}/.ssh/authorized_keys`),
      `# mine\nssh-ed25519 AAAAmine own\n${other}\n`,
    );
    assert.equal(inside(host, `id -nG ${name}`), `${name} audio video\n`);
    assert.match(
      inside(host, `su ${name} -c 'sudo -n whoami; sudo -n cat /etc/shadow' 2>&1 || true`),
      /^root\nsudo: a password is required/,
    );
    tells(await run(lab.task(host, { account })), 'unchanged AlreadyAsWished');
    tells(
      await run(lab.task(host, { account: { ...account, sudo: { kind: 'none' }, groups: [], keys: [] } })),
      'changed AccountPushed',
    );
    assert.equal(
      inside(host, `id -nG ${name}; ls /etc/sudoers.d | grep -c '${name.replace('.', '+2e')}$' || true`),
      `${name} audio\n0\n`,
    );
  });

  it('leaves a foreign account byte for byte as it was', async () => {
    inside(
      host,
      `useradd -m -G games ${name} && echo '${name} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${name.replace('.', '_')}`,
    );
    const before = fingerprint(host);
    const account = wish({
      name,
      keys: [lab.userKey],
      groups: ['audio'],
      shell: '/bin/bash',
      sudo: { kind: 'all' },
      comment: 'x',
    });
    tells(await run(lab.task(host, { account })), 'conflict AccountForeign');
    tells(await run(lab.task(host, { kind: 'revoke', account })), 'conflict AccountForeign');
    assert.equal(fingerprint(host), before);
  });

  it('refuses what is no longer the account it made', async () => {
    const account = wish({ name, keys: [lab.userKey] });
    await run(lab.task(host, { account }));
    inside(host, `userdel -r ${name} 2>&1; useradd -m ${name}`);
    const before = fingerprint(host);
    tells(await run(lab.task(host, { account })), 'conflict AccountMarkMismatch');
    tells(await run(lab.task(host, { kind: 'revoke', account })), 'conflict AccountMarkMismatch');
    inside(host, `userdel -r ${name} 2>&1`);
    tells(await run(lab.task(host, { kind: 'revoke', account })), 'unchanged AccountAbsent');
    tells(await run(lab.task(host, { account })), 'changed AccountPushed');
    inside(host, `usermod -L ${name}`);
    tells(await run(lab.task(host, { account })), 'conflict AccountLockedByHand');
    const foreign = { clusterId: 'c2', epoch: 1, counter: 1 };
    tells(await run(lab.task(host, { account, fence: foreign })), 'conflict AccountOfOtherCluster');
    assert.notEqual(fingerprint(host), before);
  });

  it('refuses with a clear word, and with nothing half done, what the host does not have', async () => {
    const before = fingerprint(host);
    const account = wish({ name, keys: [lab.userKey] });
    const refusal = async (more: Parameters<typeof wish>[0], expected: string): Promise<void> => {
      tells(await run(lab.task(host, { account: { ...account, ...more } })), expected);
    };
    await refusal({ groups: ['games', 'nosuch'] }, 'failed GroupMissing');
    await refusal({ shell: '/bin/nosuch' }, 'failed ShellMissing');
    await refusal({ name: 'games' }, 'failed TaskInvalid');
    await refusal({ name: 'audio' }, 'conflict GroupNameTaken');
    writeFileSync(`${host.filesAt}/etc/sudoers.d/bad`, 'nonsense here\n', { mode: 0o440 });
    await refusal({ sudo: { kind: 'all' } }, 'failed SudoersBroken');
    rmSync(`${host.filesAt}/etc/sudoers.d/bad`);
    writeFileSync(`${host.filesAt}/etc/sudoers.d/garrison-${name.replace('.', '+2e')}`, '# by hand\n', {
      mode: 0o440,
    });
    await refusal({ sudo: { kind: 'all' } }, 'conflict SudoFileForeign');
    rmSync(`${host.filesAt}/etc/sudoers.d/garrison-${name.replace('.', '+2e')}`);
    mkdirSync(`${host.filesAt}/home/${name}`);
    await refusal({}, 'conflict HomeExists');
    rmSync(`${host.filesAt}/home/${name}`, { recursive: true });
    assert.equal(inside(host, `getent passwd ${name} || echo none`), 'none\n');
    assert.notEqual(before, '');
  });

  it('never writes where a link of the user points', async () => {
    const account = wish({ name, keys: [lab.userKey] });
    await run(lab.task(host, { account }));
    const more = wish({
      name,
      keys: [lab.userKey, readFileSync(`${makeKey(lab.homeDir, `k${String(names)}`)}.pub`, 'utf8').trim()],
    });
    inside(
      host,
      `cd /home/${name}/.ssh && mv authorized_keys kept && ln -s /root/.ssh/authorized_keys authorized_keys`,
    );
    const roots = read(host, '/root/.ssh/authorized_keys');
    tells(await run(lab.task(host, { account: more })), 'failed KeysUnusual');
    inside(host, `cd /home/${name} && rm -r .ssh && ln -s /root/.ssh .ssh`);
    tells(await run(lab.task(host, { account: more })), 'failed KeysUnusual');
    inside(
      host,
      `cd /home/${name} && rm .ssh && mkdir .ssh && chown ${name} .ssh && ln -s /etc/garrison-was-here .ssh/.authorized_keys.garrison`,
    );
    tells(await run(lab.task(host, { account: more })), 'changed AccountPushed');
    assert.equal(read(host, '/etc/garrison-was-here'), null);
    assert.equal(read(host, '/root/.ssh/authorized_keys'), roots);
    inside(
      host,
      `cd /home/${name}/.ssh && rm authorized_keys && mkfifo authorized_keys && chown ${name} authorized_keys`,
    );
    tells(await run(lab.task(host, { account: more })), 'failed KeysUnusual');
    inside(host, `rm -r /home/${name}`);
    tells(await run(lab.task(host, { account: more })), 'failed HomeMissing');
    tells(await run(lab.task(host, { kind: 'revoke', account: more })), 'changed AccountRevoked');
  });

  it('says that the disk is full, and leaves nothing half done', async () => {
    const before = fingerprint(host);
    const account = wish({ name, keys: [lab.userKey] });
    const fill = join(host.filesAt, 'tmp', 'fill');
    try {
      inside(host, `cat /dev/zero >/tmp/fill 2>/dev/null || true`);
      tells(await run(lab.task(host, { account })), 'failed HostDiskFull');
    } finally {
      rmSync(fill, { force: true });
    }
    assert.equal(fingerprint(host), before);
    tells(await run(lab.task(host, { account })), 'changed AccountPushed');
  });

  it('takes back the account of this very attempt when something later fails', async () => {
    const hook = `${host.filesAt}/etc/shadow-maint/useradd-post.d`;
    mkdirSync(hook, { recursive: true });
    writeFileSync(
      join(hook, 'break'),
      `#!/bin/sh\n[ "$SUBJECT" = ${name} ] && chown root /home/${name} && chmod 700 /home/${name}\nexit 0\n`,
      { mode: 0o755 },
    );
    const account = wish({ name, keys: [lab.userKey], sudo: { kind: 'all' } });
    const result = await run(lab.task(host, { account }));
    rmSync(hook, { recursive: true });
    assert.equal(result.outcome, 'failed', result.detail);
    assert.match(result.detail, /taken back|still there/);
    assert.deepEqual(
      inside(
        host,
        `getent passwd ${name} || echo none; ls /etc/sudoers.d; ls /var/lib/garrison/accounts | grep -c '^${name}$' || true`,
      )
        .split('\n')
        .slice(0, 1),
      ['none'],
    );
  });

  it('answers a check without writing anything', async () => {
    inside(host, 'rm -rf /var/lib/garrison.aside; mv /var/lib/garrison /var/lib/garrison.aside');
    const before = fingerprint(host);
    const result = await run(lab.task(host, { kind: 'check', account: null }));
    tells(result, 'unchanged CheckPassed');
    assert.ok(Math.abs(Number(result.facts['clockSkewMs'])) < 2000, JSON.stringify(result.facts));
    assert.match(result.facts['diskFreeKib'] ?? '', /^\d+$/);
    assert.equal(fingerprint(host), before);
    assert.equal(statSync(`${host.filesAt}/var/lib/garrison`, { throwIfNoEntry: false }), undefined);
    inside(host, 'mv /var/lib/garrison.aside /var/lib/garrison');
  });

  it('refuses a state folder that is not its own', async () => {
    inside(host, 'mv /var/lib/garrison /var/lib/garrison.aside; ln -s /tmp /var/lib/garrison');
    const account = wish({ name, keys: [lab.userKey] });
    tells(await run(lab.task(host, { account })), 'failed StateFolderUnsafe');
    inside(
      host,
      'rm /var/lib/garrison; mv /var/lib/garrison.aside /var/lib/garrison; chmod 755 /var/lib/garrison',
    );
    tells(await run(lab.task(host, { account })), 'failed StateFolderUnsafe');
    inside(host, 'chmod 700 /var/lib/garrison');
  });
});

function loginAs(lab: HostLab, host: PracticeHost, user: string): string {
  const options = [
    '-F',
    'none',
    '-o',
    'BatchMode=yes',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  const args = [
    ...options,
    '-o',
    'IdentitiesOnly=yes',
    '-i',
    lab.userIdentity,
    '-p',
    String(host.port),
    `${user}@127.0.0.1`,
    'whoami',
  ];
  return execFileSync('ssh', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

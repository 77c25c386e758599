/**
 * Practice hosts with a real sshd: they let in whom they should, change nothing on the machine, and end with whoever started them.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPracticeHosts } from '../../src/driver/practice.ts';
import type { PracticeHost, PracticeKind } from '../../src/driver/practice.ts';

import { watchForLeaks } from '../support/leaks.ts';
import { makeKeyPair, runOnHost } from '../support/onHost.ts';
import { tempHome } from '../support/tempHome.ts';

const HOLDER = fileURLToPath(new URL('../fixtures/practiceHolder.ts', import.meta.url));
const KINDS: readonly PracticeKind[] = ['namespace', 'chroot'];
/** What the machine itself says about accounts; a practice host must never change it. */
const machineAccounts = (): string => execFileSync('getent', ['passwd'], { encoding: 'utf8' });

if (process.getuid?.() !== 0) {
  test('practice hosts', { skip: 'only root can make practice hosts' }, () => undefined);
} else {
  for (const kind of KINDS) {
    test(`${kind}: three hosts take the right key, keep their accounts to themselves and leave nothing`, (t) =>
      threeHosts(t, kind));
    test(`${kind}: kill -9 of whoever started them ends them within 3 s`, (t) => survivesNobody(t, kind));
  }
  test('twenty hosts run side by side', twentyHosts);
  test('a host key stays the same from one start to the next', sameHostKey);
  test('without CAP_SYS_ADMIN a host is a chroot by itself', withoutNamespaces);
  test('where nothing works the error says why, and how to go on', saysWhy);
  test('a chroot that an earlier life left behind is cleared at the next start', clearsStale);
}

async function threeHosts(t: TestContext, kind: PracticeKind): Promise<void> {
  const homeDir = tempHome(t);
  const right = makeKeyPair(homeDir, 'right');
  const wrong = makeKeyPair(homeDir, 'wrong');
  const before = machineAccounts();
  const leaks = watchForLeaks();
  const hosts = await startPracticeHosts({ count: 3, homeDir, authorizedKeys: [right.publicKey], kind });
  t.after(() => endAll(hosts));
  assert.deepEqual(
    hosts.map((host) => host.name),
    ['practice-1', 'practice-2', 'practice-3'],
  );
  await Promise.all(hosts.map((host) => usesTheHost(host, right.identityFile)));
  const [first] = hosts as [PracticeHost];
  const refused = await runOnHost(first, 'id', { identityFile: wrong.identityFile });
  assert.match(refused.stderr, /Permission denied/);
  const stranger = await runOnHost(first, 'id', {
    identityFile: right.identityFile,
    knownHostKey: wrong.publicKey,
  });
  assert.match(stranger.stderr, /Host key verification failed/);
  assert.match(readFileSync(`${first.filesAt}/etc/passwd`, 'utf8'), /^probe-account:/m);
  assert.equal(machineAccounts(), before, 'the machine has no account that was made inside');
  await endAll(hosts);
  await Promise.all(hosts.map((host) => host.exited));
  await leaks.assertNone();
  assert.deepEqual(readdirSync(`${homeDir}/practice/practice-1`).sort(), ['host_key', 'host_key.pub']);
}

/** Makes an account with a sudo rule, and uses it. */
async function usesTheHost(host: PracticeHost, identityFile: string): Promise<void> {
  const made = await runOnHost(
    host,
    `set -e
    useradd -m -s /bin/sh probe-account
    mkdir -m 700 /home/probe-account/.ssh
    cp /root/.ssh/authorized_keys /home/probe-account/.ssh/
    chown -R probe-account /home/probe-account/.ssh
    echo 'probe-account ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/probe
    visudo -cf /etc/sudoers.d/probe
    getent passwd probe-account
    # What outlives its login must still end with the host.
    setsid sleep 600 >/dev/null 2>&1 </dev/null &`,
    { identityFile },
  );
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /^probe-account:x:/m);
  const used = await runOnHost(
    host,
    'sudo -n id -u; ls -A /var/lib/garrison 2>/dev/null; setsid sleep 600 >/dev/null 2>&1 </dev/null &',
    {
      identityFile,
      user: 'probe-account',
    },
  );
  assert.deepEqual([used.exitCode, used.stdout], [0, '0\n'], used.stderr);
}

async function twentyHosts(t: TestContext): Promise<void> {
  const homeDir = tempHome(t);
  const key = makeKeyPair(homeDir);
  const leaks = watchForLeaks();
  const hosts = await startPracticeHosts({ count: 20, homeDir, authorizedKeys: [key.publicKey] });
  t.after(() => endAll(hosts));
  assert.equal(new Set(hosts.map((host) => host.port)).size, 20);
  assert.equal(new Set(hosts.map((host) => host.hostKey)).size, 20);
  const answers = await Promise.all(hosts.map((host) => runOnHost(host, 'cat /etc/hostname', key)));
  assert.deepEqual(
    answers.map((answer) => answer.stdout.trim()),
    hosts.map((host) => host.name),
  );
  await endAll(hosts);
  await leaks.assertNone();
}

async function sameHostKey(t: TestContext): Promise<void> {
  const homeDir = tempHome(t);
  const key = makeKeyPair(homeDir);
  const start = (): Promise<PracticeHost[]> =>
    startPracticeHosts({ count: 1, firstIndex: 7, homeDir, authorizedKeys: [key.publicKey] });
  const [first] = (await start()) as [PracticeHost];
  await first.end();
  const [second] = (await start()) as [PracticeHost];
  await second.end();
  assert.equal(first.name, 'practice-7');
  assert.equal(second.hostKey, first.hostKey);
}

async function survivesNobody(t: TestContext, kind: PracticeKind): Promise<void> {
  const homeDir = tempHome(t);
  const key = makeKeyPair(homeDir);
  const leaks = watchForLeaks();
  const holder = hold(t, [process.execPath, '--import', 'tsx', HOLDER, homeDir, key.publicKey, kind]);
  const hosts = await holder.hosts;
  await Promise.all(hosts.map((host) => usesTheHost(host, key.identityFile)));
  assert.notDeepEqual(leaks.find(), [], 'the leak check sees what runs');
  holder.child.kill('SIGKILL');
  await leaks.assertNone(3000);
  assert.equal(existsSync(`${homeDir}/practice/practice-1/root`), false);
}

async function withoutNamespaces(t: TestContext): Promise<void> {
  const homeDir = tempHome(t);
  const key = makeKeyPair(homeDir);
  const leaks = watchForLeaks();
  const less = [
    'setpriv',
    '--bounding-set=-sys_admin,-sys_ptrace',
    '--inh-caps=-sys_admin,-sys_ptrace',
    '--',
  ];
  const holder = hold(t, [...less, process.execPath, '--import', 'tsx', HOLDER, homeDir, key.publicKey]);
  const hosts = await holder.hosts;
  assert.deepEqual(
    hosts.map((host) => host.kind),
    ['chroot', 'chroot'],
  );
  await Promise.all(hosts.map((host) => usesTheHost(host, key.identityFile)));
  holder.child.kill('SIGKILL');
  await leaks.assertNone(3000);
}

async function saysWhy(t: TestContext): Promise<void> {
  const homeDir = tempHome(t);
  const key = makeKeyPair(homeDir);
  const less = ['setpriv', '--bounding-set=-sys_admin,-mknod', '--inh-caps=-sys_admin,-mknod', '--'];
  const holder = hold(t, [...less, process.execPath, '--import', 'tsx', HOLDER, homeDir, key.publicKey]);
  await assert.rejects(holder.hosts);
  const said = await holder.errors;
  assert.match(said, /PRACTICE_UNAVAILABLE/);
  assert.match(said, /namespace: .*not permitted/);
  assert.match(said, /chroot: .*not permitted/);
  assert.match(said, /garrison trust NAME/);
}

async function clearsStale(t: TestContext): Promise<void> {
  const homeDir = tempHome(t);
  const key = makeKeyPair(homeDir);
  const request = { count: 1, homeDir, authorizedKeys: [key.publicKey], kind: 'chroot' } as const;
  const [first] = (await startPracticeHosts(request)) as [PracticeHost];
  execFileSync('cp', ['-a', first.filesAt, `${homeDir}/kept`]);
  await first.end();
  execFileSync('mv', [`${homeDir}/kept`, first.filesAt]);
  const [second] = (await startPracticeHosts(request)) as [PracticeHost];
  const said = await runOnHost(second, 'id -u', key);
  await second.end();
  assert.equal(said.stdout, '0\n');
  assert.equal(existsSync(second.filesAt), false);
}

function endAll(hosts: readonly PracticeHost[]): Promise<unknown> {
  return Promise.all(hosts.map((host) => host.end()));
}

/** A parent process of its own, that tells which hosts it started. */
function hold(
  t: TestContext,
  command: readonly string[],
): { child: ChildProcess; hosts: Promise<PracticeHost[]>; errors: Promise<string> } {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const closed = once(child, 'close').then(() => stderr);
  const lines = createInterface({ input: child.stdout });
  const hosts = Promise.race([
    once(lines, 'line').then(([line]) => JSON.parse(line as string) as PracticeHost[]),
    closed.then((said) => Promise.reject(new Error(said))),
  ]);
  hosts.catch(() => undefined);
  return { child, hosts, errors: closed };
}

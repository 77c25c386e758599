/**
 * What a real systemd does for Garrison when it goes wrong: watchdog, restart during pushes, evidence of what keeps failing, the second way in.
 * The usual run has the shorter part, test/system/systemd.test.ts.
 */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeKeyPair, runOnHost } from '../support/onHost.ts';
import { startOwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { Machine, whyNoSystemd } from '../support/systemd.ts';
import { tempHome } from '../support/tempHome.ts';
import { giveHosts, restartDuringPushes } from '../support/restartPushes.ts';
import { until } from '../support/until.ts';

const skip = whyNoSystemd();
const BLOCK = new URL('../fixtures/blockSupervisor.js', import.meta.url).pathname;
const TRIGGER = '/run/garrison-test-block';
const WATCHDOG_MS = 6_000;
const PUSHES = 50;

it(
  'a supervisor that is stopped, or whose loop is blocked for good, is killed by the watchdog and back',
  { skip },
  () => withParts(watchdog)(),
);
it('systemctl restart during 50 pushes loses none and does none twice', { skip }, () => withParts(restart)());
it('evidence is kept of what keeps failing, which is tried again until somebody stops it', { skip }, () =>
  withParts(failing)(),
);
it('the second way in lets its keys in while Garrison, Docker and the other sshd are down', { skip }, () =>
  withParts(rescue)(),
);

async function watchdog(parts: Parts): Promise<void> {
  const machine = await Machine.installed(parts);
  const environment = `Environment=NODE_OPTIONS=--import=${BLOCK} GARRISON_TEST_BLOCK=${TRIGGER}`;
  const limit = `WatchdogSec=${String(WATCHDOG_MS)}ms`;
  await machine.override('garrison.service', `[Service]\n${limit}\n${environment}\n`);
  await machine.tell('systemctl start garrison');
  for (const block of [`kill -STOP $(systemctl show garrison -P MainPID)`, `: >${TRIGGER}`]) {
    const pid = await machine.mainPid('garrison');
    const blockedMs = performance.now();
    await machine.tell(block);
    await machine.newMainPid('garrison', pid, 2 * WATCHDOG_MS);
    const tookMs = performance.now() - blockedMs;
    assert.ok(
      tookMs > WATCHDOG_MS / 2,
      `fed shortly before, so killed after ${String(tookMs)} ms at the earliest`,
    );
    await machine.isReady('garrison');
  }
  assert.equal((await machine.journal('garrison')).match(/Watchdog timeout/g)?.length, 2);
  // A supervisor that is well is fed: it outlives the limit several times.
  const pid = await machine.mainPid('garrison');
  const since = performance.now();
  await until('three limits are over', () => performance.now() - since > 3 * WATCHDOG_MS, {
    deadlineMs: 60_000,
  });
  assert.equal(await machine.mainPid('garrison'), pid);
}

async function restart(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 2);
  const machine = await Machine.installed(parts);
  await giveHosts(machine, own);
  await machine.tell('systemctl start garrison');
  await restartDuringPushes(machine, own, PUSHES / own.hosts.length);
}

async function failing(parts: Parts): Promise<void> {
  const machine = await Machine.installed(parts);
  const good = machine.read('/var/lib/garrison/garrison.yaml');
  await machine.write('/var/lib/garrison/garrison.yaml', 'workers: { cuont: 2 }\n');
  await machine.override('garrison.service', '[Unit]\nStartLimitBurst=3\n');
  const kept = (): Promise<string> => machine.tell('cat /var/lib/garrison/failed-*.txt');
  await machine.run('systemctl', 'start', 'garrison');
  await until('evidence is kept', kept, { deadlineMs: 60_000, everyMs: 200 });
  const complained = async (): Promise<boolean> =>
    (await machine.tell('journalctl --priority err --unit garrison-failed --no-pager')).includes(
      'keeps failing',
    );
  await until('it is said as an error', complained, { deadlineMs: 60_000, everyMs: 200 });
  assert.match(await kept(), /cuont[^]*== garrison doctor/);
  await machine.write('/var/lib/garrison/garrison.yaml', good);
  await until('it is tried again, and well', async () => (await machine.mainPid('garrison')) > 0, {
    deadlineMs: 60_000,
    everyMs: 200,
  });
  await machine.isReady('garrison');
  await stoppedMeanwhile(machine);
}

/** Whoever stops it while it waits to be tried again stops that too. */
async function stoppedMeanwhile(machine: Machine): Promise<void> {
  await machine.write('/var/lib/garrison/garrison.yaml', 'workers: { cuont: 2 }\n');
  await machine.run('systemctl', 'restart', 'garrison');
  const waits = async (): Promise<boolean> =>
    (await machine.property('garrison-failed', 'SubState')) === 'start';
  await until('it waits', waits, { deadlineMs: 60_000, everyMs: 200 });
  await machine.tell('systemctl stop garrison');
  assert.notEqual(await machine.property('garrison-failed', 'ActiveState'), 'activating');
}

async function rescue(parts: Parts): Promise<void> {
  const machine = await Machine.installed(parts);
  const keys = makeKeyPair(tempHome(parts), 'rescue');
  const port = await freePort();
  await machine.tell(`sed -i 's/^Port .*/Port ${String(port)}/' /etc/garrison/rescue_sshd_config`);
  await machine.tell(`echo '${keys.publicKey}' >>/etc/garrison/rescue_authorized_keys; usermod -p '*' root`);
  await machine.tell('systemctl enable --now garrison-rescue');
  const hostKey = machine.read('/etc/garrison/rescue_host_ed25519_key.pub').trim();
  const door = { name: 'rescue', address: '127.0.0.1', port, hostKey };
  const login = async (script: string): Promise<string> => {
    const said = await runOnHost(door, script, { identityFile: keys.identityFile });
    return said.exitCode === 0 ? said.stdout.trim() : `exit ${String(said.exitCode)}: ${said.stderr}`;
  };
  const listens = async (): Promise<boolean> => (await login('echo in')) === 'in';
  await until('it lets in', listens, { deadlineMs: 20_000, everyMs: 100 });
  assert.equal(
    await login('systemctl is-active garrison docker ssh | tr "\\n" " "'),
    'inactive inactive inactive',
  );
  assert.match(await login('cat /proc/self/cgroup'), /\/rescue\.slice\/garrison-rescue\.service/);
  const pid = await machine.mainPid('garrison-rescue');
  // What the kernel makes of it depends on what this machine itself is allowed.
  assert.equal(await machine.property('garrison-rescue', 'OOMScoreAdjust'), '-900');
  await assertMends(machine, login);
  // The other sshd takes this folder along when it stops.
  await machine.tell('rm -rf /run/sshd');
  await until('it lets in again', listens, { everyMs: 100 });
  await machine.tell(`kill -9 ${String(pid)}`);
  await until('another one lets in', listens, { everyMs: 100 });
  const taken = await machine.garrison('uninstall');
  assert.match(taken.stdout, /garrison-rescue\.service is turned on and stays/);
  assert.equal(await login('echo still in'), 'still in');
  await machine.tell("usermod -p '!x' root");
  assert.match(await login('echo in'), /Permission denied/);
}

/** What a person comes in for. */
async function assertMends(machine: Machine, login: (script: string) => Promise<string>): Promise<void> {
  assert.equal(await login('systemctl start garrison && systemctl is-active garrison'), 'active');
  assert.match(await login(`${process.execPath} ${GARRISON} status`), /: well/);
  assert.equal(await login('kill -9 $(systemctl show garrison -P MainPID) && echo killed'), 'killed');
  assert.equal(await login('echo x >/etc/mended && systemd-run --quiet --pipe cat /etc/mended'), 'x');
  assert.equal(await machine.tell('systemctl stop garrison; systemctl is-active garrison-rescue'), 'active');
}

const GARRISON = join(new URL('../..', import.meta.url).pathname, 'bin/garrison');

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Garrison as a service of a real systemd: installed, ready, killed and back at once, and taken away again.
 * What takes longer is in test/long/systemd.test.ts.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { startOwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { giveHosts, restartDuringPushes } from '../support/restartPushes.ts';
import { Machine, whyNoSystemd } from '../support/systemd.ts';

/** Enough that some are still under way when it is restarted. */
const FEW_PUSHES = 8;
const skip = whyNoSystemd();
const UNITS = '/etc/systemd/system/garrison*';
/** What its work allows; each exception is explained in the unit. */
const MOST_EXPOSED = { garrison: 4.0, 'garrison-rescue': 5.0 };

it(
  'systemd starts it, restarts it during pushes and within a second of kill -9, and it goes without its data',
  { skip },
  () => withParts(service)(),
);

async function service(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 1);
  const machine = await Machine.installed(parts);
  const again = await machine.garrison('install');
  assert.match(again.stdout, /^nothing to do: all of it is as it should be\n/);
  await checkUnits(machine);
  await giveHosts(machine, own);
  await machine.tell('systemctl start garrison');
  assert.match(await machine.property('garrison', 'StatusText'), /./);
  assert.equal((await machine.garrison('status')).exitCode, 0);
  assert.doesNotMatch(await machine.journal('garrison'), /login\?token/);
  await machine.tell('systemctl reload garrison');
  await restartDuringPushes(machine, own, FEW_PUSHES);
  const pid = await machine.mainPid('garrison');
  await assertUnheardByChildren(machine, pid);
  const killedMs = performance.now();
  await machine.tell(`kill -9 ${String(pid)}`);
  await machine.newMainPid('garrison', pid);
  const tookMs = performance.now() - killedMs;
  assert.ok(tookMs < 1_000, `another process after ${String(tookMs)} ms`);
  await uninstall(machine);
  await refuseForeign(machine);
}

async function checkUnits(machine: Machine): Promise<void> {
  const verified = await machine.run('sh', '-c', `systemd-analyze verify ${UNITS}`);
  assert.deepEqual(verified, { exitCode: 0, stdout: '', stderr: '' });
  for (const [unit, most] of Object.entries(MOST_EXPOSED)) {
    const file = `/etc/systemd/system/${unit}.service`;
    const said = await machine.tell(`systemd-analyze security --offline=true --no-pager ${file}`);
    const figure = Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
    assert.ok(figure < most, `${unit} has ${String(figure)}`);
  }
  assert.equal((await machine.run('systemctl', 'is-enabled', 'garrison-rescue')).stdout.trim(), 'disabled');
}

/** What a process was started with stands in its /proc for ever. */
async function assertUnheardByChildren(machine: Machine, pid: number): Promise<void> {
  const names = await machine.tell(
    `cd /sys/fs/cgroup/system.slice/garrison.service; for p in $(cat cgroup.procs */cgroup.procs); do [ $p = ${String(pid)} ] || { echo $p; tr '\\0' '\\n' </proc/$p/environ | grep -E '^(NOTIFY|WATCHDOG)'; }; done; true`,
  );
  assert.doesNotMatch(names, /NOTIFY|WATCHDOG/);
  assert.ok(names.split('\n').length >= 3, `its children: ${names}`);
}

async function uninstall(machine: Machine): Promise<void> {
  await machine.tell('systemctl enable garrison');
  const { exitCode, stdout, stderr } = await machine.garrison('uninstall');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^done: end garrison\.service[^]*note: \/var\/lib\/garrison stays/);
  assert.equal(
    await machine.tell(`ls ${UNITS} 2>&1 || true`),
    `ls: cannot access '${UNITS}': No such file or directory`,
  );
  assert.equal(await machine.property('garrison', 'ActiveState'), 'inactive');
  assert.ok(existsSync(machine.at('/var/lib/garrison/journal.jsonl')));
  assert.equal(await machine.tell('getent group garrison || echo gone'), 'gone');
}

async function refuseForeign(machine: Machine): Promise<void> {
  const file = '/etc/systemd/system/garrison.service';
  await machine.write(file, '[Service]\nExecStart=/bin/true\n');
  const { exitCode, stdout, stderr } = await machine.garrison('install');
  assert.deepEqual([exitCode, stdout], [4, '']);
  assert.match(stderr, /garrison\.service: somebody else made them[^]*mv /);
  assert.equal(machine.read(file), '[Service]\nExecStart=/bin/true\n');
}

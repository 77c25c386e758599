/**
 * The control socket of the machine's own supervisor over its starts: after a crash, with a socket left behind, opened to readers, without the group.
 * Who may do what over it is in test/system/control.test.ts.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { as, looks, machineWithUsers, SOCKET } from '../support/machineUsers.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { whyNoSystemd, type Machine } from '../support/systemd.ts';
import { until } from '../support/until.ts';

it('the socket is as open as it is meant to be after each start', { skip: whyNoSystemd() }, () =>
  withParts(starts)(),
);

async function starts(parts: Parts): Promise<void> {
  const machine = await machineWithUsers(parts);
  await machine.tell('systemctl start garrison');
  await afterCrash(machine);
  await readers(machine);
  await withoutGroup(machine);
}

async function afterCrash(machine: Machine): Promise<void> {
  const pid = await machine.mainPid('garrison');
  await machine.tell(`kill -9 ${String(pid)}`);
  await machine.newMainPid('garrison', pid);
  await until('it answers again', async () => (await as(machine, 'alice', 'status')).exitCode === 0, {
    deadlineMs: 30_000,
  });
  assert.deepEqual(await looks(machine), ['750 root:garrison', '660 root:garrison']);
  await machine.tell('systemctl stop garrison');
  // As a supervisor without systemd leaves it.
  const listen = `require('node:net').createServer().listen('${SOCKET}', () => process.kill(process.pid, 'SIGKILL'))`;
  await machine.tell(`mkdir -m 755 /run/garrison; ${process.execPath} -e "${listen}" || chmod 666 ${SOCKET}`);
  const left = await as(machine, 'carol', 'status');
  assert.equal(left.exitCode, 4);
  assert.match(left.stderr, /one that has ended left \/run\/garrison\/control\.sock behind/);
  await machine.tell('systemctl start garrison');
  assert.deepEqual(await looks(machine), ['750 root:garrison', '660 root:garrison']);
}

async function readers(machine: Machine): Promise<void> {
  await machine.write(
    '/var/lib/garrison/garrison.yaml',
    'page: { listen: "127.0.0.1:0" }\nworkers: { count: 2 }\ncontrol: { others: read }\n',
  );
  await machine.tell('systemctl restart garrison');
  assert.deepEqual(await looks(machine), ['755 root:garrison', '666 root:garrison']);
  const status = await as(machine, 'carol', 'status');
  assert.equal(status.exitCode, 0, status.stderr);
  for (const args of [['restart', 'push-1', '--yes'], ['sign-in'], ['token', 'list']]) {
    const { exitCode, stderr } = await as(machine, 'carol', ...args);
    assert.equal(exitCode, 4, stderr);
    assert.match(stderr, /carol \(uid \d+\) may only look: root and members of the group garrison may/);
  }
}

async function withoutGroup(machine: Machine): Promise<void> {
  await machine.tell('groupdel garrison');
  await machine.write(
    '/var/lib/garrison/garrison.yaml',
    'page: { listen: "127.0.0.1:0" }\nworkers: { count: 2 }\n',
  );
  await machine.tell('systemctl restart garrison');
  assert.deepEqual(await looks(machine), ['700 root:root', '600 root:root']);
  assert.match(await machine.journal('garrison'), /no group garrison: .*only root may give commands/);
  assert.match((await as(machine, 'alice', 'status')).stderr, /is not for you: only root may use it/);
  assert.equal((await machine.garrison('status')).exitCode, 0);
}

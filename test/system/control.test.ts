/**
 * The machine's own supervisor under a real systemd, and real users of that machine: who may give commands, and what the others are told.
 * What takes more starts is in test/long/control.test.ts.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OperationView, WorkerView } from '../../src/supervisor/door.ts';
import { as, callAs, looks, machineWithUsers, SOCKET } from '../support/machineUsers.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { whyNoSystemd, type Machine } from '../support/systemd.ts';
import { until } from '../support/until.ts';

it(
  'root and the group give commands to the machine’s supervisor; others are told why not, or look',
  { skip: whyNoSystemd() },
  () => withParts(users)(),
);

async function users(parts: Parts): Promise<void> {
  const machine = await machineWithUsers(parts);
  const none = await as(machine, 'alice', 'status');
  assert.match(none.stderr, /no supervisor runs in \/tmp\/alice\/.local\/state\/garrison\n/);
  await machine.tell('systemctl start garrison');
  assert.deepEqual(await looks(machine), ['750 root:garrison', '660 root:garrison']);
  assert.equal(await machine.tell('ls /var/lib/garrison/control.sock 2>/dev/null || echo none'), 'none');
  await members(machine);
  await opposites(machine);
  await stranger(machine);
}

async function members(machine: Machine): Promise<void> {
  const status = await as(machine, 'alice', 'status');
  assert.equal(status.exitCode, 0, status.stderr);
  const restart = await as(machine, 'alice', 'restart', 'push-2', '--yes');
  assert.equal(restart.exitCode, 0, restart.stderr);
  assert.equal((await machine.garrison('restart', 'push-2', '--yes')).exitCode, 0);
  const actors = (await operations(machine)).map(({ actor }) => actor);
  assert.deepEqual(actors, ['local:root', 'local:alice']);
  assert.match(machine.read('/var/lib/garrison/journal.jsonl'), /"verb":"restart".*"actor":"local:alice"/);
  assert.match(
    await machine.tell(`curl -s --unix-socket ${SOCKET} http://localhost/metrics`),
    /operations_total\{verb="restart",actor="local",outcome="done"\} 2/,
  );
  const { stdout } = await as(machine, 'alice', 'doctor');
  assert.match(stdout, /The supervisor answers/);
  assert.match((await as(machine, 'alice', 'sign-in')).stdout, /login\?token=/);
}

async function operations(machine: Machine): Promise<readonly OperationView[]> {
  const { stdout } = await machine.garrison('get', 'operations', '-o', 'json');
  return (JSON.parse(stdout) as { items: OperationView[] }).items;
}

/** The worker stands still, so that the stop cannot be done before the other asks. */
async function opposites(machine: Machine): Promise<void> {
  const workers = await callAs<{ items: WorkerView[] }>(machine, 'alice', '/api/v1/workers');
  const pid = String(workers.items.find(({ name }) => name === 'push-1')!.incarnation!.pid);
  await machine.tell(`kill -STOP ${pid}`);
  const ask = async (user: string, verb: string): Promise<string> => {
    const body = { verb, target: 'worker/push-1' };
    return (await callAs<{ item: OperationView }>(machine, user, '/api/v1/operations', body)).item.id;
  };
  const find = async (id: string): Promise<OperationView> =>
    (await callAs<{ item: OperationView }>(machine, 'alice', `/api/v1/operations/${id}`)).item;
  const stop = await ask('alice', 'stop');
  const start = await ask('bob', 'start');
  const { state, actor, detail } = await find(stop);
  await machine.tell(`kill -CONT ${pid}`);
  assert.deepEqual([state, actor], ['failed', 'local:alice']);
  assert.equal(
    detail,
    `superseded by ${start} of local:bob, who asked to start push-1 before this stop was done`,
  );
  await until('the start is done', async () => (await find(start)).state === 'done', { deadlineMs: 30_000 });
}

async function stranger(machine: Machine): Promise<void> {
  for (const args of [['status'], ['restart', 'push-1', '--yes']]) {
    const { exitCode, stdout, stderr } = await as(machine, 'carol', ...args);
    assert.deepEqual([exitCode, stdout], [4, '']);
    assert.match(
      stderr,
      /\/run\/garrison\/control\.sock is not for you: only root and members of the group garrison may use it\n/,
    );
    assert.match(
      stderr,
      /sudo, or have root make you a member: usermod -aG garrison carol, then log in anew/,
    );
  }
  const { stdout } = await as(machine, 'carol', 'doctor');
  assert.match(stdout, /control\.sock is not for this user/);
  assert.doesNotMatch(stdout, /No supervisor runs/);
  const own = await as(machine, 'carol', '--home', '/tmp/carol/own', 'status');
  assert.match(own.stderr, /no supervisor runs in \/tmp\/carol\/own\n/);
}

/** Hosts that take a connection and say nothing: checks of them may hold half of the slots, and a push to a well host starts at once. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { it, type TestContext } from 'node:test';
import type { PushView } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { until } from '../support/until.ts';

const HUNG = 10;
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGh1bmdodW5naHVuZ2h1bmdodW5naHVuZ2h1bmdodW5n';

it('ten hung checks keep no push waiting, and say what they wait for', async (t) => {
  const port = await silentPort(t);
  const names = Array.from({ length: HUNG }, (_, index) => `hung-${String(index + 1)}`);
  const lines = names.map(
    (name, index) =>
      `  ${name}: { address: 127.0.0.${String(index + 1)}, port: ${String(port)}, hostKey: "${HOST_KEY}" }\n`,
  );
  const garrison = await Garrison.start(t, {
    practice: 1,
    config: `workers: { count: 1, slots: ${String(HUNG)} }\nssh: { connectTimeout: 60s, idleTimeout: 2m }`,
    inventory: `hosts:\n${lines.join('')}`,
  });
  const { id: checkId } = await garrison.api<PushView>('POST', '/api/v1/pushes', {
    kind: 'check',
    hosts: names,
  });
  await until('half of the slots are taken', async () => (await running(garrison)) === HUNG / 2);
  const startedMs = performance.now();
  const { id } = await garrison.push('kim', ['practice-1']);
  await until('the push runs', async () =>
    (await garrison.pushView(id)).jobs.every(({ state }) => state !== 'queued'),
  );
  assert.ok(performance.now() - startedMs < 2_000);
  assert.equal((await garrison.settled(id)).jobs[0]?.state, 'done');
  await until('its slot is free again', async () => (await running(garrison)) === HUNG / 2);
  const waiting = (await garrison.pushView(checkId)).jobs.filter(({ state }) => state === 'queued');
  assert.equal(waiting.length, HUNG / 2);
  for (const job of waiting)
    assert.match(job.waitingFor ?? '', /another check or plan to end: at most half of the slots \(5\)/);
});

/** Of jobs that a worker holds, on hosts that hang. */
async function running(garrison: Garrison): Promise<number> {
  const [worker] = await garrison.workers();
  return worker?.jobs.length ?? 0;
}

/** It accepts, and that is all; on every address of this machine. */
async function silentPort(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Faults of jobs: hosts that take the connection and say nothing, and an ssh client that does not end when it is told to.
 * The worker that has such jobs in hand is well, and is said to be.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeKeyPair } from '../onHost.ts';
import { inventoryEntry } from '../ownHosts.ts';
import type { Parts } from '../parts.ts';
import { tempHome } from '../tempHome.ts';
import { told } from '../told.ts';
import { Watch, type FaultRun } from './watch.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Nobody else on the machine sleeps for exactly so long. */
const DEAF_SLEEP = 'sleep 36007';

/** Every slot is held by a host that never answers: shown, and nobody is restarted for it. */
export async function hungHosts(parts: Parts, scale: number): Promise<FaultRun> {
  const inventory = await silentHosts(parts, ['silent-1', 'silent-2']);
  const connectTimeout = `${String(CONNECT_TIMEOUT_MS * scale)}ms`;
  const config = `workers: { count: 1, slots: 2 }\nssh: { connectTimeout: ${connectTimeout} }`;
  const watch = await Watch.start(parts, { inventory, config });
  const push = await watch.garrison.push('alice', ['silent-1', 'silent-2']);
  await watch.shown('push-1', 'up SlotsFull');
  const { jobs } = await watch.garrison.settled(push.id);
  assert.deepEqual(
    jobs.map(told),
    Array.from(jobs, () => 'failed failed ConnectTimedOut'),
  );
  assert.equal(jobs.length, 2);
  return watch.judge({ 'push-1': { sequence: ['up Beating', 'up SlotsFull', 'up Beating'] } });
}

/** The job is shown as stuck and its ssh is ended, with -9 since nothing less helps; its worker goes on. */
export async function deafSsh(parts: Parts): Promise<FaultRun> {
  const inventory = await silentHosts(parts, ['silent-1']);
  // Half of idleTimeout is when a silent job counts as stuck: before connectTimeout.
  const config = 'workers: { count: 1 }\nssh: { connectTimeout: 5s, idleTimeout: 6s }';
  const env = { PATH: `${deafClient(parts)}:${process.env['PATH'] ?? ''}` };
  const watch = await Watch.start(parts, { inventory, config, env });
  const push = await watch.garrison.push('alice', ['silent-1']);
  const [job] = (await watch.garrison.settled(push.id)).jobs;
  assert.equal(job?.result?.outcome, 'failed', told(job));
  const left = parts.leaks
    .find()
    .filter((line) => line.includes(DEAF_SLEEP) || line.includes(' ssh -F none'));
  assert.deepEqual(left, []);
  return watch.judge({ 'push-1': { sequence: ['up Beating', 'up JobStuck', 'up Beating'] } });
}

/** A folder with an `ssh` in it that hears no TERM, says nothing and never ends. */
function deafClient(parts: Parts): string {
  const folder = tempHome(parts);
  const file = join(folder, 'ssh');
  writeFileSync(file, `#!/bin/sh\ntrap '' TERM\nwhile :; do ${DEAF_SLEEP}; done\n`);
  chmodSync(file, 0o755);
  return folder;
}

/** Inventory of hosts on loopback that take every connection and never say a word. */
async function silentHosts(parts: Parts, names: readonly string[]): Promise<string> {
  const [type, key] = makeKeyPair(tempHome(parts)).publicKey.split(' ');
  const entries: string[] = [];
  for (const name of names) {
    const port = await silentServer(parts);
    entries.push(
      `  ${inventoryEntry(name, { address: '127.0.0.1', port, hostKey: `${type ?? ''} ${key ?? ''}` })}\n`,
    );
  }
  return `hosts:\n${entries.join('')}`;
}

async function silentServer(parts: Parts): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  parts.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

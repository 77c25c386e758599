/**
 * Runs jobs whose ssh crashes, forks twice, leaves processes in sessions of their own, ignores TERM or is killed, and looks for what is left.
 * How many is said by the caller: a few for the usual tests, a thousand for the long ones.
 */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from '../../src/driver/children.ts';
import { readProcStat } from '../../src/proc.ts';
import { Garrison } from './garrison.ts';
import { makeKeyPair } from './onHost.ts';
import { inventoryEntry } from './ownHosts.ts';
import type { Parts } from './parts.ts';
import { tempHome } from './tempHome.ts';
import { until } from './until.ts';

/** What an ssh may do at worst, one after another. */
const MESSY_SSH = `#!/bin/sh
case $(( $(od -An -N1 -tu1 /dev/urandom) % 5 )) in
  0) exit 255 ;;
  1) setsid sleep 300 & exit 1 ;;
  2) trap '' TERM; setsid sh -c 'trap "" TERM HUP; sleep 300; sleep 300' & sleep 300 ;;
  3) (sh -c 'sleep 300 & exit 0' &) ; exit 0 ;;
  4) kill -KILL $$ ;;
esac
`;

/** One job for each host and push; no worker may be lost, and nothing of any job may stay. */
export async function messyJobs(
  parts: Parts,
  { hosts, pushes: count }: { hosts: number; pushes: number },
): Promise<void> {
  const tools = tempHome(parts);
  const ssh = join(tools, 'ssh');
  writeFileSync(ssh, MESSY_SSH);
  chmodSync(ssh, 0o755);
  const names = Array.from({ length: hosts }, (_, index) => `web-${String(index + 1)}`);
  const hostKey = makeKeyPair(tools).publicKey.split(' ').slice(0, 2).join(' ');
  const entries = names.map(
    (name, index) =>
      `  ${inventoryEntry(name, { address: `127.0.0.${String(index + 1)}`, port: 9, hostKey })}\n`,
  );
  const garrison = await Garrison.start(parts, {
    inventory: `hosts:\n${entries.join('')}`,
    config: 'ssh: { connectTimeout: 2s, idleTimeout: 2s, totalTimeout: 5s }',
    env: { PATH: `${tools}:${process.env['PATH'] ?? ''}` },
  });
  const before = new Set(childrenOf(garrison.pid));
  const pids = (await garrison.workers()).map((worker) => worker.incarnation?.pid ?? 0);
  const pushes = [];
  for (let push = 0; push < count; push += 1) pushes.push(await garrison.push(`acc${String(push)}`, names));
  for (const { id } of pushes) await garrison.settled(id, 300_000);
  const strangers = (): number[] => childrenOf(garrison.pid).filter((pid) => !before.has(pid));
  await until('nothing of them is left with the supervisor', () => strangers().length === 0, {
    deadlineMs: 15_000,
  });
  for (const pid of pids) {
    assert.deepEqual(childrenOf(pid), [], 'nothing of them is left with a worker');
    assert.notEqual(readProcStat(pid), null, 'no worker was lost');
  }
}

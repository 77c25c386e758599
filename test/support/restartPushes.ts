/**
 * `systemctl restart` in the middle of pushes, on a machine with systemd, and the proof that each was done, once.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { PushView } from '../../src/supervisor/door.ts';
import { callSocket } from './garrison.ts';
import type { OwnHosts } from './ownHosts.ts';
import type { Machine } from './systemd.ts';
import { assertOneEffectEach, told } from './told.ts';
import { until } from './until.ts';

/** These hosts stand in its inventory, and let its key in. */
export async function giveHosts(machine: Machine, own: OwnHosts): Promise<void> {
  for (const end of ['', '.pub']) {
    const key = readFileSync(`${own.identityFile}${end}`, 'utf8');
    await machine.write(`/var/lib/garrison/id_ed25519${end}`, key);
  }
  await machine.write('/var/lib/garrison/inventory.yaml', own.inventory);
}

/** `accounts`: so many are pushed to each of the hosts. */
export async function restartDuringPushes(machine: Machine, own: OwnHosts, accounts: number): Promise<void> {
  const before = await machine.mainPid('garrison');
  const ids: string[] = [];
  for (let index = 0; index < accounts; index += 1) ids.push((await push(machine, own, index)).id);
  const someAreDone = async (): Promise<boolean> => (await pushes(machine, ids)).some(isOver);
  await until('the first are done', someAreDone, { deadlineMs: 60_000 });
  assert.ok(!(await pushes(machine, ids)).every(isOver), 'some are still under way');
  await machine.tell('systemctl restart garrison');
  assert.notEqual(await machine.mainPid('garrison'), before);
  const allEnded = async (): Promise<PushView[] | false> => {
    const views = await pushes(machine, ids);
    return views.every(isOver) && views;
  };
  const ended = await until('all have ended', allEnded, { deadlineMs: 120_000, everyMs: 200 });
  const jobs = ended.flatMap((each) => each.jobs);
  assert.equal(jobs.length, accounts * own.hosts.length);
  for (const job of jobs) assert.equal(told(job), 'done changed AccountPushed', job.id);
  assertOneEffectEach(own.hosts, ended);
}

function isOver({ state }: PushView): boolean {
  return state !== 'open';
}

function push(machine: Machine, own: OwnHosts, index: number): Promise<PushView> {
  const account = { name: `user${String(index)}`, keys: [own.login.publicKey] };
  const hosts = own.hosts.map(({ name }) => name);
  return ask(machine, 'POST', '/api/v1/pushes', { kind: 'push', account, hosts });
}

function pushes(machine: Machine, ids: readonly string[]): Promise<PushView[]> {
  return Promise.all(ids.map((id) => ask<PushView>(machine, 'GET', `/api/v1/pushes/${id}`)));
}

async function ask<T>(machine: Machine, method: string, path: string, body?: object): Promise<T> {
  const socket = machine.at('/run/garrison/control.sock');
  const { status, text } = await callSocket(socket, { method, path, body });
  assert.ok(status < 400, `${method} ${path}: ${String(status)} ${text}`);
  return (JSON.parse(text) as { item: T }).item;
}

/**
 * What workers leave behind, on real processes: ended children that nobody waits for, and living ones in sessions of their own.
 * Nothing of it survives, no job is lost with it, and nothing else is touched.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { childrenOf } from '../../src/driver/children.ts';
import { readCommand, readProcStat } from '../../src/proc.ts';
import type { IncidentView } from '../../src/supervisor/door.ts';
import { delegate, enterOwnCgroup, leaveToItself, pidsIn, whyNoCgroup } from '../support/cgroup.ts';
import type { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { startOwnHosts, startOn, type OwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

const MESSY_WORKER = new URL('../fixtures/messyWorker.js', import.meta.url).pathname;
const ZOMBIES = 50;

describe('what workers leave behind', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it(
    'a worker that holds 50 zombies is replaced without losing its job, and they are gone',
    withParts(zombies),
  );
  it('a process that escaped into its own session ends with the worker it came from', withParts(escapee));
  it('it also ends with the supervisor', withParts(escapeeAtTheEnd));
  it(
    'one that starts its like and ends, over and over, ends with its worker',
    { skip: whyNoCgroup() },
    withParts(runaway),
  );
  it(
    'where a cgroup is delegated, one that has left nothing of itself to be known by ends with its worker, too',
    { skip: whyNoCgroup() },
    withParts(hider),
  );
});

interface Messy {
  readonly garrison: Garrison;
  readonly own: OwnHosts;
  readonly trigger: string;
  /** Of push-1. */
  readonly pid: number;
}

async function startMessy(parts: Parts): Promise<Messy> {
  const home = tempHome(parts);
  const trigger = join(home, 'mess');
  const own = await startOwnHosts(parts, 1);
  const garrison = await startOn(own, parts, {
    home,
    config: 'workers: { count: 2 }',
    env: { NODE_OPTIONS: `--import=${MESSY_WORKER}`, GARRISON_TEST_MESS: trigger },
  });
  const areUp = async (): Promise<boolean> => (await garrison.workers()).every(({ state }) => state === 'up');
  await until('both workers are up', areUp);
  const pid = (await garrison.workers())[0]?.incarnation?.pid ?? 0;
  return { garrison, own, trigger, pid };
}

async function mess({ trigger }: Messy, order: string): Promise<void> {
  writeFileSync(trigger, order);
  await until('the mess is made', () => existsSync(`${trigger}.done`));
}

async function zombies(parts: Parts): Promise<void> {
  const messy = await startMessy(parts);
  const { garrison, own, pid } = messy;
  const [host] = own.hosts;
  assert.ok(host);
  host.closeGate();
  const push = await garrison.push('eva', [host.name]);
  await host.atGate('eva');
  await mess(messy, `push-1 zombies ${String(ZOMBIES)}`);
  const held = (): number => childrenOf(pid).filter((child) => readProcStat(child)?.state === 'Z').length;
  await until('it holds them', () => held() === ZOMBIES);
  const incidents = async (): Promise<IncidentView[]> =>
    (await garrison.api<{ items: IncidentView[] }>('GET', '/api/v1/incidents')).items;
  const drained = async (): Promise<boolean> =>
    (await incidents()).some(({ worker, reason }) => worker === 'push-1' && reason === 'ZombiesHeld');
  await until('it is drained for that', drained, { deadlineMs: 30_000 });
  host.openGate();
  const settled = await garrison.settled(push.id);
  assert.equal(told(settled.jobs[0]), 'done changed AccountPushed');
  assertOneEffectEach(own.hosts, [settled]);
  const replaced = async (): Promise<boolean> => (await garrison.workers())[0]?.restarts === 1;
  await until('it was replaced', replaced, { deadlineMs: 30_000 });
  const left = (): number =>
    childrenOf(garrison.pid).filter((child) => readProcStat(child)?.state === 'Z').length;
  await until('none of them is left', () => left() === 0);
}

/** The escapee, once it is the supervisor's child. */
async function escapeeOf({ garrison }: Messy, before: ReadonlySet<number>): Promise<number> {
  return until('the escapee came to the supervisor', () =>
    childrenOf(garrison.pid).find((child) => !before.has(child) && readProcStat(child)?.session === child),
  );
}

async function escapee(parts: Parts): Promise<void> {
  const messy = await startMessy(parts);
  const { garrison, pid } = messy;
  const before = new Set(childrenOf(garrison.pid));
  await mess(messy, 'push-1 escapee');
  const escaped = await escapeeOf(messy, before);
  assert.notEqual(readProcStat(escaped)?.state, 'Z', 'it lives as long as its worker does');
  process.kill(pid, 'SIGKILL');
  await until('it ended with its worker', () => readProcStat(escaped) === null, { deadlineMs: 1_500 });
  const others = (await garrison.workers()).filter(({ name }) => name !== 'push-1');
  assert.deepEqual(
    others.map(({ restarts }) => restarts),
    [0],
  );
}

async function escapeeAtTheEnd(parts: Parts): Promise<void> {
  const messy = await startMessy(parts);
  const before = new Set(childrenOf(messy.garrison.pid));
  await mess(messy, 'push-1 escapee');
  const escaped = await escapeeOf(messy, before);
  assert.equal(await messy.garrison.end(), 0);
  assert.equal(readProcStat(escaped), null);
}

/** The cgroup is not delegated: it is the test's own means to find what runs away, and to end it if Garrison does not. */
async function runaway(parts: Parts): Promise<void> {
  const cgroup = enterOwnCgroup(parts);
  const messy = await startMessy(parts);
  leaveToItself(parts, cgroup);
  const shells = (): number[] => pidsIn(cgroup).filter((pid) => readCommand(pid) === 'sh');
  await mess(messy, 'push-1 runaway');
  const [first] = await until('it runs', () => (shells().length > 0 ? shells() : null));
  await until('it starts its like and ends', () => shells().length > 0 && !shells().includes(first ?? 0));
  process.kill(messy.pid, 'SIGKILL');
  // Between two generations there may be none to be seen for a moment.
  let seenAtMs = performance.now();
  await until('none is seen any more', () => {
    if (shells().length > 0) seenAtMs = performance.now();
    return performance.now() - seenAtMs > 500;
  });
  assert.equal(await messy.garrison.end(), 0);
}

async function hider(parts: Parts): Promise<void> {
  const cgroup = enterOwnCgroup(parts);
  delegate(cgroup);
  const messy = await startMessy(parts);
  const { garrison, pid } = messy;
  const ofWorkers = (): string[] => readdirSync(cgroup.folder).filter((name) => name.startsWith('garrison-'));
  assert.equal(ofWorkers().length, 2, 'each worker has one');
  const file = join(tempHome(parts), 'pid');
  await mess(messy, `push-1 hider ${file}`);
  const hidden = await until('it hides', () => existsSync(file) && Number(readFileSync(file, 'utf8')));
  await until('it is the child of the supervisor', () => readProcStat(hidden)?.parentPid === garrison.pid);
  const before = ofWorkers();
  process.kill(pid, 'SIGKILL');
  await until('it ended with its worker', () => readProcStat(hidden) === null, { deadlineMs: 1_500 });
  const isReplaced = async (): Promise<boolean> => (await garrison.workers())[0]?.state === 'up';
  await until('the worker is replaced', isReplaced);
  assert.equal(ofWorkers().length, 2);
  assert.equal(ofWorkers().filter((name) => before.includes(name)).length, 1, 'the old one is gone');
  assert.equal(await garrison.end(), 0);
  assert.deepEqual(ofWorkers(), []);
}

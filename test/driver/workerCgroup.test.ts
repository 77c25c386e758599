/**
 * A cgroup for each worker, on a real hierarchy of version 2: what is left in one that we made is ended at once, whatever it did to stay.
 * Where nothing was delegated there is none, and who is outside of it, or may not be killed, lives on.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, it } from 'node:test';
import { tellRefusals, type Refusal } from '../../src/driver/signals.ts';
import { spawnProcess } from '../../src/driver/spawn.ts';
import { findDelegation, WorkerCgroup, type Delegation } from '../../src/driver/workerCgroup.ts';
import { isAlive, readProcStat } from '../../src/proc.ts';
import { delegate, enterOwnCgroup, whyNoCgroup, type TestCgroup } from '../support/cgroup.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const NONCE = 'abcdef012345';
/** Leaves its session, its group, its environment and its parent, and ignores what can be ignored. */
const HIDER = `(setsid env -i sh -c 'trap "" TERM HUP INT; echo $$; while :; do sleep 1000; done' &) ; exec sleep 1000`;
/** Each generation starts the next and ends. */
const RUNAWAY = `export AGAIN='sh -c "$AGAIN" &'; setsid sh -c "$AGAIN"; echo $$; exec sleep 1000`;

describe('the cgroup of a worker', { skip: whyNoCgroup() }, () => {
  const refused: Refusal[] = [];
  tellRefusals((refusal) => refused.push(refusal));
  afterEach(() => refused.splice(0));

  it(
    'is not made where none was delegated',
    withParts(async (t) => {
      const own = enterOwnCgroup(t);
      assert.equal(findDelegation([own.mount]), null);
      assert.deepEqual(foldersIn(own), []);
    }),
  );

  it(
    'is not made where the word of the delegation is another',
    withParts(async (t) => {
      const own = enterOwnCgroup(t);
      delegate(own, '0');
      assert.equal(findDelegation([own.mount]), null);
    }),
  );

  it(
    'is below our own, where that was delegated',
    withParts(async (t) => {
      const { own, delegation } = enterDelegated(t);
      assert.deepEqual(delegation, { folder: own.folder, path: own.path });
      assert.deepEqual(findDelegation(['/nowhere', own.mount]), delegation);
    }),
  );

  it(
    'ends whoever hides in it with its worker, and nobody in the cgroup above',
    withParts(async (t) => {
      const { own, delegation } = enterDelegated(t);
      const bystander = await bystanderOf(t);
      const { cgroup, worker, hidden } = await enclosedHider(t, delegation);
      const pid = hidden;
      assert.match(cgroupOf(pid), new RegExp(`^0::${own.path}/garrison-[0-9]+-[0-9]+-${NONCE}$`, 'm'));
      assert.equal(readFileSync(`/proc/${String(pid)}/environ`, 'utf8').includes('GARRISON'), false);
      worker.signalGroup('SIGKILL');
      await worker.exited;
      assert.equal(isAlive(identityOf(pid)), true, 'it outlives its worker by itself');
      await cgroup.end(() => assert.fail('it is stuck'));
      assert.equal(isGone(pid), true);
      assert.deepEqual(foldersIn(own), []);
      assert.equal(bystander.exitCode ?? bystander.signalCode, null, 'who is in the cgroup above lives');
      assert.deepEqual(refused, []);
    }),
  );

  it(
    'ends what forks faster than it can be looked at',
    withParts(async (t) => {
      const { own, delegation } = enterDelegated(t);
      const { cgroup, worker } = await enclosed(t, delegation, RUNAWAY);
      worker.signalGroup('SIGKILL');
      await worker.exited;
      const startedMs = performance.now();
      await cgroup.end(() => assert.fail('it is stuck'));
      assert.ok(performance.now() - startedMs < 2_000);
      assert.deepEqual(foldersIn(own), []);
    }),
  );

  it(
    'ends what is in a cgroup that was made inside of it',
    withParts(async (t) => {
      const { own, delegation } = enterDelegated(t);
      const { cgroup, worker, hidden } = await enclosedHider(t, delegation);
      const inner = join(own.folder, foldersIn(own)[0]!, 'inner');
      mkdirSync(inner);
      writeFileSync(join(inner, 'cgroup.procs'), String(hidden));
      worker.signalGroup('SIGKILL');
      await worker.exited;
      await cgroup.end(() => assert.fail('it is stuck'));
      assert.equal(isGone(hidden), true);
      assert.deepEqual(foldersIn(own), []);
    }),
  );

  it(
    'with somebody in it whom the guard protects, is not ended as a whole: the others are, one by one',
    withParts(async (t) => {
      const { own, delegation } = enterDelegated(t);
      const { cgroup, worker, hidden } = await enclosedHider(t, delegation);
      const folder = join(own.folder, foldersIn(own)[0]!);
      const protectedOne = await bystanderOf(t);
      // In our own group and session, as whoever started us would be.
      writeFileSync(join(folder, 'cgroup.procs'), String(protectedOne.pid));
      worker.signalGroup('SIGKILL');
      await worker.exited;
      let told: readonly number[] = [];
      const ended = cgroup.end((pids) => (told = pids));
      await until('the hidden one has ended', () => isGone(hidden));
      await until('who does not end is told', () => told.length > 0);
      assert.deepEqual(told, [protectedOne.pid]);
      assert.equal(protectedOne.exitCode ?? protectedOne.signalCode, null);
      assert.ok(
        refused.every(({ rule, order }) => rule === 'OwnGroup' && order.target.pid === protectedOne.pid),
      );
      assert.notEqual(refused.length, 0);
      writeFileSync(join(own.folder, 'cgroup.procs'), String(protectedOne.pid));
      await ended;
      assert.deepEqual(foldersIn(own), []);
    }),
  );

  it(
    'does not make a stranger ours who was put into it, root and in a session of its own as it is',
    withParts(async (t) => {
      const { own, delegation } = enterDelegated(t);
      const stranger = await bystanderOf(t, true);
      const started = readProcStat(stranger.pid!)!.startTicks;
      await until('the clock has gone on', () => uptimeTicks() > started + 2);
      const { cgroup, worker, hidden } = await enclosedHider(t, delegation);
      const folder = join(own.folder, foldersIn(own)[0]!);
      writeFileSync(join(folder, 'cgroup.procs'), String(stranger.pid));
      worker.signalGroup('SIGKILL');
      await worker.exited;
      const ended = cgroup.end(() => undefined);
      await until('the hidden one has ended', () => isGone(hidden));
      assert.equal(stranger.exitCode ?? stranger.signalCode, null);
      assert.deepEqual([...new Set(refused.map(({ rule }) => rule))], ['NotMadeByUs']);
      writeFileSync(join(own.folder, 'cgroup.procs'), String(stranger.pid));
      await ended;
    }),
  );

  it(
    'is not taken over: one of its name that is there already is not ours',
    withParts(async (t) => {
      const { own, delegation } = enterDelegated(t);
      const startTicks = String(readProcStat(process.pid)!.startTicks);
      const there = join(own.folder, `garrison-${String(process.pid)}-${startTicks}-${NONCE}`);
      mkdirSync(there);
      const bystander = await bystanderOf(t);
      writeFileSync(join(there, 'cgroup.procs'), String(bystander.pid));
      assert.equal(WorkerCgroup.make(delegation, NONCE), null);
      assert.equal(bystander.exitCode ?? bystander.signalCode, null);
      assert.equal(existsSync(there), true);
    }),
  );

  it(
    'left behind empty by a supervisor that was killed is removed, and no other',
    withParts(async (t) => {
      const own = enterOwnCgroup(t);
      delegate(own);
      const startTicks = String(readProcStat(process.pid)!.startTicks);
      const left = `garrison-${String(process.pid)}-1-${NONCE}`;
      const others = [`garrison-${String(process.pid)}-${startTicks}-${NONCE}`, 'garrison', 'somebodys'];
      for (const name of [left, ...others]) mkdirSync(join(own.folder, name));
      assert.notEqual(findDelegation([own.mount]), null);
      assert.deepEqual(foldersIn(own).sort(), [...others].sort());
    }),
  );
});

function enterDelegated(t: Parts): { own: TestCgroup; delegation: Delegation } {
  const own = enterOwnCgroup(t);
  delegate(own);
  const delegation = findDelegation([own.mount]);
  assert.ok(delegation);
  return { own, delegation };
}

async function enclosed(t: Parts, delegation: Delegation, script: string) {
  const lines: string[] = [];
  const cgroup = WorkerCgroup.make(delegation, NONCE);
  assert.ok(cgroup);
  const folder = join(
    delegation.folder,
    readdirSync(delegation.folder).find((name) => name.endsWith(NONCE))!,
  );
  const command = cgroup.entered({ file: 'sh', args: ['-c', script] });
  const worker = spawnProcess({ ...command, onLine: (line) => lines.push(line) });
  cgroup.isOf(worker);
  t.after(async () => {
    worker.signalGroup('SIGKILL');
    await worker.exited;
    if (existsSync(folder)) await cgroup.end(() => undefined);
  });
  const pid = await until('a pid is told', () => (lines[0] === undefined ? null : Number(lines[0])));
  return { worker, cgroup, pid };
}

async function enclosedHider(t: Parts, delegation: Delegation) {
  const { worker, cgroup, pid } = await enclosed(t, delegation, HIDER);
  return { worker, cgroup, hidden: pid };
}

/** In our own cgroup, and (unless detached) in our own session. */
async function bystanderOf(t: Parts, detached = false): Promise<ChildProcess> {
  const script = 'echo ready; exec sleep 1000';
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached });
  t.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(createInterface({ input: child.stdout }), 'line');
  return child;
}

function cgroupOf(pid: number): string {
  return readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8');
}

function identityOf(pid: number): { pid: number; startTicks: number } {
  return { pid, startTicks: readProcStat(pid)?.startTicks ?? 0 };
}

/** Who has reaped it is another's business. */
function isGone(pid: number): boolean {
  return (readProcStat(pid)?.state ?? 'Z') === 'Z';
}

function foldersIn({ folder }: TestCgroup): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function uptimeTicks(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100;
}

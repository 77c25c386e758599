/** The supervisor's one door to a signal, on real processes: its own are reached, every other is refused by its rule and feels nothing. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, describe, it, type TestContext } from 'node:test';
import { OWN_MARK } from '../../src/driver/ownTree.ts';
import { OWN_BOOT, sendSignal, tellRefusals, type Claim, type Refusal } from '../../src/driver/signals.ts';
import { spawnProcess } from '../../src/driver/spawn.ts';
import { MARK_VARIABLE } from '../../src/mark.ts';
import { isAlive, readProcessFacts, readProcStat } from '../../src/proc.ts';
import type { GuardRule, SignalOrder } from '../../src/reconciler/guard.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { makeKeyPair } from '../support/onHost.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';
import { leaveZombies, zombiesOf } from '../support/zombies.ts';

/** Says "ready", and writes a file when it hears TERM or CONT; it goes on then, so that a signal sent in error is seen. */
const HEARER = `trap ': >"$0.heard"' TERM; trap ': >"$0.asked"' CONT; echo ready; while :; do sleep 0.05; done`;

interface Target {
  readonly pid: number;
  readonly startTicks: number;
  /** Nothing was sent to it: it lives, and its handler has not run. */
  untouched(): Promise<void>;
}

const heardBy = (file: string): boolean => existsSync(`${file}.heard`);

function orderFor(
  { pid, startTicks }: Pick<Target, 'pid' | 'startTicks'>,
  change: Partial<SignalOrder> = {},
): SignalOrder {
  return { target: { pid, startTicks, bootId: OWN_BOOT }, reach: 'process', signal: 'SIGTERM', ...change };
}

async function ready(child: ChildProcess): Promise<void> {
  await once(createInterface({ input: child.stdout! }), 'line');
}

/** Started past spawn.ts, as strangers are; ended by the test through its own handle. */
async function strangerOf(t: TestContext, { detached = true, env = {} } = {}): Promise<Target> {
  const file = join(tempHome(t), 'target');
  const child = spawn('sh', ['-c', HEARER, file], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached,
    env: { ...process.env, ...env },
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await ready(child);
  return targetOf(child.pid!, file);
}

function targetOf(pid: number, file: string): Target {
  const { startTicks } = readProcStat(pid)!;
  return {
    pid,
    startTicks,
    untouched: async () => {
      // A shell runs its handlers by number: when that of the later CONT has run, so would have that of TERM.
      process.kill(pid, 'SIGCONT');
      await until('it hears what the test sends', () => existsSync(`${file}.asked`));
      assert.equal(isAlive({ pid, startTicks }), true, 'it lives');
      assert.equal(heardBy(file), false, 'it was asked nothing');
    },
  };
}

describe('a signal', () => {
  const leaks = watchForLeaks();
  const refused: Refusal[] = [];
  tellRefusals((refusal) => refused.push(refusal));
  afterEach(() => refused.splice(0));
  after(() => leaks.assertNone());

  const refuses = async (target: Target, claim: Claim, rule: GuardRule): Promise<void> => {
    for (const reach of ['process', 'group'] as const) {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const)
        assert.equal(sendSignal(orderFor(target, { reach, signal }), claim), rule);
    }
    assert.equal(refused.length, 4);
    assert.ok(refused.every((each) => each.rule === rule && each.order.target.pid === target.pid));
    refused.splice(0);
    await target.untouched();
  };

  it('reaches a child of ours, alone', async (t) => {
    const file = join(tempHome(t), 'own');
    const child = spawnProcess({ file: 'sh', args: ['-c', HEARER, file], onLine: () => undefined });
    const inGroup = spawnProcess({ file: 'sh', args: ['-c', 'sleep 60 & wait'] });
    assert.equal(sendSignal(orderFor(inGroup, { reach: 'group', signal: 'SIGKILL' }), 'spawned'), null);
    assert.deepEqual(await inGroup.exited, { exitCode: null, signal: 'SIGKILL' });
    await until('it can hear', () => readProcessFacts(child.pid)?.command === 'sh');
    await until('it has heard', () => {
      assert.equal(sendSignal(orderFor(child), 'spawned'), null);
      return heardBy(file) || child.exit() !== null;
    });
    assert.equal(
      sendSignal(orderFor(child, { signal: 'SIGKILL' }), 'spawned') === null || child.exit() !== null,
      true,
    );
    await child.exited;
    assert.equal(sendSignal(orderFor(child), 'spawned'), 'Gone');
    assert.deepEqual(refused, [], 'what has ended is no refusal');
  });

  it('does not reach the rest of the group by its leader alone, and all of it by group', async () => {
    const lines: string[] = [];
    const leader = spawnProcess({
      file: 'sh',
      args: ['-c', 'sleep 60 & echo $!; wait'],
      onLine: (line) => lines.push(line),
    });
    const member = await until('the member is told', () =>
      lines[0] === undefined ? null : Number(lines[0]),
    );
    const identity = { pid: member, startTicks: readProcStat(member)!.startTicks };
    assert.equal(sendSignal(orderFor(leader, { signal: 'SIGCONT' }), 'spawned'), null);
    assert.equal(isAlive(identity), true);
    assert.equal(sendSignal(orderFor(leader, { reach: 'group', signal: 'SIGKILL' }), 'spawned'), null);
    await leader.exited;
    await until('the member has ended', () => !isAlive(identity));
  });

  it('marks all that is started, so that an orphan is known by it', async () => {
    const child = spawnProcess({ file: 'sleep', args: ['60'] });
    await until('it runs', () => readProcessFacts(child.pid)?.command === 'sleep');
    assert.equal(readProcessFacts(child.pid)?.mark, OWN_MARK);
    assert.equal(sendSignal(orderFor(child, { signal: 'SIGKILL' }), 'marked'), null);
    await child.exited;
  });

  it('to a process that another has the pid of by now is refused', async (t) => {
    const target = await strangerOf(t);
    for (const startTicks of [target.startTicks - 1, target.startTicks + 1])
      await refuses({ ...target, startTicks }, 'named', 'PidReused');
  });

  it('to a process of ours that is in no table is refused', async (t) => {
    const target = await strangerOf(t);
    await refuses(target, null, 'NotMadeByUs');
    // Our child indeed, but not started by spawn.ts: the table does not know it.
    await refuses(target, 'spawned', 'NotMadeByUs');
    await refuses(target, 'marked', 'NotMadeByUs');
  });

  it("with another run's mark is refused", async (t) => {
    await refuses(
      await strangerOf(t, { env: { [MARK_VARIABLE]: 'of another run' } }),
      'marked',
      'NotMadeByUs',
    );
  });

  it('to our own parent is refused', async () => {
    const { startTicks } = readProcStat(process.ppid)!;
    const pid = process.ppid;
    const untouched = async (): Promise<void> => {
      assert.ok(isAlive({ pid, startTicks }));
    };
    const parent = { pid, startTicks, untouched };
    await refuses(parent, 'named', 'Ancestor');
  });

  it('to ourselves is refused', async () => {
    const { pid } = process;
    const { startTicks } = readProcStat(pid)!;
    await refuses({ pid, startTicks, untouched: () => Promise.resolve() }, 'named', 'Ourselves');
  });

  it('to one in our own group is refused', async (t) => {
    await refuses(await strangerOf(t, { detached: false }), 'adopted', 'OwnGroup');
  });

  it('to one in our session, with a group of its own, is refused', async (t) => {
    // A shell with job control gives each background job a group of its own, as a terminal's shell does.
    const file = join(tempHome(t), 'job');
    const script = `set -m; sh -c '${HEARER.replaceAll("'", "'\\''")}' "$0" & echo "pid $!"; wait`;
    const shell = spawn('bash', ['-c', script, file], { stdio: ['ignore', 'pipe', 'ignore'] });
    const lines: string[] = [];
    createInterface({ input: shell.stdout }).on('line', (line) => lines.push(line));
    await until('both are ready', () => lines.length === 2);
    const pid = Number(lines.find((line) => line.startsWith('pid '))?.slice(4));
    t.after(async () => {
      process.kill(pid, 'SIGKILL');
      await once(shell, 'exit');
    });
    assert.equal(readProcStat(pid)?.processGroup, pid);
    await refuses(targetOf(pid, file), 'named', 'OwnSession');
  });

  it("to another user's process is refused", async (t) => {
    const by = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--'];
    const folder = tempHome(t);
    chownSync(folder, 65534, 65534);
    const file = join(folder, 'nobody');
    const child = spawn(by[0]!, [...by.slice(1), 'sh', '-c', HEARER, file], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    t.after(async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    await ready(child);
    await refuses(targetOf(child.pid!, file), 'named', 'OtherUser');
  });

  it('to a zombie is not sent', async (t) => {
    const parent = await leaveZombies(t, 1);
    const [pid = 0] = zombiesOf(parent.pid);
    const { startTicks } = readProcStat(pid)!;
    assert.equal(sendSignal(orderFor({ pid, startTicks }), 'named'), 'AlreadyDead');
    assert.equal(sendSignal(orderFor({ pid, startTicks }, { reach: 'group' }), 'named'), 'AlreadyDead');
    assert.deepEqual(refused, []);
  });

  it('to a thread of ours is refused', async () => {
    const pid = Number(threadsOf(process.pid).find((thread) => thread !== String(process.pid)));
    const { startTicks } = readProcStat(pid)!;
    await refuses({ pid, startTicks, untouched: () => Promise.resolve() }, 'named', 'NotAProcess');
  });

  it('is refused where /proc is that of another PID namespace, which has others under our numbers', (t) => {
    const look = new URL('../fixtures/lookAtChild.ts', import.meta.url).pathname;
    const program = [process.execPath, '--import', 'tsx', look];
    const answer = (...mounts: string[]): string =>
      execFileSync('unshare', ['--pid', '--fork', '--kill-child=KILL', ...mounts, '--', ...program], {
        encoding: 'utf8',
      });
    if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) {
      t.skip('no namespaces here');
      return;
    }
    assert.equal(answer(), 'SelfUnknown');
    assert.equal(answer('--mount-proc'), 'null');
  });

  it('to what is no pid at all is refused', () => {
    for (const value of [
      0,
      -0,
      1,
      -1,
      -process.pid,
      NaN,
      0.5,
      Infinity,
      2 ** 31,
      2 ** 32 + process.pid,
      null,
      undefined,
      '1',
    ]) {
      const target = { pid: value as number, startTicks: 1 };
      assert.equal(
        sendSignal(orderFor(target, { reach: 'group', signal: 'SIGKILL' }), 'named'),
        'NotAProcess',
      );
    }
  });
});

if (process.getuid?.() === 0 && existsSync('/usr/sbin/sshd')) {
  it('to an sshd is refused, also to one that we started ourselves', async (t) => {
    const folder = tempHome(t);
    const { identityFile } = makeKeyPair(folder, 'host');
    const port = await freePort();
    const config = join(folder, 'sshd_config');
    writeFileSync(
      config,
      `ListenAddress 127.0.0.1\nPort ${String(port)}\nHostKey ${identityFile}\nPidFile none\nUsePAM no\n`,
    );
    if (!existsSync('/run/sshd')) {
      mkdirSync('/run/sshd');
      t.after(() => rmSync('/run/sshd', { recursive: true }));
    }
    const lines: string[] = [];
    const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    createInterface({ input: sshd.stderr }).on('line', (line) => lines.push(line));
    t.after(async () => {
      sshd.kill('SIGKILL');
      await once(sshd, 'exit');
    });
    await until('it listens', () => lines.some((line) => line.startsWith('Server listening')));
    const { startTicks } = readProcStat(sshd.pid!)!;
    const identity = { pid: sshd.pid!, startTicks };
    for (const reach of ['process', 'group'] as const)
      assert.equal(sendSignal(orderFor(identity, { reach, signal: 'SIGKILL' }), 'named'), 'Sshd');
    assert.equal(isAlive(identity), true);
  });
}

function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${String(pid)}/task`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The worker's one door to a signal, on real processes: the group of its own child is reached, every other is refused and feels nothing. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, afterEach, describe, it, type TestContext } from 'node:test';
import { isAlive, readProcStat } from '../../src/proc.ts';
import { ownChild, signalOwnChild, tellRefusals, type Refused } from '../../src/worker/signal.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { until } from '../support/until.ts';

describe('a signal of a worker', () => {
  const leaks = watchForLeaks();
  const refused: Refused[] = [];
  tellRefusals((one) => refused.push(one));
  afterEach(() => refused.splice(0));
  after(() => leaks.assertNone());

  const start = (t: TestContext, script: string, detached: boolean): ChildProcess => {
    const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached });
    t.after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    return child;
  };
  const firstLine = async (child: ChildProcess): Promise<number> => {
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return Number(line);
  };

  it('reaches its child and all in its group', async (t) => {
    const child = start(t, 'sleep 60 & echo $!; wait', true);
    const own = ownChild(child.pid!);
    const pid = await firstLine(child);
    const member = { pid, startTicks: readProcStat(pid)!.startTicks };
    assert.equal(signalOwnChild(own, 'SIGTERM'), null);
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
    await until('the member has ended', () => !isAlive(member));
    assert.equal(signalOwnChild(own, 'SIGKILL'), 'Gone');
    assert.deepEqual(refused, []);
  });

  it('to a child in our own group is refused: it would reach ourselves', async (t) => {
    const child = start(t, 'echo 1; exec sleep 60', false);
    await firstLine(child);
    assert.equal(signalOwnChild(ownChild(child.pid!), 'SIGKILL'), 'OwnGroup');
    assert.deepEqual(refused, [{ rule: 'OwnGroup', pid: child.pid, signal: 'SIGKILL' }]);
    assert.equal(child.signalCode, null);
  });

  it("to another's child, to our parent, to ourselves and to a reused pid is refused", async (t) => {
    const child = start(t, 'setsid sleep 60 & echo $!; wait', true);
    const pid = await firstLine(child);
    await until('it leads its session', () => readProcStat(pid)?.session === pid);
    const grandchild = ownChild(pid);
    assert.equal(signalOwnChild(grandchild, 'SIGKILL'), 'NotMadeByUs');
    assert.equal(signalOwnChild(ownChild(process.ppid), 'SIGKILL'), 'Ancestor');
    assert.equal(signalOwnChild(ownChild(process.pid), 'SIGKILL'), 'Ourselves');
    const own = ownChild(child.pid!);
    assert.equal(signalOwnChild({ ...own, startTicks: own.startTicks - 1 }, 'SIGKILL'), 'PidReused');
    for (const value of [0, -0, -1, 1, NaN, null])
      assert.equal(signalOwnChild(ownChild(value as number), 'SIGKILL'), 'NotAProcess');
    assert.equal(isAlive(grandchild), true);
    assert.equal(isAlive(own), true);
    process.kill(pid, 'SIGKILL');
  });
});

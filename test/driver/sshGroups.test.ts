/** A worker's ssh groups on real processes: only what is proven to be its own is ever signalled, and death is proven. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { isAlive, readProcStat } from '../../src/proc.ts';
import { SshGroups } from '../../src/driver/sshGroups.ts';
import { until } from '../support/until.ts';

const JOB = { jobId: 'j-1', attempt: 1 };

/** Stands for a worker: starts a sleeper that leads its own group and says its pid. */
async function workerWithSleeper(t: TestContext): Promise<{ worker: ChildProcess; sleeper: number }> {
  const worker = spawn('/bin/sh', ['-c', 'setsid sleep 1000 & echo $!; wait'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(createInterface({ input: worker.stdout }), 'line')) as [string];
  const sleeper = Number(line);
  await until('it leads its group', () => readProcStat(sleeper)?.processGroup === sleeper);
  const { startTicks } = readProcStat(sleeper)!;
  t.after(() => {
    if (isAlive({ pid: sleeper, startTicks })) process.kill(sleeper, 'SIGKILL');
    worker.kill('SIGKILL');
  });
  return { worker, sleeper };
}

describe('the ssh groups of a worker', () => {
  it('ends the group of one job, and nothing of a job it does not know', async (t) => {
    const { worker, sleeper } = await workerWithSleeper(t);
    const groups = new SshGroups(worker.pid!);
    groups.note(JOB, sleeper);
    assert.deepEqual(groups.list(), [{ jobId: 'j-1', pid: sleeper }]);
    assert.equal(groups.end({ ...JOB, attempt: 2 }), false);
    assert.notEqual(readProcStat(sleeper)?.state, 'Z');
    assert.equal(groups.end(JOB), true);
    await once(worker, 'exit');
    assert.equal(groups.end(JOB), false);
  });

  it('believes a worker only of its own child that leads its own group', async (t) => {
    const { worker, sleeper } = await workerWithSleeper(t);
    const other = new SshGroups(process.pid);
    for (const pid of [sleeper, process.pid, worker.pid!, 1, 0, -1, 2 ** 22]) other.note(JOB, pid);
    assert.deepEqual(other.list(), []);
    assert.equal(other.end(JOB), false);
    assert.notEqual(readProcStat(sleeper)?.state, 'Z');
  });

  it('proves that all are gone, by ending what outlived its worker', async (t) => {
    const { worker, sleeper } = await workerWithSleeper(t);
    const identity = { pid: sleeper, startTicks: readProcStat(sleeper)!.startTicks };
    const groups = new SshGroups(worker.pid!);
    groups.note(JOB, sleeper);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    assert.equal(isAlive(identity), true);
    await groups.allGone(() => undefined);
    assert.equal(isAlive(identity), false);
  });

  it('forgets a group that the worker says has ended', async (t) => {
    const { worker, sleeper } = await workerWithSleeper(t);
    const groups = new SshGroups(worker.pid!);
    groups.note(JOB, sleeper);
    groups.note(JOB, null);
    assert.deepEqual(groups.list(), []);
    await groups.allGone(() => undefined);
  });
});

/** The one place that starts processes: tethered to its parent, known by its exit, signalled only while it is itself. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { parseProcStat, readCommand, readProcStat } from '../../src/proc.ts';
import { spawnProcess } from '../../src/driver/spawn.ts';
import { lockHome } from '../../src/driver/homeLock.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const HOLDER = new URL('../fixtures/spawnHolder.ts', import.meta.url).pathname;

describe('spawning', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it('tells the exit, not the end of the pipes that a grandchild holds', async () => {
    const startedMs = performance.now();
    const child = spawnProcess({ file: 'sh', args: ['-c', 'sleep 3 & exit 7'], onLine: () => undefined });
    assert.deepEqual(await child.exited, { exitCode: 7, signal: null });
    assert.ok(performance.now() - startedMs < 2_000);
    // The grandchild is in the same group; its leader is gone, so nothing may be signalled by that number any more.
    assert.equal(child.signalGroup('SIGKILL'), false);
    await until('the grandchild has ended', () => leaks.find().length === 0, { deadlineMs: 10_000 });
  });

  it('captures lines of both streams, cut at a bound', async () => {
    const lines: string[] = [];
    const script = `echo out; echo err >&2; head -c 100000 /dev/zero | tr '\\0' x`;
    const child = spawnProcess({ file: 'sh', args: ['-c', script], onLine: (line) => lines.push(line) });
    await child.exited;
    await until('the long line has come', () => lines.some((line) => line.startsWith('xxx')));
    assert.ok(lines.includes('out') && lines.includes('err'));
    assert.ok(lines.every((line) => line.length <= 8192));
  });

  it('signals the whole group of a living child', async () => {
    const child = spawnProcess({ file: 'sh', args: ['-c', 'sleep 60 & sleep 60'] });
    assert.equal(child.signalGroup('SIGKILL'), true);
    assert.deepEqual(await child.exited, { exitCode: null, signal: 'SIGKILL' });
  });

  it('lets nothing it started outlive a parent that is killed with -9', async () => {
    const holder = spawn(process.execPath, ['--import', 'tsx', HOLDER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      holder.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))),
    );
    // Killed between fork and tether, its parent would leave it behind.
    await until('it is tethered', () => readCommand(pid) === 'sleep');
    holder.kill('SIGKILL');
    await until('the child is gone', () => (readProcStat(pid)?.state ?? 'Z') === 'Z', { deadlineMs: 3_000 });
  });

  it('reads a command name with spaces and brackets', () => {
    const stat = parseProcStat('42 (a) b (c) S 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 9876 0 0');
    assert.deepEqual(stat, {
      pid: 42,
      state: 'S',
      parentPid: 1,
      processGroup: 42,
      session: 42,
      hasTerminal: false,
      startTicks: 9876,
    });
  });

  it('lets one supervisor at a time into a home, and the next in once it has let go', (t) => {
    const home = tempHome(t);
    const release = lockHome(home);
    assert.throws(() => lockHome(home), {
      code: 'HOME_BUSY',
      message: new RegExp(`pid ${String(process.pid)}`),
    });
    release();
    lockHome(home)();
  });
});

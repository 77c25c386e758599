/** `doctor --self-test` on this very machine: what is handled, that a broken hand is seen, and that nothing is left however it ends. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { childrenOf } from '../../src/driver/children.ts';
import { isAlive, readEnvironment, readProcStat } from '../../src/proc.ts';
import { whyNoCgroup } from '../support/cgroup.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  itemOf,
  NOBODY,
  runSelfTest,
  startSelfTest,
  untilMade,
  type RunningSelfTest,
} from '../support/selfTest.ts';
import { until } from '../support/until.ts';

const CODES = 'Zombie Orphan TermIgnorer SetsidEscapee HiddenEscapee Stopped LoopBlocked'.split(' ');
const isRoot = process.getuid?.() === 0;

describe('the self-test', { concurrency: 3 }, () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone(5_000));

  it('shows that all of it is handled on this host', async (parts) => {
    const { exitCode, stderr, report, tookMs } = await runSelfTest(parts);
    assert.deepEqual([exitCode, stderr, report.state], [0, '', 'handled'], JSON.stringify(report, null, 1));
    assert.equal(report.kind, 'SelfTestReport');
    assert.deepEqual(
      report.items.map(({ code }) => code),
      CODES,
    );
    for (const item of report.items) {
      const isTried = item.code !== 'HiddenEscapee' || whyNoCgroup() === false;
      assert.equal(item.verdict, isTried ? 'handled' : 'notTried', JSON.stringify(item));
      if (isTried) assert.match(item.made, /\(pid \d+\)$/);
    }
    assert.ok(tookMs < 25_000, `${String(tookMs)} ms`);
  });

  if (isRoot)
    it('does so for a user without rights, and says what it did not try, in 80 columns', async (parts) => {
      const { ended, folder } = startSelfTest(parts, { as: 'nobody', args: [] });
      const { exitCode, stdout, stderr } = await ended;
      assert.deepEqual([exitCode, stderr], [0, ''], stdout);
      assert.match(stdout, /^All 6 cases that were made are handled on this host\. 1 could not be tried\.\n/);
      assert.match(
        stdout,
        /\nHiddenEscapee: not tried\n[^]*Not tried: only root, or a unit with Delegate=yes/,
      );
      for (const line of stdout.split('\n')) if (!/^ +next/.test(line)) assert.ok(line.length <= 80, line);
      assert.deepEqual(readdirSync(folder), []);
    });

  it('calls nothing handled when its own supervisor is killed, and leaves nothing', async (parts) => {
    const { exitCode, report } = await runSelfTest(parts, { broken: 'crash' });
    assert.deepEqual([exitCode, report.state], [1, 'notHandled'], JSON.stringify(report));
    const blocked = itemOf(report, 'LoopBlocked');
    assert.equal(blocked.verdict, 'notHandled');
    assert.match(blocked.detail, /^It broke off: its own supervisor ended by SIGKILL\. /);
    assert.notEqual(blocked.next, null);
  });

  const endings: readonly (readonly [
    NodeJS.Signals,
    string,
    (running: RunningSelfTest) => Promise<unknown>,
  ])[] = [
    ['SIGKILL', 'while it starts', untilMade],
    ['SIGKILL', 'in the middle', untilWorkers],
    ['SIGTERM', 'in the middle', untilWorkers],
    ['SIGINT', 'in the middle', untilWorkers],
  ];
  for (const [signal, when, isThen] of endings)
    it(`leaves nothing when it gets ${signal} ${when}`, async (parts) => {
      const running = startSelfTest(parts, isRoot ? { as: 'nobody' } : {});
      const own = join(running.folder, await untilMade(running));
      const { mode, uid } = statSync(own);
      assert.deepEqual([mode & 0o777, uid], [0o700, isRoot ? NOBODY : process.getuid?.()]);
      await isThen(running);
      const made = processesBelow(running.child.pid ?? 0);
      assert.equal(running.child.kill(signal), true);
      const { exitCode, stdout, stderr } = await running.ended;
      assert.equal(stdout, '');
      if (signal === 'SIGINT') {
        assert.equal(exitCode, 130);
        assert.match(stderr, /^garrison: interrupted: all that was made has been ended\n$/);
        assert.equal(existsSync(own), false);
      }
      await until('all that it made is gone', () => !made.some(isAlive), { deadlineMs: 5_000 });
      await until('its folder is gone', () => !existsSync(own), { deadlineMs: 5_000 });
    });
});

/** Its own supervisor has started the three workers and what it leaves behind. */
async function untilWorkers({ child }: RunningSelfTest): Promise<void> {
  await until(
    'the workers',
    () => {
      const [stage] = childrenOf(child.pid ?? 0);
      const marked = childrenOf(stage ?? 0).filter((pid) => isWorker(pid));
      return marked.length >= 3;
    },
    { deadlineMs: 20_000 },
  );
}

function processesBelow(pid: number): { pid: number; startTicks: number }[] {
  return childrenOf(pid).flatMap((child) => {
    const stat = readProcStat(child);
    return [...(stat === null ? [] : [stat]), ...processesBelow(child)];
  });
}

function isWorker(pid: number): boolean {
  return readEnvironment(pid)?.some((entry) => entry.startsWith('GARRISON_LIFE=')) ?? false;
}

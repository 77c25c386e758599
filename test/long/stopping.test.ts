/**
 * How a stop goes on when a worker does not hear: quiet, drain, TERM, KILL, and by name whoever would not stop.
 * The full deadlines of `stop` and `restart` are in test/long/drain.test.ts.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isAlive, readProcStat } from '../../src/proc.ts';
import { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const MESSY_WORKER = new URL('../fixtures/messyWorker.js', import.meta.url).pathname;
const STOP_DEADLINE_MS = 10_000;

describe('Ctrl-C', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it(
    'asks a worker that does not hear by TERM at the deadline, ends it by KILL, and names it',
    withParts(deaf),
  );
  it(
    'ends also without a worker that nothing can end, names it, and says so by its exit code',
    withParts(unkillable),
  );
});

interface Mess {
  readonly garrison: Garrison;
  readonly home: string;
  readonly trigger: string;
  /** Of push-1. */
  readonly pid: number;
}

async function startWith(parts: Parts, order: string): Promise<Mess> {
  const home = tempHome(parts);
  const trigger = join(home, 'mess');
  const env = { NODE_OPTIONS: `--import=${MESSY_WORKER}`, GARRISON_TEST_MESS: trigger };
  const garrison = await Garrison.start(parts, { home, config: 'workers: { count: 2 }', env });
  // One that is still loading would hear what it registers for afterwards, or end for want of rights.
  const upPid = async (): Promise<number | undefined | false> => {
    const worker = (await garrison.workers())[0];
    return worker?.state === 'up' && worker.incarnation?.pid;
  };
  const pid = await until('push-1 is up', upPid);
  writeFileSync(trigger, `push-1 ${order}`);
  await until('the mess is made', () => existsSync(`${trigger}.done`));
  return { garrison, home, trigger, pid };
}

async function deaf(parts: Parts): Promise<void> {
  const { garrison, home, trigger, pid } = await startWith(parts, 'deaf');
  const startedMs = performance.now();
  process.kill(-garrison.pid, 'SIGINT');
  assert.equal(await garrison.exited, 0, garrison.output.slice(-2000));
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= STOP_DEADLINE_MS && tookMs < STOP_DEADLINE_MS + 10_000, `${String(tookMs)} ms`);
  assert.equal(readFileSync(`${trigger}.heard`, 'utf8'), 'push-1 TERM\n');
  const named = journalled(home, 'drainOverdue');
  assert.deepEqual(
    named.map(({ worker, pid, command }) => ({ worker, pid, command })),
    [{ worker: 'push-1', pid, command: 'garrison worker push-1' }],
  );
  assert.match(
    garrison.output,
    /push-1 \(pid \d+, garrison worker push-1\) did not finish by the deadline and is ended/,
  );
  assert.deepEqual(journalled(home, 'wouldNotStop'), []);
}

async function unkillable(parts: Parts): Promise<void> {
  const { garrison, home, trigger, pid } = await startWith(parts, 'deafStranger');
  const { startTicks } = readProcStat(pid)!;
  process.kill(-garrison.pid, 'SIGINT');
  const isDraining = async (): Promise<boolean> => (await garrison.workers())[0]?.state === 'draining';
  await until('it drains', isDraining);
  const startedMs = performance.now();
  // Twice shortens the deadline.
  const isOverdue = (): boolean =>
    journalled(home, 'drainOverdue').length > 0 || !process.kill(-garrison.pid, 'SIGINT');
  await until('a later Ctrl-C is heard', isOverdue, { everyMs: 200 });
  assert.ok(performance.now() - startedMs < STOP_DEADLINE_MS / 2, 'long before the deadline');
  assert.equal(await garrison.exited, 1, garrison.output.slice(-6000));
  const named = journalled(home, 'wouldNotStop');
  assert.deepEqual(
    named.map(({ worker, pid }) => ({ worker, pid })),
    [{ worker: 'push-1', pid }],
  );
  assert.match(
    garrison.output,
    /push-1 \(pid \d+, garrison worker push-1\) did not end, not by SIGKILL either/,
  );
  assert.equal(existsSync(`${trigger}.heard`), false, 'the guard let no signal pass');
  // Its supervisor is gone, and that it hears.
  await until('it ends by itself', () => !isAlive({ pid, startTicks }));
}

function journalled(home: string, event: string): Record<string, unknown>[] {
  return readFileSync(join(home, 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['event'] === event);
}

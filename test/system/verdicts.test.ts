/**
 * Faults on real processes, each told apart from the others: the exact sequence of verdicts people are shown, and who was left alone.
 * A verdict that came and went between two looks would be in the event stream, which is what is read here.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { WorkerView } from '../../src/supervisor/door.ts';
import { readProcStat } from '../../src/proc.ts';
import { Garrison } from '../support/garrison.ts';
import { followWorker } from '../support/follow.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { redisPidOf } from '../support/redisPid.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

describe('verdicts', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it(
    'a stopped worker is called stopped, woken once, and up again as the same process',
    withParts(stoppedWorker),
  );
  it(
    'a Redis that hangs makes workers late, never restarted, and up again when it answers',
    withParts(hungRedis),
  );
});

interface Watched {
  readonly garrison: Garrison;
  readonly views: readonly WorkerView[];
  readonly home: string;
  /** Of push-1, at the start. */
  readonly pid: number;
}

async function watch(parts: Parts, env: Record<string, string> = {}): Promise<Watched> {
  const home = tempHome(parts);
  const garrison = await Garrison.start(parts, { home, config: 'workers: { count: 2 }', env });
  const isUp = async (): Promise<boolean> =>
    (await garrison.workers()).every((worker) => worker.state === 'up');
  await until('both workers are up', isUp);
  const views = await followWorker(parts, { home, name: 'push-1' });
  const pid = (await garrison.workers())[0]?.incarnation?.pid ?? 0;
  return { garrison, views, home, pid };
}

/** The verdicts published since the watch began (with `up Beating`), each once in a row. */
function sequence(views: readonly WorkerView[]): string[] {
  const verdicts = views.map((view) => `${view.state} ${view.reason}`);
  return verdicts.filter((verdict, index) => verdict !== verdicts[index - 1]);
}

async function assertNobodyReplaced({ garrison, pid }: Watched): Promise<void> {
  const workers = await garrison.workers();
  assert.deepEqual(
    workers.map((worker) => worker.restarts),
    [0, 0],
  );
  assert.equal(workers[0]?.incarnation?.pid, pid);
}

async function shown(garrison: Garrison, verdict: string): Promise<void> {
  const is = async (): Promise<boolean> => {
    const [worker] = await garrison.workers();
    return `${worker?.state ?? ''} ${worker?.reason ?? ''}` === verdict;
  };
  await until(`push-1 is ${verdict}`, is, { deadlineMs: 30_000 });
}

async function stoppedWorker(parts: Parts): Promise<void> {
  const watched = await watch(parts);
  const { garrison, views, pid } = watched;
  process.kill(pid, 'SIGSTOP');
  await shown(garrison, 'hung ProcessStopped');
  await until('it was woken', () => readProcStat(pid)?.state !== 'T');
  await shown(garrison, 'up Beating');
  assert.deepEqual(sequence(views), ['hung ProcessStopped', 'up Beating']);
  const told = await garrison.cli('why', 'push-1');
  assert.equal(told.exitCode, 0, told.stderr);
  assert.match(told.stdout, /^push-1 is up \(Beating\) since/);
  assert.match(told.stdout, /up Beating +hung ProcessStopped +yes .*was stopped by a signal at/);
  assert.match(told.stdout, /hung ProcessStopped +up Beating +held back/);
  assert.match(told.stdout, /Now, layer by layer:\n +process +ok/);
  await assertNobodyReplaced(watched);
}

async function hungRedis(parts: Parts): Promise<void> {
  const watched = await watch(parts);
  const { garrison, views } = watched;
  const redis = redisPidOf(garrison.pid);
  process.kill(redis, 'SIGSTOP');
  await shown(garrison, 'late BrokerAway');
  assert.equal((await garrison.cli('status')).exitCode, 1);
  process.kill(redis, 'SIGCONT');
  await shown(garrison, 'up Beating');
  assert.deepEqual(sequence(views), ['late BrokerAway', 'up Beating']);
  await assertNobodyReplaced(watched);
}

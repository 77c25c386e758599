/**
 * A signal that the guard refuses, with a real process: the worker is left as it is, and the refusal is told, journalled and counted.
 * What refuses when is the guard's own tests' to say.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readProcStat } from '../../src/proc.ts';
import { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const MESSY_WORKER = new URL('../fixtures/messyWorker.js', import.meta.url).pathname;

describe('a signal that is refused', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it("a stopped worker that has become another user's is not woken, and that is told", withParts(stranger));
});

async function stranger(parts: Parts): Promise<void> {
  const trigger = join(tempHome(parts), 'mess');
  const env = { NODE_OPTIONS: `--import=${MESSY_WORKER}`, GARRISON_TEST_MESS: trigger };
  const garrison = await Garrison.start(parts, { config: 'workers: { count: 2 }', env });
  const pid = (await garrison.workers())[0]?.incarnation?.pid ?? 0;
  writeFileSync(trigger, 'push-1 stranger');
  await until('it is another user', () =>
    /^Uid:\t65534\t65534\t/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8')),
  );
  process.kill(pid, 'SIGSTOP');
  parts.after(() => {
    if (readProcStat(pid)?.state === 'T') process.kill(pid, 'SIGCONT');
  });
  const refusal = await until('the refusal is in the journal', () => refusalOf(garrison, pid), {
    // All limits stretch while the machine is short of processor time.
    deadlineMs: 30_000,
  });
  assert.deepEqual([refusal['rule'], refusal['signal'], refusal['worker']], ['OtherUser', 'SIGCONT', null]);
  assert.equal(readProcStat(pid)?.state, 'T', 'nobody woke it');
  assert.match(garrison.output, /"event":"signalRefused"/);
  const metrics = await garrison.text('/metrics');
  const counted = /^garrison_guard_refusals_total\{rule="OtherUser"\} (\d+)$/m.exec(metrics)?.[1];
  assert.ok(Number(counted) >= 1, `counted ${String(counted)}`);
}

function refusalOf({ home }: Garrison, pid: number): Record<string, unknown> | undefined {
  const lines = readFileSync(join(home, 'journal.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find((line) => line['event'] === 'signalRefused' && line['pid'] === pid);
}

/** A worker's attempts without host and queue: what is sent along right behind the grant finds the one it goes with. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { now } from '../../src/clock.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { Attempts } from '../../src/worker/attempts.ts';
import type { Rides } from '../../src/worker/rides.ts';

it('an attempt that is sent along runs with the one before it, though both messages come at once', async () => {
  const runs: Rides[] = [];
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = (rides: Rides): Promise<void> => {
    runs.push(rides);
    return ended;
  };
  const attempts = new Attempts({ lockMs: 60_000, now, send: () => undefined, run });
  const nothing = (): Promise<void> => Promise.resolve();
  const carried = attempts.carry({ jobId: 'j-1', attempt: 1, token: 't', complete: nothing, renew: nothing });
  const task = (jobId: string): PushTask => ({ jobId, attempt: 1, host: { name: 'h' } }) as PushTask;
  attempts.hear({ type: 'run', task: task('j-1') });
  attempts.hear({ type: 'ride', task: task('j-2') });
  await turn();
  assert.equal(runs.length, 1);
  const rides = [runs[0]?.next(), runs[0]?.next()];
  assert.deepEqual(
    rides.map((ride) => ride?.task.jobId),
    ['j-1', 'j-2'],
  );
  assert.deepEqual([attempts.slotsTaken, attempts.inHand().length, attempts.riders().length], [1, 1, 1]);
  for (const ride of rides) ride?.settle({} as HostResult);
  end();
  await turn();
  for (const jobId of ['j-1', 'j-2']) attempts.hear({ type: 'stored', jobId, attempt: 1 });
  await carried;
  assert.deepEqual([attempts.slotsTaken, attempts.done], [0, 2]);
});

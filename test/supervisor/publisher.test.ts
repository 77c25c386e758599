/** What is told of jobs when very many change at once. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Change, Snapshot } from '../../src/supervisor/door.ts';
import { Publisher } from '../../src/supervisor/publisher.ts';
import { jobRecord } from '../support/jobRecord.ts';

it('tells thousands of changed jobs in parts, each once and in its last state, and their ends at once', () => {
  const told: Change[] = [];
  const publisher = new Publisher(() => undefined);
  publisher.subscribe((change) => told.push(change));
  const jobs = Array.from({ length: 2_500 }, (_, index) => jobRecord(`j-${String(index)}`));
  for (const job of jobs) publisher.jobChanged(job);
  const last = jobRecord('j-2499', { state: 'cancelled', revision: 2 });
  publisher.jobEnded(last, null);
  const publish = (): boolean =>
    publisher.publish({
      workers: [],
      containers: [],
      viewOf: (job) => ({ ...job, position: null, waitingFor: null }),
      overviewDigest: '',
      snapshot: () => ({}) as Snapshot,
    });
  assert.equal(publish(), false);
  assert.ok(told.some(({ type }) => type === 'jobEnded'));
  publisher.jobChanged(last);
  const parts = [publish(), publish()];
  assert.deepEqual(parts, [false, true]);
  const views = told.flatMap((change) => (change.type === 'job' ? [change.job] : []));
  assert.deepEqual(
    views.map(({ id }) => id),
    jobs.map(({ id }) => id),
  );
  assert.equal(views.at(-1)?.state, 'cancelled');
});

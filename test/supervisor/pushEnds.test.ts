/** One line in the journal for each push's end, however many jobs it has, and again after jobs were tried again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRecord, PushRecord } from '../../src/push/job.ts';
import type { Change } from '../../src/supervisor/door.ts';
import type { Surroundings } from '../../src/supervisor/ports.ts';
import { followPushEnds, pushEnd } from '../../src/supervisor/pushEnds.ts';
import { FakeDoor, result } from '../support/fakeDoor.ts';
import { until } from '../support/until.ts';

const door = new FakeDoor('/nowhere');
const job = (id: string, change: Partial<JobRecord> = {}): JobRecord =>
  door.job0(id, { pushId: 'p-1', host: `web-${id}`, ...change });
const push = (jobIds: readonly string[]): PushRecord => {
  return { id: 'p-1', kind: 'push', accountName: 'eva', createdAt: '', actor: 'wang', reason: null, jobIds };
};

test('says how many ended how, and names those that need somebody', () => {
  const jobs = [
    job('1', { state: 'done', result: result() }),
    job('2', { state: 'done', result: result({ outcome: 'unchanged' }), lostAttempts: 1 }),
    job('3', {
      state: 'failed',
      worker: 'push-2',
      result: result({ outcome: 'failed', reason: 'AuthFailed' }),
    }),
    job('4', { state: 'cancelled' }),
  ];
  const { state, detail } = pushEnd(push([]), jobs);
  assert.equal(state, 'failed');
  assert.equal(
    detail,
    '1 changed, 1 unchanged, 1 failed, 1 cancelled; not done: web-3 (AuthFailed by push-2), web-4; tried again because a worker ended: web-2 1×',
  );
  assert.equal(pushEnd(push([]), jobs.slice(0, 1)).state, 'done');
  const many = Array.from({ length: 10_000 }, (_, index) => job(String(index), { state: 'failed' }));
  assert.ok(String(pushEnd(push([]), many).detail).length < 200);
});

test('of ten thousand jobs one line, and another when some were tried again', async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => String(index));
  const jobs = new Map(ids.map((id) => [id, job(id, { state: 'running' })]));
  const noted: string[] = [];
  let listener: (change: Change) => void = () => undefined;
  let looks = 0;
  const open = (): JobRecord[] => {
    looks += 1;
    // As the board has them: one that has ended is there until its end is kept.
    return [...jobs.values()];
  };
  followPushEnds(
    {
      onChange: (told) => {
        listener = told;
        return () => undefined;
      },
      openJobs: open,
      viewsOf: (records) => records as never,
    },
    {
      memory: {
        push: async () => push(ids),
        jobsOf: async () => [...jobs.values()],
      } as unknown as Surroundings['memory'],
      note: ({ event, detail }) => noted.push(`${event} ${String(detail)}`),
    },
  );
  let revision = 1;
  const end = (id: string): void => {
    const ended = job(id, { state: 'done', result: result(), revision: (revision += 1) });
    jobs.set(id, ended);
    listener({ type: 'jobEnded', job: ended, ranMs: 1 });
  };
  ids.slice(0, 9_999).forEach(end);
  assert.deepEqual(noted, []);
  jobs.set('0', job('0', { state: 'running' }));
  end('9999');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(noted, [], 'one is tried again, so it has not ended');
  end('0');
  await until('it is noted', () => noted.length === 1);
  assert.deepEqual(noted, ['pushEnded 10000 changed']);
  assert.ok(looks < 10, `${String(looks)} looks through all open jobs`);
  jobs.set('7', job('7', { state: 'running' }));
  end('7');
  await until('it is noted again', () => noted.length === 2);
});

test('of two jobs that end in the same moment one line, though each finds that none is open any more', async () => {
  const jobs = ['1', '2'].map((id) => job(id, { state: 'done', result: result(), revision: 5 }));
  const noted: string[] = [];
  let listener: (change: Change) => void = () => undefined;
  followPushEnds(
    {
      onChange: (told) => {
        listener = told;
        return () => undefined;
      },
      openJobs: () => jobs,
      viewsOf: (records) => records as never,
    },
    {
      memory: {
        push: async () => push(['1', '2']),
        jobsOf: async () => jobs,
      } as unknown as Surroundings['memory'],
      note: ({ event }) => noted.push(event),
    },
  );
  for (const ended of jobs) listener({ type: 'jobEnded', job: ended, ranMs: 1 });
  await until('it is noted', () => noted.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(noted, ['pushEnded']);
});

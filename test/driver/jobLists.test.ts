/** How remembered jobs and pushes are found again, on a real redis-server: by each filter, in each order, page by page, and after a change. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { JobStore } from '../../src/driver/jobStore.ts';
import type { HostResult, JobRecord, JobState, PushRecord } from '../../src/push/job.ts';
import type { Place, StoredQuery } from '../../src/push/jobQuery.ts';
import { jobRecord } from '../support/jobRecord.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { TestRedis } from '../support/redisServer.ts';

const STATES: readonly JobState[] = ['queued', 'running', 'done', 'failed', 'cancelled'];
const MADE_MS = Date.parse('2026-01-01T00:00:00Z');

/** Of each push ten jobs that were made in one moment, as in life. */
function made(index: number): JobRecord {
  const push = Math.floor(index / 10);
  const at = new Date(MADE_MS + push * 1_000).toISOString();
  const state = STATES[index % STATES.length] ?? 'done';
  const account = { name: `user${String(push % 3)}`, keys: [], groups: [], shell: null, comment: '' };
  const result: HostResult = {
    outcome: 'failed',
    stage: 'connect',
    reason: 'PortClosed',
    detail: `Verbindung zu Häuptling-${String(index)} abgelehnt`,
    changes: [],
    facts: {},
    replayed: false,
    at,
  };
  return jobRecord(`j-${String(index).padStart(4, '0')}`, {
    ...{ pushId: `p-${String(push)}`, host: `web-${String(index % 7)}`, state, createdAt: at, since: at },
    account: { ...account, sudo: { kind: 'none' } },
    result: state === 'failed' ? result : null,
  });
}

function pushOf(jobs: readonly JobRecord[]): PushRecord {
  const [first] = jobs;
  return {
    ...{ id: first!.pushId, kind: 'push', accountName: first!.account!.name, createdAt: first!.createdAt },
    ...{ actor: 'Betty', reason: null, jobIds: jobs.map(({ id }) => id) },
  };
}

describe('lists of remembered jobs', () => {
  const leaks = watchForLeaks();
  let server: TestRedis;
  let redis: Redis;
  let store: JobStore;
  const all = Array.from({ length: 300 }, (_, index) => made(index));
  const fill = async (): Promise<void> => {
    for (let from = 0; from < all.length; from += 10) {
      const jobs = all.slice(from, from + 10);
      await store.create(pushOf(jobs), jobs);
    }
  };
  /** Every page, until there is none. */
  const idsOf = async (query: Partial<StoredQuery>, limit = 7): Promise<string[]> => {
    const ids: string[] = [];
    let after: Place | null = null;
    do {
      const page: Awaited<ReturnType<JobStore['find']>> = await store.find({
        ...{ sort: 'newest', after, limit },
        ...query,
      });
      ids.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    return ids;
  };
  const expected = (fits: (job: JobRecord) => boolean): string[] =>
    all
      .filter(fits)
      .map(({ id }) => id)
      .reverse();

  before(async () => {
    server = await TestRedis.start();
    redis = server.connect();
    store = new JobStore(redis);
  });
  beforeEach(async () => {
    await redis.flushall();
    await fill();
  });
  after(async () => {
    await server.end();
    await leaks.assertNone();
  });

  it('have each job once, page by page, in both orders', async () => {
    assert.deepEqual(
      await idsOf({}),
      expected(() => true),
    );
    assert.deepEqual(await idsOf({ sort: 'oldest' }), expected(() => true).reverse());
  });

  it('are filtered by each of their words, and by all together', async () => {
    for (const query of [
      { state: 'failed' },
      { host: 'web-3' },
      { account: 'user1' },
      { push: 'p-4' },
    ] as const) {
      const [[what, value] = ['', '']] = Object.entries(query);
      const fits = (job: JobRecord): boolean =>
        ({ state: job.state, host: job.host, account: job.account?.name, push: job.pushId })[what] === value;
      assert.deepEqual(await idsOf(query), expected(fits), what);
    }
    assert.deepEqual(
      await idsOf({ state: 'failed', host: 'web-3', account: 'user1' }),
      expected((job) => job.state === 'failed' && job.host === 'web-3' && job.account?.name === 'user1'),
    );
    assert.deepEqual(await idsOf({ host: 'web' }), [], 'a host is a whole word');
  });

  it('are searched in all that is said of a job, without regard to case, and as text', async () => {
    assert.deepEqual(await idsOf({ q: ' HÄUPTLING-13 ab' }), ['j-0013']);
    assert.deepEqual(await idsOf({ q: 'portclosed', push: 'p-2' }), ['j-0028', 'j-0023']);
    assert.deepEqual(
      await idsOf({ q: 'P-29' }),
      expected(({ pushId }) => pushId === 'p-29'),
    );
    assert.deepEqual(
      await idsOf({ q: 'user2', push: 'p-2' }),
      expected(({ pushId }) => pushId === 'p-2'),
    );
    assert.deepEqual(await idsOf({ q: 'j-.*' }), []);
    assert.deepEqual(
      await idsOf({ q: 'cancelled' }),
      expected(({ state }) => state === 'cancelled'),
    );
  });

  it('go on where they stopped, also after the job they stopped at is no longer in them', async () => {
    const first = await store.find({ sort: 'newest', after: null, limit: 13, state: 'failed' });
    const last = first.items.at(-1)!;
    await store.save({ ...last, state: 'queued', revision: 9 });
    const second = await store.find({ sort: 'newest', after: first.next, limit: 1000, state: 'failed' });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }) => id),
      expected(({ state }) => state === 'failed'),
    );
    assert.ok((await idsOf({ state: 'queued' })).includes(last.id));
    assert.equal((await store.counts()).failed, 59);
  });

  it('tell the latest change first', async () => {
    await store.save({ ...all[5]!, state: 'done', revision: 9, since: '2026-02-01T00:00:00Z' });
    await store.save({ ...all[6]!, state: 'done', revision: 9, since: '2026-03-01T00:00:00Z' });
    assert.deepEqual((await idsOf({ sort: 'changed' })).slice(0, 2), ['j-0006', 'j-0005']);
    assert.deepEqual((await idsOf({ sort: 'changed', host: 'web-5', state: 'done' }))[0], 'j-0005');
  });

  it('look only so far at once when nothing fits, and say how far', async () => {
    const many = Array.from({ length: 25_000 }, (_, index) => ({
      ...made(index),
      id: `j-x-${String(index)}`,
      pushId: 'p-x',
    }));
    for (let from = 0; from < many.length; from += 5_000)
      await store.create({ ...pushOf(many), id: `p-x` }, many.slice(from, from + 5_000));
    const found = await store.find({ sort: 'newest', after: null, limit: 10, q: 'j-0001' });
    assert.ok(found.items.length === 0 && found.next !== null && found.looked <= 20_000);
    assert.deepEqual(await idsOf({ q: 'j-0001' }), ['j-0001']);
  });

  it('know pushes by the states of their jobs', async () => {
    const pushes = async (query: Partial<StoredQuery>): Promise<string[]> =>
      (await store.findPushes({ sort: 'newest', after: null, limit: 100, ...query })).items.map(
        ({ id }) => id,
      );
    assert.equal((await pushes({ state: 'open' })).length, 30);
    const ended = all.slice(0, 20).map((job): JobRecord => ({ ...job, state: 'done', revision: 9 }));
    for (const job of ended) await store.save(job);
    await store.save({ ...ended[0]!, state: 'failed', revision: 10 });
    assert.deepEqual(
      [await pushes({ state: 'done' }), await pushes({ state: 'failed' })],
      [['p-1'], ['p-0']],
    );
    const { items } = await store.findPushes({ sort: 'oldest', after: null, limit: 1 });
    assert.deepEqual([items[0]?.counts, items[0]?.hosts], [{ done: 9, failed: 1 }, 10]);
    assert.equal((await pushes({ account: 'user1', q: 'bet' })).length, 10);
    await store.save({ ...ended[0]!, state: 'done', revision: 11 });
    assert.deepEqual(await pushes({ state: 'failed' }), []);
  });

  it('have nothing left of a push that is forgotten', async () => {
    for (const job of all) await store.save({ ...job, state: 'done', revision: 9 });
    await store.forgetBefore(MADE_MS + 3_600_000);
    assert.deepEqual(await redis.keys('*'), []);
  });

  it('find what an older Garrison kept without any index', async () => {
    const old = [...all].reverse();
    await redis.flushall();
    for (const job of old) {
      await redis.hset(`garrison:job:${job.id}`, { record: JSON.stringify(job), revision: job.revision });
      await redis.zadd('garrison:jobs', Date.parse(job.createdAt), job.id);
      const push = pushOf(all.filter(({ pushId }) => pushId === job.pushId));
      await redis.set(`garrison:push:${push.id}`, JSON.stringify(push));
      await redis.zadd('garrison:pushes', Date.parse(push.createdAt), push.id);
    }
    assert.equal(await store.indexAll(), all.length);
    assert.deepEqual(
      await idsOf({ state: 'failed' }),
      expected(({ state }) => state === 'failed'),
    );
    assert.equal(
      (await store.findPushes({ sort: 'newest', after: null, limit: 99, state: 'open' })).items.length,
      30,
    );
    assert.equal(await store.indexAll(), 0);
  });
});

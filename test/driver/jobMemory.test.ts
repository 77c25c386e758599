/** What is remembered of jobs, on a real redis-server that is killed with -9: records, the epoch, the spool and the queue. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import {
  agreeOnEpoch as agreeUnderClaim,
  counterKey,
  type Agreeing,
  type Cluster,
} from '../../src/driver/cluster.ts';
import { JobStore } from '../../src/driver/jobStore.ts';
import { PushQueue } from '../../src/driver/queue.ts';
import { homeId, isLead, releaseOwnership, takeOwnership } from '../../src/driver/ownership.ts';
import { openSpool } from '../../src/driver/spool.ts';
import type { PushRecord } from '../../src/push/job.ts';
import { EntrySource } from '../../src/worker/entrySource.ts';
import { PUSH_QUEUE } from '../../src/queueName.ts';
import { embeddedSocket } from '../../src/driver/redisServer.ts';
import { jobRecord } from '../support/jobRecord.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { TestRedis } from '../support/redisServer.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

function sourceOf(server: TestRedis, lockMs = 60_000): EntrySource {
  const redis = { kind: 'socket', path: embeddedSocket(server.home) } as const;
  return new EntrySource({ redis, queue: PUSH_QUEUE, lockMs });
}

const PUSH: PushRecord = {
  id: 'p-1',
  kind: 'push',
  accountName: 'eva',
  createdAt: '2026-01-01T00:00:00.000Z',
  actor: 'test',
  reason: null,
  jobIds: ['j-1', 'j-2'],
};

/** The same Redis for a supervisor that is killed after so many calls. */
function cutOff(redis: Redis, calls: number): Redis {
  let left = calls;
  return new Proxy(redis, {
    get: (target, name) => {
      if (name !== 'multi' && name !== 'eval' && name !== 'hdel')
        throw new Error(`create is not known to call ${String(name)}`);
      left -= 1;
      if (left < 0) throw new Error('cut off');
      return target[name].bind(target);
    },
  });
}

describe('what is remembered of jobs', () => {
  const leaks = watchForLeaks();
  let server: TestRedis;
  let redis: Redis;
  let store: JobStore;

  before(async () => {
    server = await TestRedis.start();
    redis = server.connect();
    store = new JobStore(redis);
  });

  beforeEach(async () => {
    await redis.flushall();
  });

  after(async () => {
    await server.end();
    await leaks.assertNone();
  });

  it('keeps a push with its jobs, and lets no older revision overwrite a newer one', async () => {
    await store.create(PUSH, [jobRecord('j-1'), jobRecord('j-2')]);
    await store.save(jobRecord('j-1', { state: 'done', revision: 5 }));
    await store.save(jobRecord('j-1', { state: 'running', revision: 4 }));
    assert.equal((await store.job('j-1'))?.state, 'done');
    assert.deepEqual(
      (await store.openJobs()).map((job) => job.id),
      ['j-2'],
    );
    assert.deepEqual(
      (await store.jobsOf(PUSH)).map((job) => job.state),
      ['done', 'queued'],
    );
  });

  it('draws rising fence counters, also over a kill -9 of Redis', async () => {
    const key = counterKey(1);
    const first = await store.saveAndCount(jobRecord('j-1', { revision: 2 }), key);
    await server.killAndRestart();
    const second = await store.saveAndCount(jobRecord('j-1', { revision: 3 }), key);
    assert.ok(second > first);
    assert.equal((await store.job('j-1'))?.revision, 3);
  });

  it('forgets old pushes only when all their jobs have ended', async () => {
    await store.create(PUSH, [jobRecord('j-1'), jobRecord('j-2', { state: 'done', revision: 2 })]);
    const later = Date.parse('2026-02-01T00:00:00Z');
    assert.deepEqual(await store.forgetBefore(later), []);
    await store.save(jobRecord('j-1', { state: 'failed', revision: 2 }));
    assert.deepEqual(await store.forgetBefore(later), ['j-1', 'j-2']);
    assert.equal(await store.push('p-1'), null);
    assert.equal(await store.job('j-1'), null);
  });

  it('raises the epoch when Redis lost its data, and never otherwise', async (t) => {
    const home = tempHome(t);
    const first = await agreeOnEpoch(redis, home);
    assert.deepEqual(await agreeOnEpoch(redis, home), first);
    await redis.flushall();
    const second = await agreeOnEpoch(redis, home);
    assert.deepEqual(second, { clusterId: first.clusterId, epoch: first.epoch + 1 });
    await redis.hset('garrison:cluster', { epoch: first.epoch });
    assert.equal((await agreeOnEpoch(redis, home)).epoch, second.epoch + 1);
    rmSync(join(home, 'cluster.json'));
    assert.deepEqual(await agreeOnEpoch(redis, home), {
      clusterId: first.clusterId,
      epoch: second.epoch + 2,
    });
  });

  it('raises the epoch at another server, and where a number was given out twice', async (t) => {
    const other = await TestRedis.start();
    t.after(() => other.end());
    const home = tempHome(t);
    const first = await agreeOnEpoch(redis, home);
    const known = await redis.hgetall('garrison:cluster');
    const there = other.connect();
    await there.hset('garrison:cluster', known);
    const second = await agreeOnEpoch(there, home);
    assert.deepEqual(second, { clusterId: first.clusterId, epoch: first.epoch + 1 });
    assert.deepEqual(await agreeOnEpoch(there, home), second);
    const third = await agreeOnEpoch(there, home, { hasGoneBack: true });
    assert.equal(third.epoch, second.epoch + 1);
    await other.killAndRestart();
    assert.equal((await agreeOnEpoch(other.connect(), home)).epoch, third.epoch + 1);
  });

  it('saves lately made pushes anew, so that none is dropped as unmade that was accepted', async () => {
    await store.create(PUSH, [jobRecord('j-1')]);
    await redis.flushall();
    await redis.hset('garrison:pushes:unmade', PUSH.id, JSON.stringify(PUSH));
    await store.saveRecentPushes();
    await store.save(jobRecord('j-1'));
    await store.dropUnmade();
    assert.deepEqual(await store.push(PUSH.id), PUSH);
    const { items } = await store.findPushes({ sort: 'newest', after: null, limit: 5 });
    assert.deepEqual(items[0]?.counts, { queued: 1 });
  });

  it('belongs to one home at a time, and comes back to the same home at once', async (t) => {
    const [first, second] = [tempHome(t), tempHome(t)];
    const taken = async (home: string): Promise<string | null> =>
      (await takeOwnership(redis, home))?.where ?? null;
    assert.equal(await taken(first), null);
    assert.equal(await taken(first), null);
    assert.match((await taken(second)) ?? '', new RegExp(first));
    await releaseOwnership(redis, second);
    assert.match((await taken(second)) ?? '', new RegExp(first));
    await releaseOwnership(redis, first);
    assert.equal(await taken(second), null);
  });

  it('raises the epoch when another home keeps it, and refuses every write of the one before', async (t) => {
    const [first, second] = [tempHome(t), tempHome(t)];
    const before = new JobStore(redis, homeId(first));
    const { epoch } = await agreeOnEpoch(redis, first);
    await before.create(PUSH, [jobRecord('j-1', { state: 'done' }), jobRecord('j-2', { state: 'failed' })]);
    await releaseOwnership(redis, first);
    assert.equal((await agreeOnEpoch(redis, second)).epoch, epoch + 1);
    assert.deepEqual([await isLead(redis, first), await isLead(redis, second)], [false, true]);
    await assert.rejects(agreeUnderClaim(redis, first), /NOTLEADING/);
    const kept = await contents(redis);
    const writes: (() => Promise<unknown>)[] = [
      () => before.save(jobRecord('j-1', { state: 'done', revision: 9 })),
      () => before.saveAndCount(jobRecord('j-2', { attempt: 5, revision: 9 }), counterKey(epoch)),
      () => before.create({ ...PUSH, id: 'p-9', jobIds: ['j-9'] }, [jobRecord('j-9', { pushId: 'p-9' })]),
      () => before.withdraw(PUSH),
      () => before.forgetBefore(Date.parse('2100-01-01T00:00:00Z')),
    ];
    for (const write of writes)
      await assert.rejects(write(), { code: 'REDIS_FOREIGN', message: /nothing was written/ });
    assert.deepEqual(await contents(redis), kept);
    await new JobStore(redis, homeId(second)).save(jobRecord('j-1', { state: 'running', revision: 2 }));
    assert.equal((await store.job('j-1'))?.state, 'running');
  });

  it('lets the answer of a later attempt stand against an earlier one that comes late', async () => {
    await store.create(PUSH, [jobRecord('j-1'), jobRecord('j-2')]);
    await store.save(jobRecord('j-1', { state: 'running', attempt: 2, revision: 4 }));
    await store.save(jobRecord('j-1', { state: 'failed', attempt: 1, revision: 9 }));
    assert.equal((await store.job('j-1'))?.state, 'running');
    await store.save(jobRecord('j-1', { state: 'done', attempt: 2, revision: 5 }));
    assert.equal((await store.job('j-1'))?.state, 'done');
  });

  it('takes a push back as if it had never been', async () => {
    await store.create(PUSH, [jobRecord('j-1'), jobRecord('j-2')]);
    await store.withdraw(PUSH);
    assert.deepEqual(
      [
        await store.push('p-1'),
        await store.openJobs(),
        (await store.find({ sort: 'newest', after: null, limit: 10 })).items,
      ],
      [null, [], []],
    );
  });

  it('drops a push that was cut off in the making, at whatever point, and no other', async () => {
    const made = { ...PUSH, id: 'p-0', jobIds: ['j-0'] };
    await store.create(made, [jobRecord('j-0', { pushId: 'p-0' })]);
    const unhurt = (await redis.keys('*')).sort();
    const jobs = Array.from({ length: 1_100 }, (_, index) => jobRecord(`j-${String(index + 1)}`));
    const push = { ...PUSH, jobIds: jobs.map(({ id }) => id) };
    for (const calls of [0, 1, 2, 3, 4]) {
      await assert.rejects(new JobStore(cutOff(redis, calls)).create(push, jobs), /cut off/);
      await store.dropUnmade();
      assert.deepEqual((await redis.keys('*')).sort(), unhurt, `cut off after ${String(calls)} calls`);
    }
    await new JobStore(cutOff(redis, 5)).create(push, jobs);
    await store.dropUnmade();
    assert.equal((await store.jobsOf(push)).length, jobs.length);
  });

  it('reads no record whose id could be a path', async () => {
    await store.save(jobRecord('../../evil'));
    assert.deepEqual(await store.openJobs(), []);
  });

  it('sets a damaged spool file aside instead of stopping at it', async (t) => {
    const home = tempHome(t);
    const spool = await openSpool(home);
    await spool.put([jobRecord('j-1', { state: 'done', revision: 7 })]);
    writeFileSync(join(home, 'spool', 'j-2.3.json'), 'trunc{');
    assert.deepEqual(
      (await spool.list()).flat().map((job) => job.id),
      ['j-1'],
    );
    const aside = readdirSync(join(home, 'spool')).filter((name) => name.startsWith('j-2.3.json.damaged-'));
    assert.equal(aside.length, 1);
  });

  it('refuses a Redis that belongs to another cluster', async (t) => {
    const home = tempHome(t);
    await agreeOnEpoch(redis, home);
    await redis.hset('garrison:cluster', { clusterId: 'another' });
    await assert.rejects(agreeOnEpoch(redis, home), { code: 'REDIS_FOREIGN' });
  });

  it('makes a damaged cluster.json anew from Redis, with a new epoch, and refuses where Redis does not know it', async (t) => {
    const home = tempHome(t);
    const file = join(home, 'cluster.json');
    const { clusterId, epoch } = await agreeOnEpoch(redis, home);
    const damages = ['', '{"clus', '{"clusterId":"x","epoch":"7","bootId":"b"}', 'null', '\u0000\u0001'];
    const aside: string[] = [];
    for (const [times, text] of damages.entries()) {
      writeFileSync(file, text);
      const agreed = await agreeOnEpoch(redis, home, { onSetAside: ({ as }) => aside.push(as) });
      assert.deepEqual(agreed, { clusterId, epoch: epoch + times + 1 }, text);
      assert.equal(readFileSync(join(home, aside.at(-1)!), 'utf8'), text);
    }
    await redis.flushall();
    for (const text of damages) {
      writeFileSync(file, text);
      await assert.rejects(agreeOnEpoch(redis, home), { code: 'HOME_UNUSABLE', message: /cluster\.json/ });
      assert.equal(readFileSync(file, 'utf8'), text, 'it stays for a person to decide');
    }
  });

  it('raises the epoch after the machine restarted, since Redis may have lost its last second', async (t) => {
    const home = tempHome(t);
    const first = await agreeOnEpoch(redis, home);
    writeFileSync(join(home, 'cluster.json'), JSON.stringify({ ...first, bootId: 'an earlier boot' }));
    assert.equal((await agreeOnEpoch(redis, home)).epoch, first.epoch + 1);
  });

  it('spools a final record until it is told that it has arrived', async (t) => {
    const home = tempHome(t);
    const spool = await openSpool(home);
    const job = jobRecord('j-1', { state: 'done', revision: 7 });
    await spool.put([job]);
    assert.deepEqual(await (await openSpool(home)).list(), [[job]]);
    await spool.remove([job]);
    await spool.remove([job]);
    assert.deepEqual(readdirSync(join(home, 'spool')), []);
  });

  it('hands an entry to one worker once, and shows what became of it', async () => {
    const queue = new PushQueue(redis);
    const source = sourceOf(server);
    await queue.add('j-1', 1);
    await queue.add('j-1', 1);
    assert.equal(await queue.look('j-1', 1), 'waiting');
    const entry = await source.fetch();
    assert.deepEqual([entry?.jobId, entry?.attempt], ['j-1', 1]);
    assert.equal(await source.fetch(), null);
    assert.equal(await queue.look('j-1', 1), 'active');
    await entry?.complete();
    assert.equal(await queue.look('j-1', 1), 'gone');
    source.disconnect();
  });

  it('takes the entry of a dead attempt back with the token of its lock, and with no other', async () => {
    const queue = new PushQueue(redis);
    const source = sourceOf(server);
    await queue.add('j-1', 1);
    const entry = await source.fetch();
    for (const token of ['', '0', 'wrong']) await assert.rejects(queue.retire('j-1', 1, token), token);
    assert.equal(await queue.look('j-1', 1), 'active');
    await queue.retire('j-1', 1, entry?.token ?? '');
    assert.equal(await queue.look('j-1', 1), 'gone');
    assert.equal(await source.fetch(), null);
    await queue.retire('j-1', 1, entry?.token ?? '');
    source.disconnect();
  });

  it('removes an entry whose lock ran out, and none that somebody holds', async () => {
    const queue = new PushQueue(redis);
    const [forgetful, holding] = [sourceOf(server, 20), sourceOf(server)];
    await queue.add('j-1', 1);
    const lost = await forgetful.fetch();
    await queue.add('j-2', 1);
    const held = await holding.fetch();
    assert.deepEqual([lost?.jobId, held?.jobId], ['j-1', 'j-2']);
    const locks = (): Promise<string[]> => redis.keys('*:lock');
    await until('one lock has run out', async () => (await locks()).length === 1);
    await queue.removeAbandoned(0);
    assert.deepEqual([await queue.look('j-1', 1), await queue.look('j-2', 1)], ['gone', 'active']);
    for (const source of [forgetful, holding]) source.disconnect();
  });

  it('goes on fetching after Redis was killed in the middle of its fetches', async () => {
    const queue = new PushQueue(redis);
    const source = sourceOf(server);
    for (let kill = 0; kill < 5; kill += 1) {
      const fetches = Array.from({ length: 20 }, () => source.fetch().catch(() => null));
      await server.killAndRestart();
      await Promise.all(fetches);
    }
    await until('an entry is added', () => queue.add('j-9', 1).then(() => true));
    const entry = await until('it is fetched', () => source.fetch());
    assert.equal(entry.jobId, 'j-9');
    source.disconnect();
  });
});

/** As at a connection: whoever kept the queue before has let go of it. */
async function agreeOnEpoch(redis: Redis, home: string, agreeing: Agreeing = {}): Promise<Cluster> {
  assert.equal(await takeOwnership(redis, home), null);
  return agreeUnderClaim(redis, home, agreeing);
}

/** All that is in it, but for claims, which end by themselves. */
async function contents(redis: Redis): Promise<Readonly<Record<string, unknown>>> {
  const keys = (await redis.keys('*')).filter((key) => key !== 'garrison:owner').sort();
  const read = async (key: string): Promise<unknown> => {
    const type = await redis.type(key);
    if (type === 'hash') return redis.hgetall(key);
    if (type === 'zset') return redis.zrange(key, 0, -1, 'WITHSCORES');
    return type === 'set' ? (await redis.smembers(key)).sort() : redis.get(key);
  };
  return Object.fromEntries(
    await Promise.all(keys.map(async (key): Promise<[string, unknown]> => [key, await read(key)])),
  );
}

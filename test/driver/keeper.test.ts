/** Final records on their way to disk and to Redis: a real spool in a real folder, a memory that can be away. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { Gathering } from '../../src/driver/gathering.ts';
import { Keeper } from '../../src/driver/keeper.ts';
import { openSpool } from '../../src/driver/spool.ts';
import type { JobRecord } from '../../src/push/job.ts';
import type { JobNews } from '../../src/reconciler/jobNews.ts';
import { jobRecord } from '../support/jobRecord.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const HOSTS = 1_000;
const ended = Array.from({ length: HOSTS }, (_, index) =>
  jobRecord(`j-${String(index)}`, { state: 'cancelled', revision: 3 }),
);

/** What was kept, and what was told of it. */
async function open(
  t: TestContext,
  lingerMs = 0,
): Promise<{
  readonly home: string;
  readonly keeper: Keeper;
  readonly news: JobNews[];
  readonly saved: JobRecord[][];
  readonly failures: string[];
  readonly redis: { up: boolean };
  readonly files: () => string[];
  readonly idsOf: (kind: JobNews['kind']) => string[];
}> {
  const home = tempHome(t);
  const news: JobNews[] = [];
  const saved: JobRecord[][] = [];
  const failures: string[] = [];
  const redis = { up: true };
  const files = (): string[] => readdirSync(join(home, 'spool'));
  const saveAll = (jobs: readonly JobRecord[]): Promise<void> => {
    if (!redis.up) return Promise.reject(new Error('away'));
    saved.push([...jobs]);
    return Promise.resolve();
  };
  const keeper = new Keeper({
    spool: await openSpool(home),
    store: { saveAll },
    onNews: (one) => news.push(one),
    onFailure: (_action, detail) => failures.push(detail),
    onSpool: () => undefined,
    lingerMs,
  });
  const idsOf = (kind: JobNews['kind']): string[] =>
    news.flatMap((one) => (one.kind === kind ? [one.jobId] : []));
  return { home, keeper, news, saved, failures, redis, files, idsOf };
}

const ids = (jobs: readonly JobRecord[]): string[] => jobs.map(({ id }) => id);

describe('the keeping of final records', () => {
  it('writes those that end together in few files and few saves, each of them, and removes the files', async (t) => {
    const { keeper, saved, idsOf, files } = await open(t);
    for (const job of ended) keeper.keep(job);
    await keeper.settled();
    assert.deepEqual(ids(saved.flat()), ids(ended));
    assert.deepEqual([idsOf('kept'), idsOf('indexed')], [ids(ended), ids(ended)]);
    assert.ok(saved.length <= 5, `${String(saved.length)} saves`);
    assert.deepEqual(files(), []);
  });

  it('leaves on disk what Redis has not taken, and the next life brings it there', async (t) => {
    const { home, keeper, saved, redis, idsOf, files } = await open(t);
    redis.up = false;
    for (const job of ended) keeper.keep(job);
    await keeper.settled();
    assert.deepEqual([idsOf('kept').length, idsOf('indexed').length], [HOSTS, 0]);
    assert.ok(files().length <= 5, `${String(files().length)} files`);
    assert.deepEqual(ids((await (await openSpool(home)).list()).flat()).sort(), ids(ended).sort());
    await assert.rejects(keeper.emptySpool(), /away/);
    redis.up = true;
    await keeper.emptySpool();
    assert.deepEqual(ids(saved.flat()).sort(), ids(ended).sort());
    assert.deepEqual(files(), []);
  });

  it('keeps on disk for a while what Redis has taken, and saves it anew at each connection', async (t) => {
    const { keeper, saved, files } = await open(t, 400);
    for (const job of ended.slice(0, 10)) keeper.keep(job);
    await keeper.settled();
    assert.notDeepEqual(files(), []);
    await keeper.emptySpool();
    assert.deepEqual(ids(saved.flat()).length, 20);
    await until('they are removed from disk', () => files().length === 0);
  });

  it('says of each record that could not be written that it was not, and of none that it is kept', async (t) => {
    const { home, keeper, failures, idsOf } = await open(t);
    rmSync(join(home, 'spool'), { recursive: true });
    writeFileSync(join(home, 'spool'), 'no folder');
    for (const job of ended.slice(0, 10)) keeper.keep(job);
    await keeper.settled();
    assert.deepEqual([idsOf('keepFailed'), idsOf('kept')], [ids(ended.slice(0, 10)), []]);
    assert.match(failures.join('; '), /^the result of job j-0 and 9 more could not be kept on disk/);
  });

  it('takes one batch for the same as itself, and for another where one record has changed', async (t) => {
    const spool = await openSpool(tempHome(t));
    const [first, second] = [jobRecord('j-1', { revision: 2 }), jobRecord('j-2', { revision: 2 })];
    const later = { ...second, revision: 3 };
    await spool.put([first, second]);
    await spool.put([first, second]);
    await spool.put([first, later]);
    await spool.put([first]);
    assert.equal((await spool.list()).length, 3);
    await spool.remove([first, second]);
    await spool.remove([first, second]);
    assert.deepEqual((await spool.list()).map((batch) => batch.length).sort(), [1, 2]);
    assert.ok((await spool.list()).flat().some(({ revision }) => revision === 3));
  });
});

it('what is gathered is worked off in order, each once, one work at a time and none larger than allowed', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 });
  const turns = fc.array(sizes, { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(turns, async (given) => {
      const works: (readonly number[])[] = [];
      let underWay = 0;
      const gathering = new Gathering<number>({
        sizeOf: (size) => size,
        most: 12,
        work: async (items) => {
          underWay += 1;
          assert.equal(underWay, 1);
          await new Promise((resolve) => setImmediate(resolve));
          works.push(items);
          underWay -= 1;
        },
      });
      for (const turn of given) {
        for (const size of turn) gathering.add(size);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await gathering.settled();
      assert.deepEqual(works.flat(), given.flat());
      for (const items of works) assert.ok(items.reduce((sum, size) => sum + size, 0) <= 12);
    }),
    { numRuns: 50 },
  );
});

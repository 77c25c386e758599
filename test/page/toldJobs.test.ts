/** What the page holds of jobs: an older word never undoes a newer one, nothing that came during a read is lost, and only what is new is counted as new. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filterOf } from '../../src/page/jobs/jobFilter.ts';
import { rowsAnew, rowsWith, type JobRows } from '../../src/page/jobs/jobRows.ts';
import { newer, onJob, tellJob, withJob, withTold } from '../../src/page/jobs/toldJobs.ts';
import { oneAtATime } from '../../src/page/oneAtATime.ts';
import type { JobView } from '../../src/supervisor/door.ts';
import { jobRecord } from '../support/jobRecord.ts';

const READ_AT = '2026-01-01T00:01:00.000Z';
const LATE = '2026-01-01T00:02:00.000Z';
const ALL = filterOf('');

const job = (id: string, more: Partial<JobView> = {}): JobView => ({
  ...jobRecord(id),
  position: null,
  waitingFor: null,
  ...more,
});
const done = (id: string, revision = 5): JobView => job(id, { state: 'done', since: LATE, revision });
const rowsOf = (...items: JobView[]): JobRows => ({ items, fresh: new Set(), readAt: READ_AT });
const statesOf = ({ items }: JobRows): string => items.map(({ id, state }) => `${id} ${state}`).join(', ');

describe('what is told of a job', () => {
  it('never undoes what is newer, and is taken where only its place changed', () => {
    assert.equal(newer(done('j-1', 5), job('j-1', { revision: 4 })).state, 'done');
    assert.equal(newer(job('j-1', { position: 3 }), job('j-1', { position: 2 })).position, 2);
    assert.equal(newer(job('j-1'), done('j-2')).id, 'j-1');
  });

  it('leaves a list that has no such job as it is, to the object', () => {
    const held = [job('j-1'), done('j-2')];
    assert.equal(withJob(held, done('j-3')), held);
    assert.equal(withJob(held, job('j-2', { revision: 4 })), held);
  });

  it('stays in the list, whatever is told of thousands of others after it', () => {
    let rows = rowsOf(...Array.from({ length: 50 }, (_, at) => job(`j-${String(at)}`)));
    for (let at = 0; at < 3_000; at += 1) rows = rowsWith(rows, done(`j-${String(at)}`), ALL);
    assert.deepEqual(new Set(rows.items.map(({ state }) => state)), new Set(['done']));
  });

  it('is put over an answer that was on its way meanwhile, unless that is newer, and is then listened to no more', async () => {
    let answer: (items: readonly JobView[]) => void = () => undefined;
    const read = withTold(new Promise<readonly JobView[]>((resolve) => (answer = resolve)), withJob);
    tellJob(done('j-1', 2));
    tellJob(done('j-2', 2));
    answer([job('j-1', { revision: 1 }), job('j-2', { state: 'failed', revision: 3 })]);
    const items = await read;
    assert.deepEqual(
      items.map(({ state }) => state),
      ['done', 'failed'],
    );
    const heard: string[] = [];
    const stop = onJob(({ id }) => void heard.push(id));
    tellJob(job('j-1'));
    stop();
    tellJob(job('j-2'));
    assert.deepEqual(heard, ['j-1']);
  });
});

describe('the rows of a list', () => {
  it('count those as new that were made since, each once, and no old one that merely changed', () => {
    let rows = rowsOf(job('j-1'));
    const made = job('j-9', { createdAt: LATE });
    for (const told of [done('j-old'), made, { ...made, revision: 2 }]) rows = rowsWith(rows, told, ALL);
    assert.deepEqual([...rows.fresh], ['j-9']);
    assert.equal(rowsWith(rows, { ...made, revision: 3 }, ALL), rows, 'nothing is drawn anew');
  });

  it('of one state count those that came into it, until they leave it', () => {
    const filter = filterOf('state=running');
    const running = job('j-2', { state: 'running', since: LATE });
    const rows = rowsWith(rowsOf(job('j-1', { state: 'running' })), running, filter);
    assert.deepEqual([...rows.fresh], ['j-2']);
    assert.equal(rowsWith(rows, done('j-2'), filter).fresh.size, 0);
  });

  it('change in their places when the list is read anew, and what is new is counted', () => {
    const shown = rowsOf(job('j-2'), job('j-1'));
    const read = rowsOf(job('j-3', { createdAt: LATE }), done('j-2'), done('j-1'), job('j-0'));
    const rows = rowsAnew(shown, { ...read, fresh: new Set(['j-4']) }, ALL);
    assert.ok(rows !== null);
    assert.equal(statesOf(rows), 'j-2 done, j-1 done');
    assert.deepEqual([...rows.fresh].sort(), ['j-3', 'j-4']);
    assert.equal(rows.readAt, READ_AT);
  });

  it('give way to the new read where it lacks one of them', () => {
    assert.equal(rowsAnew(rowsOf(job('j-2'), job('j-1')), rowsOf(job('j-2')), ALL), null);
  });
});

it('a read that is wanted while one is under way begins after it, once', async () => {
  const ends: (() => void)[] = [];
  const read = oneAtATime(() => new Promise((resolve) => ends.push(resolve)));
  const first = read();
  void read();
  void read();
  assert.equal(ends.length, 1);
  ends[0]!();
  await new Promise(setImmediate);
  assert.equal(ends.length, 2);
  ends[1]!();
  await first;
  assert.equal(ends.length, 2);
  void read();
  assert.equal(ends.length, 3);
  ends[2]!();
});

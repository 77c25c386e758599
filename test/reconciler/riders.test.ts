/** Who goes along with a job that a worker has taken: only the next of the same host, in their order, and nobody twice. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { onlyLooks } from '../../src/reconciler/dispatch.ts';
import type { JobKind } from '../../src/push/job.ts';
import { afterDispatch, afterGrant, type OpenJob, type Place } from '../../src/reconciler/jobFlow.ts';
import { decideRiders, MOST_ON_ONE_CONNECTION } from '../../src/reconciler/riders.ts';
import { jobRecord } from '../support/jobRecord.ts';

const HOME: Place = { at: 'home', notBeforeMs: 0 };
const HELD: Place = { at: 'worker', worker: 'w1', nonce: 'aa', sinceMs: 0 };
const AT = { monoMs: 10, wall: '' };

function open(id: string, place: Place = HOME, more: Parameters<typeof jobRecord>[1] = {}): OpenJob {
  return { job: jobRecord(id, { host: 'h1', ...more }), place };
}

function along(jobs: readonly OpenJob[], leads: readonly string[] = ['lead']): string[] {
  const riders = decideRiders(jobs, { nowMs: 10, isLead: (id) => leads.includes(id) });
  return riders.map(({ open: { job }, leadId }) => `${job.id}>${leadId}`);
}

describe('decideRiders', () => {
  it('sends along what comes next on the host of a lead, and of that host only', () => {
    const jobs = [open('lead', HELD), open('a'), open('x', HOME, { host: 'h2' }), open('b')];
    assert.deepEqual(along(jobs), ['a>lead', 'b>lead']);
    assert.deepEqual(along(jobs, []), [], 'a rider leads nobody');
    assert.deepEqual(along([open('lead'), open('a')]), [], 'it is still at home');
    assert.deepEqual(along([open('old'), open('lead', HELD), open('a')]), [], 'an older one comes first');
  });

  it('passes nobody over: who must not go along holds back those behind', () => {
    const stops: OpenJob[] = [
      open('stop', { at: 'home', notBeforeMs: 11 }),
      open('stop', HOME, { kind: 'check' }),
      open('stop', HOME, { lostAttempts: 1 }),
      open('stop', HOME, { cancelRequested: true }),
      open('stop', { ...HELD, nonce: 'bb' }),
      open('stop', { at: 'queue', sinceMs: 0, leftAtMs: 0 }),
    ];
    for (const stop of stops)
      assert.deepEqual(along([open('lead', HELD), open('a'), stop, open('b')]), ['a>lead']);
    const ended = open('ended', { at: 'keeping' });
    assert.deepEqual(along([open('lead', HELD), ended, open('b')]), ['b>lead']);
    const suspect = open('lead', HELD, { lostAttempts: 1 });
    assert.deepEqual(along([suspect, open('a')]), [], 'what was at work when a worker died goes alone');
  });

  it('keeps to the most that one connection carries, with those that are along already', () => {
    const many = Array.from({ length: 30 }, (_, index) => open(`r${String(index)}`));
    assert.equal(along([open('lead', HELD), ...many]).length, MOST_ON_ONE_CONNECTION - 1);
    const there = many.map((each, index) =>
      index < 10
        ? { ...each, place: index % 2 === 0 ? HELD : ({ at: 'leaving', leftAtMs: 0 } as const) }
        : each,
    );
    assert.equal(along([open('lead', HELD), ...there]).length, MOST_ON_ONE_CONNECTION - 11);
  });

  it('loses none, takes none twice and keeps each host’s order, however often it is asked', () => {
    const kinds: JobKind[] = ['push', 'revoke', 'check', 'plan', 'remove', 'survey'];
    const job = fc.record({ host: fc.constantFrom('h1', 'h2', 'h3'), kind: fc.constantFrom(...kinds) });
    fc.assert(
      fc.property(
        fc.array(job, { maxLength: 60 }),
        fc.array(fc.boolean(), { maxLength: 6 }),
        (asked, drawn) => {
          let jobs = asked.map((more, index) => open(`j${String(index)}`, HOME, more));
          const firsts = new Set(
            ['h1', 'h2', 'h3'].map((host) => jobs.find((each) => each.job.host === host)?.job.id),
          );
          jobs = jobs.map((each) => (firsts.has(each.job.id) ? { ...each, place: HELD } : each));
          const gone = new Map<string, string[]>();
          for (const isGranted of [true, ...drawn]) {
            const riders = decideRiders(jobs, { nowMs: 10, isLead: (id) => firsts.has(id) });
            for (const {
              open: { job: one },
              leadId,
            } of riders) {
              const lead = jobs.find((each) => each.job.id === leadId)!.job;
              assert.equal(one.host, lead.host);
              assert.equal(onlyLooks(one.kind), onlyLooks(lead.kind));
              gone.set(one.host, [...(gone.get(one.host) ?? []), one.id]);
            }
            const ids = new Set(riders.map((rider) => rider.open.job.id));
            jobs = jobs.map((each) => {
              if (!ids.has(each.job.id)) return each;
              const left = afterDispatch(each, AT);
              return isGranted ? afterGrant(left, { worker: 'w1', nonce: 'aa' }, AT) : left;
            });
          }
          assert.equal(jobs.length, asked.length);
          for (const [host, ids] of gone) {
            const waiting = jobs
              .filter((each) => each.job.host === host)
              .map((each) => each.job.id)
              .slice(1);
            assert.deepEqual(ids, waiting.slice(0, ids.length), 'the next ones, in their order, each once');
            assert.ok(ids.length < MOST_ON_ONE_CONNECTION);
          }
        },
      ),
    );
  });
});

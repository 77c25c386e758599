/** What is remembered of a host from the ends of jobs: in order, drifted with what, never pushed so, or not reached since when. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAccountWish } from '../../src/push/account.ts';
import { afterJob, driftCounts, stateOfNote, stillWanted, type HostNote } from '../../src/push/drift.ts';
import type { HostResult, JobRecord } from '../../src/push/job.ts';
import type { AccountPlan } from '../../src/push/plan.ts';

const AT = (minute: number): string => `2026-03-01T00:${String(minute).padStart(2, '0')}:00.000Z`;

function job(minute: number, plan: Partial<AccountPlan> | null, more: Partial<JobRecord> = {}): JobRecord {
  const whole: AccountPlan | null =
    plan === null
      ? null
      : {
          of: 'push',
          verdict: 'unchanged',
          reason: 'AlreadyAsWished',
          words: {},
          changes: [],
          notes: [],
          digest: 'd',
          ...plan,
        };
  const result: HostResult = {
    ...{ outcome: 'unchanged', stage: 'plan', reason: plan === null ? 'ConnectRefused' : 'PlanMade' },
    ...{ detail: 'said', changes: [], facts: {}, replayed: false, at: AT(minute) },
    ...(whole === null ? {} : { plan: whole }),
  };
  return {
    ...{ id: 'j-1', pushId: `p-${String(minute)}`, kind: 'plan', host: 'web-1', granted: true },
    account: parseAccountWish({ name: 'lee', keys: [] }),
    ...{
      createdAt: AT(0),
      state: plan === null ? 'failed' : 'done',
      since: AT(minute),
      attempt: 1,
      lostAttempts: 0,
    },
    ...{ revision: 2, stage: 'plan', worker: 'push-1', cancelRequested: false, result },
    ...more,
  };
}

function after(...jobs: readonly JobRecord[]): HostNote {
  const note = jobs.reduce<HostNote | undefined>(
    (before, each) => afterJob(before, each) ?? before,
    undefined,
  );
  assert.ok(note !== undefined);
  return note;
}

const CHANGED = {
  verdict: 'change',
  isDrift: true,
  reason: 'PlanMade',
  changes: [
    { code: 'sudo-written', what: 'ALL', before: null },
    { code: 'keys-added', what: 'k', before: null },
  ],
} as const;

describe('what is remembered of a host', () => {
  it('is in order once it has said so, and tells when and to which push', () => {
    const note = after(job(1, {}));
    assert.deepEqual(note, { at: AT(1), push: 'p-1', unreached: null, findings: [] });
    assert.equal(stateOfNote(note), 'inOrder');
  });

  it('is drift, of each kind once, since the look that found it first', () => {
    const note = after(job(1, CHANGED), job(2, CHANGED));
    const [finding] = note.findings;
    assert.deepEqual(
      [finding?.kinds, finding?.since, finding?.at, finding?.push],
      [['key', 'rule'], AT(1), AT(2), 'p-2'],
    );
    assert.match(finding?.what.join() ?? '', /write sudo rule: ALL/);
    assert.equal(stateOfNote(note), 'drifted');
    const conflict = after(job(1, { verdict: 'conflict', reason: 'AccountForeign', isDrift: true }));
    assert.deepEqual(conflict.findings[0]?.kinds, ['conflict']);
  });

  it('is no drift where it was never pushed so', () => {
    const note = after(job(1, { ...CHANGED, isDrift: false }));
    assert.equal(stateOfNote(note), 'differs');
    assert.equal(driftCounts([note]).driftedHosts, 0);
  });

  it('is over once a look or a push of the grants finds it as wanted; another account stays as it was', () => {
    const kim = parseAccountWish({ name: 'kim', keys: [] });
    const both = [job(1, CHANGED), job(1, CHANGED, { account: kim })];
    const pushed = after(...both, job(2, null, { kind: 'push', state: 'done' }));
    assert.deepEqual(
      pushed.findings.map(({ account }) => account),
      ['kim'],
    );
    assert.equal(stateOfNote(after(...both, job(2, {}), job(2, {}, { account: kim }))), 'inOrder');
    const failed = after(...both, job(2, null, { kind: 'push', state: 'failed' }));
    assert.equal(failed.findings.length, 2);
  });

  it('keeps what was found while it cannot be reached, and since when that is', () => {
    const note = after(job(1, CHANGED), job(2, null), job(3, null));
    assert.equal(stateOfNote(note), 'unreached');
    assert.deepEqual([note.unreached?.since, note.unreached?.push, note.at], [AT(2), 'p-3', AT(1)]);
    assert.equal(driftCounts([note]).driftedHosts, 1);
    assert.equal(after(job(1, null), job(2, {})).unreached, null);
  });

  it('is not changed by what says nothing of the grants', () => {
    for (const more of [
      { granted: false },
      { kind: 'check' },
      { state: 'cancelled' },
      { account: null },
    ] as Partial<JobRecord>[])
      assert.equal(afterJob(undefined, job(1, CHANGED, more)), null, JSON.stringify(more));
  });

  it('is counted without any name', () => {
    const notes = [after(job(1, CHANGED)), after(job(1, {})), after(job(1, null))];
    const counts = driftCounts(notes);
    assert.deepEqual(counts.byState, { inOrder: 1, drifted: 1, differs: 0, unreached: 1 });
    assert.deepEqual(counts.byKind, { account: 0, key: 1, group: 0, rule: 1, conflict: 0, blocked: 0 });
  });

  it('is forgotten where no grant wants it any more', () => {
    const note = after(job(1, CHANGED));
    assert.equal(stillWanted(note, null), null);
    assert.deepEqual(stillWanted(note, new Set())?.findings, []);
    assert.equal(stillWanted(note, new Set(['lee'])), note);
  });

  it('stays small, whatever a host says', () => {
    const loud = {
      ...CHANGED,
      changes: Array.from({ length: 500 }, () => ({
        code: 'keys-added',
        what: 'x'.repeat(10_000),
        before: null,
      })),
    };
    const note = after(job(1, loud as unknown as Partial<AccountPlan>));
    assert.ok(JSON.stringify(note).length < 4_000);
  });
});

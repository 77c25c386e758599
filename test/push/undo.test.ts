/** What an undo would do, and whether a push can be undone: values in, values out. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'node:test';
import type { HostOutcome, HostResult, JobKind, JobRecord, PushRecord } from '../../src/push/job.ts';
import { undoability, undoneBy } from '../../src/push/undoable.ts';
import { readUndoFacts, type UndoFacts } from '../../src/push/undoFacts.ts';
import { planUndo } from '../../src/push/undoPlan.ts';
import { jobsToUndo, refuseSecondUndo } from '../../src/supervisor/undoDraft.ts';
import { jobRecord } from '../support/jobRecord.ts';

const tell = (...lines: string[]): string => btoa(`${lines.join('\n')}\n`);
const facts = (more: Partial<UndoFacts> = {}): UndoFacts => ({
  ...{ isInUse: false, mark: 'ours', isThere: true, record: 'left', differs: '', takesAway: null },
  ...{ sudo: null, isAccessBack: false, shell: null, comment: null, join: [], leave: [] },
  ...{ keyLines: null, isReadOnly: false },
  ...more,
});
const made = { home: '/home/eva', processes: 0, running: '', isBare: true, hasCrontab: false };

const result = (outcome: HostOutcome, changes: readonly string[] = []): HostResult => ({
  ...{ outcome, stage: 'verify', reason: 'AccountPushed', detail: '', changes, facts: {} },
  ...{ replayed: false, at: 'T' },
});
const job = (id: string, outcome: HostOutcome | null, more: Partial<JobRecord> = {}): JobRecord =>
  jobRecord(id, {
    ...{ state: outcome === null ? 'running' : 'done', result: outcome === null ? null : result(outcome) },
    ...{ createdAt: `2026-01-01T00:00:0${id.slice(2)}.000Z` },
    ...more,
  });

describe('the plan of an undo', () => {
  const REFUSED: readonly (readonly [more: Partial<UndoFacts>, reason: string])[] = [
    [{ isInUse: true }, 'AccountInUse'],
    [{ mark: 'damaged' }, 'AccountMarkDamaged'],
    [{ mark: 'other' }, 'AccountOfOtherCluster'],
    [{ record: 'none' }, 'NothingToUndo'],
    [{ record: 'begun' }, 'PushUnfinished'],
    [{ record: 'undone' }, 'AlreadyUndone'],
    [{ differs: 'its groups' }, 'ChangedSincePush'],
    [{ takesAway: { ...made, processes: 1 } }, 'AccountRuns'],
    [{ isReadOnly: true }, 'HostReadOnly'],
  ];
  for (const [more, reason] of REFUSED)
    it(`does nothing because of ${reason}`, () => {
      const plan = planUndo(facts(more));
      assert.equal(plan.reason, reason);
      assert.deepEqual(plan.changes, []);
      assert.notEqual(plan.verdict, 'change');
    });

  it('archives a home only where something is in it that the push did not put there', () => {
    const codes = (takesAway: UndoFacts['takesAway']): readonly string[] =>
      planUndo(facts({ takesAway })).changes.map(({ code }) => code);
    assert.deepEqual(codes(made), ['account-removed', 'home-removed']);
    assert.deepEqual(codes({ ...made, isBare: false }), ['home-archived', 'account-removed', 'home-removed']);
    assert.deepEqual(codes({ ...made, home: '', isBare: true }), ['account-removed']);
  });

  it('reads what a host tells, and nothing of what it does not', () => {
    assert.equal(readUndoFacts(tell('record left')), null);
    assert.equal(readUndoFacts(tell('record strange', 'account present')), null);
    assert.equal(readUndoFacts('%'), null);
    const read = readUndoFacts(
      tell(
        'account present',
        'record left',
        'shell /bin/sh',
        'shellBefore /bin/bash',
        'join audio',
        'password x',
      ),
    );
    assert.deepEqual(read?.shell, { now: '/bin/sh', before: '/bin/bash' });
    assert.deepEqual(read.join, ['audio']);
    assert.ok(!JSON.stringify(read).includes('password'));
  });
});

describe('whether a push can be undone', () => {
  const push = { kind: 'push' as JobKind };
  const why = (jobs: readonly JobRecord[], later: readonly JobRecord[] = []): string =>
    undoability(push, jobs, [...jobs, ...later]).notUndoable ?? 'undoable';
  const CASES: readonly (readonly [what: string, said: RegExp, jobs: JobRecord[], later?: JobRecord[]])[] = [
    ['changed', /^undoable$/, [job('j-1', 'changed')]],
    ['changed on one of two', /^undoable$/, [job('j-1', 'changed'), job('j-2', 'unchanged')]],
    ['unknown', /^undoable$/, [job('j-1', 'unknown')]],
    ['open', /not ended/, [job('j-1', null)]],
    ['unchanged', /changed nothing/, [job('j-1', 'unchanged')]],
    ['failed before it changed anything', /changed nothing/, [job('j-1', 'failed')]],
    ['failed half-way', /^undoable$/, [job('j-1', 'failed', { result: result('failed', ['added key']) })]],
    [
      'undone',
      /was undone on web-1/,
      [job('j-1', 'changed')],
      [job('j-2', 'changed', { kind: 'undo', undoOf: 'j-1' })],
    ],
    [
      'undone in vain',
      /^undoable$/,
      [job('j-1', 'changed')],
      [job('j-2', 'conflict', { kind: 'undo', undoOf: 'j-1' })],
    ],
    [
      'being undone',
      /is being undone/,
      [job('j-1', 'changed')],
      [job('j-2', null, { kind: 'undo', undoOf: 'j-1' })],
    ],
    [
      'followed by another',
      /a later push \(j-2\).*on web-1; undo that first\.$/,
      [job('j-1', 'changed')],
      [job('j-2', 'changed')],
    ],
    [
      'followed on another host',
      /^undoable$/,
      [job('j-1', 'changed')],
      [job('j-2', 'changed', { host: 'web-2' })],
    ],
    [
      'followed by a removal',
      /a later remove \(j-2\) changed the account on web-1\.$/,
      [job('j-1', 'changed')],
      [job('j-2', 'changed', { kind: 'remove' })],
    ],
    [
      'followed by one that was undone',
      /^undoable$/,
      [job('j-1', 'changed')],
      [job('j-2', 'changed'), job('j-3', 'changed', { kind: 'undo', undoOf: 'j-2' })],
    ],
  ];
  for (const [what, said, jobs, later] of CASES)
    it(`that is ${what}`, () => {
      assert.match(why(jobs, later), said);
    });

  it('names the pushes that took it back on some host, each once, and no other', () => {
    const undo = (id: string, pushId: string, undoOf: string, outcome: HostOutcome | null = 'changed') =>
      job(id, outcome, { kind: 'undo', pushId, undoOf });
    const jobs = [job('j-1', 'changed'), job('j-2', 'changed', { host: 'web-2' })];
    const ofAccount = [
      ...[undo('j-7', 'p-7', 'j-2'), undo('j-6', 'p-7', 'j-1'), undo('j-5', 'p-5', 'j-1', 'conflict')],
      ...[undo('j-4', 'p-4', 'j-1', null), undo('j-3', 'p-3', 'j-1'), undo('j-8', 'p-8', 'j-9'), ...jobs],
    ];
    assert.deepEqual(undoneBy(jobs, ofAccount), ['p-7', 'p-3']);
  });

  it('says never of anything but a push and a revoke, whatever its jobs say', () => {
    const kinds = fc.constantFrom<JobKind>('check', 'plan', 'survey', 'remove', 'undo');
    fc.assert(
      fc.property(kinds, (kind) => {
        assert.equal(undoability({ kind }, [job('j-1', 'changed', { kind })], []).undoable, false);
      }),
    );
  });

  it('goes back through any number of pushes from the last to the first, and never out of turn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 7 }), (count, undone) => {
        const pushes = Array.from({ length: count }, (_, at) => job(`j-${String(at)}`, 'changed'));
        const undos = pushes
          .slice(Math.max(0, count - undone))
          .map(({ id }) => job('j-9', 'changed', { kind: 'undo', undoOf: id }));
        const able = pushes.map((each) => undoability(push, [each], [...pushes, ...undos]).undoable);
        assert.deepEqual(
          able,
          pushes.map((_, at) => at === count - undone - 1),
        );
      }),
    );
  });
});

describe('the jobs of an undo', () => {
  const push: PushRecord = {
    ...{ id: 'p-1', kind: 'push' as const, accountName: 'eva', createdAt: 'T' },
    ...{ actor: 'a', reason: null, jobIds: [] },
  };
  const jobs = [
    job('j-1', 'changed'),
    job('j-2', 'unchanged', { host: 'web-2' }),
    job('j-3', 'unknown', { host: 'web-3' }),
  ];
  const undo = { kind: 'undo', hosts: [] as string[], confirm: 'eva' } as const;

  it('are for the hosts that may have been changed, each with the job that it takes back', () => {
    assert.deepEqual(
      [...jobsToUndo(undo, push, jobs).undoes],
      [
        ['web-1', 'j-1'],
        ['web-3', 'j-3'],
      ],
    );
    assert.deepEqual(jobsToUndo({ ...undo, hosts: ['web-3'] }, push, jobs).hosts, ['web-3']);
  });

  it('are not made without the name, for a stranger, of what is open, changed nothing or is no push, or twice', () => {
    const { confirm, ...unsaid } = undo;
    assert.equal(confirm, 'eva');
    const code = (expected: string) => ({ code: expected });
    assert.throws(() => jobsToUndo(unsaid, push, jobs), code('REFUSED_BY_GUARD'));
    assert.ok(jobsToUndo({ ...unsaid, kind: 'plan' }, push, jobs), 'a plan needs none');
    assert.throws(() => jobsToUndo({ ...undo, hosts: ['web-9'] }, push, jobs), code('USAGE'));
    assert.throws(() => jobsToUndo(undo, { ...push, kind: 'undo' }, jobs), code('USAGE'));
    assert.throws(() => jobsToUndo(undo, push, [job('j-1', null)]), code('CONFLICTING_STATE'));
    assert.throws(() => jobsToUndo(undo, push, [jobs[1]!]), code('CONFLICTING_STATE'));
    const open = [job('j-8', null, { kind: 'undo', undoOf: 'j-3', pushId: 'p-8' })];
    assert.throws(() => {
      refuseSecondUndo(push, jobsToUndo(undo, push, jobs), open);
    }, code('CONFLICTING_STATE'));
  });
});

/** The pure rules of healing, one by one, at their edges. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerVerdict } from '../../src/detector/container.ts';
import { ailmentOf } from '../../src/reconciler/ailment.ts';
import { brakeOn } from '../../src/reconciler/brake.ts';
import { clearanceOf } from '../../src/reconciler/clearance.ts';
import { dependencyGraph } from '../../src/reconciler/dependency.ts';
import { followUpsOf } from '../../src/reconciler/followUp.ts';
import { planSteps } from '../../src/reconciler/healPlan.ts';
import * as records from '../../src/reconciler/healRecord.ts';
import { selectionOf, type SelectionRules } from '../../src/reconciler/selection.ts';
import { standingOf } from '../../src/reconciler/verify.ts';
import { recordOf } from '../../src/supervisor/healMemory.ts';
import { Maintenance } from '../../src/supervisor/maintenance.ts';
import { momentAt, UNTOUCHED } from '../support/healScene.ts';
import { A_TIME, healthOf, idOf, madeUpContainer } from '../support/madeUpContainer.ts';

const { HEAL_POLICY, NO_TREATMENT } = records;
const BEFORE = { status: 'running', pid: 4242, startedAt: A_TIME } as const;
const NEW = { pid: 5, startedAt: '2026-01-02T04:00:00.000Z' } as const;
const DOWN = { status: 'exited', pid: 0, health: null, exitCode: 137 } as const;

describe('verify', () => {
  const answer = { isDone: true, isLate: false, detail: 'said', atMs: 1_000 };
  type Case = [
    string,
    { how?: 'restart' | 'start' | 'stop'; answer?: Partial<typeof answer> | null; before?: 'exited' },
    Parameters<typeof madeUpContainer>[1],
    { nowMs: number; signalled?: boolean },
    RegExp,
  ];
  const CASES: Case[] = [
    ['no word yet', { answer: null }, {}, { nowMs: 69_999 }, /^waits /],
    [
      'no word at all',
      { answer: null },
      {},
      { nowMs: 70_000 },
      /^failed null nothing was heard of it for 70 s/,
    ],
    ['done, not yet seen', {}, {}, { nowMs: 5_999 }, /^waits /],
    ['done, nothing changed', {}, {}, { nowMs: 6_000 }, /^failed null .*view of it is stale/],
    [
      'a crash loop',
      {},
      { status: 'restarting', pid: 0, exitCode: 3, startedAt: NEW.startedAt },
      { nowMs: 6_000 },
      /^failed null it was started and ended again with exit code 3, and Docker keeps starting it/,
    ],
    ['too late', { answer: { isDone: false, isLate: true } }, {}, { nowMs: 20_999 }, /^waits /],
    [
      'too late, nothing came',
      { answer: { isDone: false, isLate: true } },
      {},
      { nowMs: 21_000 },
      /^failed null said/,
    ],
    ['another pid, the same start', {}, { pid: 5 }, { nowMs: 3_000 }, /^waits false/],
    ['another start, the same pid', {}, { startedAt: NEW.startedAt }, { nowMs: 3_000 }, /^waits false/],
    ['a new life, healthy', {}, NEW, { nowMs: 3_000 }, /^done/],
    ['a new life, gone', {}, { ...NEW, process: 'gone' }, { nowMs: 3_000 }, /^waits true/],
    [
      'a new life, a zombie',
      {},
      { ...NEW, process: 'zombie' },
      { nowMs: 72_000 },
      /^failed null .*does not live/,
    ],
    [
      'a new life, starting',
      {},
      { ...NEW, health: healthOf('starting', 1) },
      { nowMs: 71_999 },
      /^waits true/,
    ],
    [
      'never healthy',
      {},
      { ...NEW, health: healthOf('starting', 1) },
      { nowMs: 72_000 },
      /not passed within 70 s/,
    ],
    [
      'unhealthy again',
      {},
      { ...NEW, health: healthOf('unhealthy', 1) },
      { nowMs: 3_000 },
      /unhealthy again/,
    ],
    ['no check, lives', {}, { ...NEW, health: null, healthCheck: null }, { nowMs: 11_999 }, /^waits true/],
    ['no check, lives on', {}, { ...NEW, health: null, healthCheck: null }, { nowMs: 12_000 }, /^done/],
    ['paused', {}, { ...NEW, status: 'paused' }, { nowMs: 3_000 }, /^failed null it was paused/],
    ['ended, not started', {}, DOWN, { nowMs: 3_000 }, /^failed true it was ended and not started again/],
    ['down before and still', { before: 'exited' }, DOWN, { nowMs: 9_000 }, /^failed null/],
    ['a new life that ended', {}, { ...NEW, ...DOWN, restartPolicy: 'no' }, { nowMs: 3_000 }, /^failed true/],
    [
      'stopped meanwhile',
      {},
      { ...NEW, ...DOWN, restartPolicy: 'no' },
      { nowMs: 3_000, signalled: true },
      /^failed false/,
    ],
    ['down against its policy', {}, { ...NEW, ...DOWN }, { nowMs: 3_000 }, /^failed false/],
    ['a stop', { how: 'stop' }, DOWN, { nowMs: 3_000 }, /^done it is stopped \(exit code 137\)/],
    ['a stop, not yet', { how: 'stop' }, {}, { nowMs: 3_000 }, /^waits/],
  ];
  for (const [name, change, facts, { nowMs, signalled = false }, wanted] of CASES)
    it(name, () => {
      const underWay = {
        ...{ how: change.how ?? 'restart', actor: 'garrison', askedAtMs: 0, isUnwatched: false },
        before: { ...BEFORE, ...(change.before === undefined ? {} : { status: change.before }) },
        answer: change.answer === null ? null : { ...answer, ...change.answer },
        restartedAtMs: 2_000,
      } as const;
      const question = {
        underWay,
        facts: madeUpContainer('core', facts),
        lookedAtMs: nowMs,
        signalled,
        dockerUpSinceMs: 0,
      };
      const standing = standingOf(question, nowMs);
      const word =
        standing.kind === 'waits'
          ? standing.restarted
          : standing.kind === 'failed'
            ? standing.leftStopped
            : '';
      const detail = standing.kind === 'waits' ? '' : standing.detail;
      assert.match(`${standing.kind} ${String(word)} ${detail}`.replace(/ +/g, ' '), wanted);
      if (standing.kind === 'waits') assert.ok(standing.untilMs > nowMs);
    });
});

describe('selection', () => {
  const RULES: SelectionRules = { select: 'label', projects: [], heal: [], observe: [], exclude: [] };
  const CASES: [string, Parameters<typeof madeUpContainer>[1], Partial<SelectionRules>, string][] = [
    ['nobody chose it', {}, {}, 'unselected'],
    ['its label', { healLabel: ' TRUE ' }, {}, 'heal'],
    [
      'false against everything',
      { healLabel: 'false' },
      { select: 'all', heal: ['core'], projects: ['jms'] },
      'never',
    ],
    ['excluded against its label', { healLabel: 'true' }, { exclude: ['core'] }, 'never'],
    ['excluded by service', { service: 'web', healLabel: 'true' }, { exclude: ['web'] }, 'never'],
    ['a one-off', { isOneOff: true, healLabel: 'true' }, {}, 'never'],
    ['observe against true', { healLabel: 'true' }, { observe: ['core'] }, 'observe'],
    ['nonsense in the label', { healLabel: 'yes' }, { select: 'all', heal: ['core'] }, 'observe'],
    ['an empty label', { healLabel: '' }, { select: 'all' }, 'observe'],
    ['named', {}, { heal: ['core'] }, 'heal'],
    ['its project', {}, { projects: ['jms'] }, 'heal'],
    ['another project', {}, { projects: ['other'] }, 'unselected'],
    ['no project', { project: null }, { projects: ['jms'] }, 'unselected'],
    [
      'a data store by image',
      { image: 'registry:5000/bitnami/postgresql-repmgr:16@sha256:00' },
      { select: 'all' },
      'observe',
    ],
    ['a data store by service', { image: 'own:1', service: 'my_redis' }, { projects: ['jms'] }, 'observe'],
    ['a data store that is named', { image: 'redis:7' }, { select: 'all', heal: ['core'] }, 'heal'],
    ['no data store by its folder', { image: 'redis/insight:1' }, { select: 'all' }, 'heal'],
  ];
  for (const [name, facts, rules, wanted] of CASES)
    it(name, () => {
      assert.equal(selectionOf(madeUpContainer('core', facts), { ...RULES, ...rules }).selection, wanted);
    });
});

describe('the brake', () => {
  for (const [sick, all, isOn] of [
    [2, 2, false],
    [3, 6, true],
    [3, 7, false],
    [4, 8, true],
    [3, 3, true],
  ] as const)
    it(`${String(sick)} of ${String(all)}: ${String(isOn)}`, () => {
      const names = Array.from({ length: sick }, (_, index) => `c${String(index)}`);
      assert.equal(brakeOn({ sick: names, all }) !== null, isOn);
    });
});

it('clearance: never our own or one with a login, later while compose is at work', () => {
  const { sessions } = UNTOUCHED;
  assert.equal(clearanceOf(UNTOUCHED).kind, 'clear');
  assert.equal(clearanceOf({ ...UNTOUCHED, isOwn: true, composeAtWork: 'up' }).kind, 'never');
  assert.equal(clearanceOf({ ...UNTOUCHED, sessions: { ...sessions, carriesLogin: true } }).kind, 'never');
  assert.equal(clearanceOf({ ...UNTOUCHED, composeAtWork: 'up' }).kind, 'later');
});

it('ailments: what could be treated, and nothing else', () => {
  const of = (
    state: ContainerVerdict['state'],
    reason: ContainerVerdict['reason'],
    zombies = false,
  ): unknown => ailmentOf({ state, reason }, zombies);
  assert.equal(of('unhealthy', 'ProbeFailed'), 'unhealthy');
  assert.equal(of('unhealthy', 'ProbeNotRun'), 'unprobed');
  assert.equal(of('ghost', 'NoProcess'), 'ghost');
  assert.equal(of('healthy', 'ProbePassed', true), 'zombies');
  for (const state of ['healthy', 'starting', 'paused', 'stopped', 'unknown', 'quarantined'] as const)
    assert.equal(of(state, 'ProbePassed'), null);
});

it('follow-ups: who has lost a namespace or is told to, once, and not who shares volumes', () => {
  const vpn = madeUpContainer('vpn');
  const shared = { what: 'network', with: idOf('vpn') } as const;
  const all = [
    vpn,
    madeUpContainer('net', { shares: [shared, { what: 'pid', with: 'vpn' }] }),
    madeUpContainer('told', { dependsOnLabel: 'vpn:service_started:true' }),
    madeUpContainer('data', { shares: [{ what: 'volumes', with: 'vpn' }] }),
    madeUpContainer('plain', { dependsOnLabel: 'vpn' }),
    madeUpContainer('behind', { shares: [{ what: 'network', with: 'net' }] }),
  ];
  const ids = followUpsOf(vpn, dependencyGraph(all, {})).map(({ id }) => id);
  assert.deepEqual(ids, [idOf('told'), idOf('net')]);
});

it('follow-ups: none in a circle, whose members would restart each other without end', () => {
  const one = madeUpContainer('one', { dependsOnLabel: 'two:service_healthy:true' });
  const two = madeUpContainer('two', { dependsOnLabel: 'one:service_healthy:true' });
  assert.deepEqual(followUpsOf(one, dependencyGraph([one, two], {})), []);
});

describe('the record', () => {
  const at = (nowMs: number): { policy: typeof HEAL_POLICY; nowMs: number } => ({
    policy: HEAL_POLICY,
    nowMs,
  });
  const restart = { how: 'restart', actor: 'garrison', before: BEFORE } as const;

  it('backs off 10 s, doubling to 5 min, and forgets it after ten healthy minutes but not the budget', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 40].map((count) => records.delayAfter(count, HEAL_POLICY) / 1000),
      [10, 20, 40, 80, 160, 300, 300],
    );
    let record = records.cured(records.begun(NO_TREATMENT, restart, at(0)), HEAL_POLICY, 1_000);
    assert.equal(record.notBeforeMs, 11_000);
    record = records.seenWell(record, true, at(600_999));
    assert.equal(record.treatments, 1);
    record = records.seenWell(record, false, at(601_000));
    record = records.seenWell(record, true, at(602_000));
    record = records.seenWell(record, true, at(1_201_999));
    assert.equal(record.treatments, 1, 'the ten minutes began anew');
    record = records.seenWell(record, true, at(1_202_000));
    assert.deepEqual([record.treatments, record.failures, record.notBeforeMs], [0, 0, -Infinity]);
    assert.equal(records.restartsWithin(record, HEAL_POLICY, 1_799_999), 1);
    assert.equal(records.restartsWithin(record, HEAL_POLICY, 1_800_000), 0);
  });

  it('gives back what was not done, and counts no stop and no start', () => {
    const given = records.notDone(records.begun(NO_TREATMENT, restart, at(5)), HEAL_POLICY, 9);
    assert.deepEqual([given.restartsAtMs, given.treatments, given.underWay], [[], 0, null]);
    for (const how of ['stop', 'start'] as const)
      assert.deepEqual(records.begun(NO_TREATMENT, { ...restart, how }, at(5)).restartsAtMs, []);
  });

  it('is kept over a restart; a clock set back makes no restart of the future', () => {
    const kept = {
      ...{ id: 'x', name: 'core', restartsAt: [momentAt(60_000).wall], treatments: 2, failures: 1 },
      ...{
        leftStopped: false,
        quarantine: null,
        underWay: { ...restart, actor: 'wang' },
      },
    } as const;
    const later = recordOf(kept, HEAL_POLICY, { ...momentAt(90_000), monoMs: 7_000 });
    assert.deepEqual(later.restartsAtMs, [-23_000]);
    assert.deepEqual([later.notBeforeMs, later.underWay?.isUnwatched], [-3_000, true]);
    assert.deepEqual(recordOf(kept, HEAL_POLICY, { ...momentAt(0), monoMs: 7_000 }).restartsAtMs, [7_000]);
  });
});

it('a plan says the steps in order, whom it spares, and what comes after a failure', () => {
  const facts = madeUpContainer('vpn');
  const inside = madeUpContainer('inside', { shares: [{ what: 'network', with: 'vpn' }] });
  const plain = madeUpContainer('plain', { dependsOnLabel: 'vpn' });
  const graph = dependencyGraph([facts, inside, plain], {});
  const others = new Map(
    [facts, inside, plain].map(({ id, name }) => [id, { name, isHealed: true, isRunning: true }]),
  );
  const question = { facts, because: 'it is sick', policy: HEAL_POLICY, graph, others, record: NO_TREATMENT };
  const steps = planSteps({ ...question, how: 'restart', untilWell: true }, 0);
  const wanted = [
    /^keep what/,
    /^vpn: restart it/,
    /^see that/,
    /^then inside/,
    /^leave plain alone/,
    /up to 3 restarts/,
  ];
  assert.equal(steps.length, wanted.length);
  for (const [index, pattern] of wanted.entries()) assert.match(steps[index]!, pattern);
  const spent = { ...NO_TREATMENT, restartsAtMs: [0, 1] };
  assert.match(
    planSteps({ ...question, record: spent, how: 'restart', untilWell: true }, 2).at(-1)!,
    /quarantine/,
  );
  assert.match(planSteps({ ...question, how: 'stop', untilWell: false }, 0).at(-1)!, /it stays so/);
});

it('maintenance: the latest of all scopes counts, it ends by itself, and what is over is not restored', () => {
  const board = new Maintenance();
  const by = { actor: 'wang', reason: null };
  board.begin({ scope: 'all', ...by }, 1_000, momentAt(0));
  board.begin({ scope: 'project/jms', ...by }, 5_000, momentAt(0));
  assert.equal(board.untilOf({ name: 'core', project: 'jms' }), momentAt(5_000).wall);
  assert.equal(board.untilOf({ name: 'core', project: null }), momentAt(1_000).wall);
  assert.equal(board.nextEndMs, 1_000);
  const kept = board.views();
  assert.deepEqual(
    board.takeOver(1_000).map(({ scope }) => scope),
    ['all'],
  );
  assert.equal(board.untilOf({ name: 'core', project: null }), null);
  const next = new Maintenance();
  next.restore(kept, momentAt(2_000));
  assert.deepEqual(
    next.views().map(({ scope }) => scope),
    ['project/jms'],
  );
  assert.deepEqual([next.end('project/jms'), next.end('project/jms')], [true, false]);
});

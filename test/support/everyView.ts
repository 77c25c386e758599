/**
 * Puts something of everything behind the page, so that every view has all that it can show; what others wrote may be any text.
 * It never starts anything.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeSupervisor } from './fakeSupervisor.ts';
import { containerView, hostView, result, worker, zombieView } from './fakeDoor.ts';
import { planAccount } from '../../src/push/plan.ts';
import { planUndo } from '../../src/push/undoPlan.ts';
import type { Leftover } from '../../src/supervisor/door.ts';
import { accountOf, factsOf, OURS, TOKEN, undoFactsOf, wishOf } from './planScene.ts';
import { beatsView, containerHealth } from './fakeHistory.ts';

/** Of everything that hosts, containers, processes and people write; names that have an address of their own stay plain. */
export type Says = (usual: string) => string;

export const usually: Says = (usual) => usual;

/** Each with what must be there before it is looked at. */
export const VIEWS: readonly (readonly [path: string, waitsFor: string])[] = [
  ['', 'tr[data-worker="push-2"]'],
  ['workers', 'tr[data-worker="push-2"]'],
  ['workers/push-2', '[data-beats]'],
  ['jobs', 'tr[data-job="j-1"]'],
  ['jobs/j-1', '[data-result]'],
  ['pushes', 'tbody tr'],
  ['pushes/p-1', 'tr[data-job="j-1"]'],
  ['push', '[data-host]'],
  ['pushes/p-plan', '[data-choices]'],
  ['pushes/p-undo', '[data-undo]'],
  ['pushes/p-taken', '[data-not-undoable]'],
  ['grants?plans=p-plan', '[data-check] tr[data-planned]'],
  ['leftovers/p-survey', 'tr[data-leftover]'],
  ['containers', 'tr[data-container="core"]'],
  ['containers/core', '.probes li'],
  ['timeline', '.timeline > li'],
  ['zombies', 'tr[data-parent]'],
  ['users', 'tr[data-account]'],
];

const SINCE = '2025-01-02T03:04:05.678Z';

export function fillEverything({ door, home }: FakeSupervisor, says: Says = usually): void {
  fillWorkers(door, says);
  fillJobs(door, says);
  fillPlans(door, says);
  fillUndo(door, says);
  fillContainers(door, says);
  door.zombies = [
    zombieView(901, {
      name: says('celery'),
      parent: { pid: 812, name: says('cron'), container: says('0123456789ab') },
      owner: 'container',
      advice: says('It is dead and harmless.'),
    }),
  ];
  door.limited = says('the processes of others cannot be seen');
  door.interrupts = [says('2 jobs are run again')];
  door.steps = [says('restart core, which is the root cause')];
  writeFileSync(join(door.history.journalHome ?? home, 'journal.jsonl'), journalOf(says));
  door.history.journalHome = home;
}

function fillWorkers(door: FakeSupervisor['door'], says: Says): void {
  const truth = { verdict: 'bad', evidence: says('its main loop stands still'), since: SINCE } as const;
  door.workers = [
    worker('push-1', { detail: says('push-1 takes jobs') }),
    worker('push-2', {
      state: 'hung',
      reason: 'LoopBlocked',
      detail: says('its main loop has not turned'),
      jobs: ['j-1', says('j-2')],
      truths: { process: truth, heartbeat: truth, broker: truth, slots: truth, progress: truth },
    }),
  ];
  door.history.beatsOf['push-2'] = beatsView('push-2', {
    items: [{ at: '2025-01-02T03:01:00.000Z', kind: 'beat', sinceLastMs: null }],
  });
  door.incidents = [
    {
      ...{ id: 'i-1', worker: 'push-2', at: SINCE, from: null, state: 'backoff', reason: 'Exited' },
      ...{ shown: false, detail: says('it ended'), autopsyFile: says('a.json'), lastLines: [says('boom')] },
    },
  ];
}

function fillJobs(door: FakeSupervisor['door'], says: Says): void {
  const account = { name: says('eva'), keys: [], groups: [], shell: null, sudo: 'none', comment: null };
  const said = result({
    outcome: 'failed',
    reason: says('ConnectRefused'),
    detail: says('nothing listens there'),
    changes: [says('created account')],
    facts: { [says('system')]: says('Debian') },
  });
  const job = { pushId: 'p-1', host: says('web-1'), account: account as never, worker: says('push-1') };
  door.jobs = [
    door.job0('j-1', {
      ...job,
      state: 'failed',
      stage: 'connect',
      result: said,
      attempt: 2,
      lostAttempts: 1,
    }),
    door.job0('j-2', { ...job, waitingFor: says('a free slot'), position: 1 }),
  ];
  writeFileSync(join(door.logFolder, 'j-1.log'), `${says('a line of the log')}\n`);
  const who = { accountName: says('eva'), actor: says('user:chen'), reason: says('a new colleague') };
  const ids = door.jobs.map(({ id }) => id);
  door.pushes = [
    { id: 'p-1', kind: 'push', createdAt: SINCE, ...who, jobIds: ids, state: 'open', jobs: door.jobs },
  ];
  door.hosts = [
    hostView('web-1', { address: says('127.0.0.1'), groups: [says('web')], user: says('root') }),
    hostView(says('web-2'), { state: 'untrusted' }),
    hostView('web-3', { state: 'unknown', detail: says('a job there may still run') }),
  ];
  door.scanned = door.scanned.map((key) => ({ ...key, type: says('ssh-ed25519') }));
}

function fillPlans(door: FakeSupervisor['door'], says: Says): void {
  const account = wishOf({ name: 'eva', comment: says('Eva') });
  const foreign = planAccount('push', account, factsOf());
  const plan = { ...foreign, notes: foreign.notes.map(says) };
  const detail = says('somebody else made it');
  const refused = result({ outcome: 'conflict', reason: 'AccountForeign', detail, changes: [], plan });
  const ours = planAccount(
    'push',
    account,
    factsOf({ account: accountOf({ gecos: `garrison-${TOKEN}` }), mark: OURS }),
  );
  const made = result({
    outcome: 'unchanged',
    reason: 'PlanMade',
    detail: says('it would be done'),
    changes: [],
    plan: ours,
  });
  const base = { pushId: 'p-plan', kind: 'plan', account, attempt: 1 } as const;
  const jobs = [
    door.job0('j-10', { ...base, host: says('web-1'), state: 'failed', result: refused }),
    door.job0('j-11', { ...base, host: 'web-2', state: 'done', result: made }),
    door.job0('j-12', { ...base, host: 'web-3', state: 'queued' }),
  ];
  const owned = result({
    outcome: 'unchanged',
    reason: 'SurveyMade',
    detail: says('it has them'),
    owned: [],
    facts: { damaged: '1' },
  });
  const survey = [
    door.job0('j-20', { pushId: 'p-survey', kind: 'survey', host: 'web-1', state: 'done', result: owned }),
    door.job0('j-21', {
      pushId: 'p-survey',
      kind: 'survey',
      host: says('web-2'),
      state: 'failed',
      result: result({ outcome: 'failed', reason: 'ConnectRefused', detail }),
    }),
  ];
  const who = { createdAt: SINCE, actor: says('user:chen'), reason: says('ticket 42') };
  const ids = (of: readonly { id: string }[]): string[] => of.map(({ id }) => id);
  door.pushes = [
    ...door.pushes,
    {
      id: 'p-plan',
      kind: 'plan',
      planOf: 'push',
      accountName: 'eva',
      ...who,
      jobIds: ids(jobs),
      state: 'open',
      jobs,
    },
    {
      id: 'p-survey',
      kind: 'survey',
      accountName: null,
      ...who,
      jobIds: ids(survey),
      state: 'failed',
      jobs: survey,
    },
  ];
  const by = { grant: 1, group: says('web'), by: says('mia'), until: says('2027-01-31') };
  const group = { ...account, groups: [says('audio')] };
  door.wantedNow = ['web-1', 'web-2', 'web-3', 'web-4'].map((host) => ({
    host,
    account: group,
    because: [],
    grants: [by],
  }));
  const left = leftoverView('web-1', { running: [says('12 sleep')] });
  const decision = { what: 'keep', by: says('user:chen'), at: SINCE, reason: says('handover') } as const;
  door.leftoversNow = [
    left,
    leftoverView('web-2', { decision, isLocked: true, state: 'revoked', processes: 0 }),
  ];
}

/** A push that was taken back on one of its hosts, and the plan of that. */
function fillUndo(door: FakeSupervisor['door'], says: Says): void {
  const account = wishOf({ name: 'eva', passwordHash: 'set' });
  const who = { accountName: 'eva', actor: says('user:chen'), reason: says('ticket 43') };
  const host = says('web-1');
  const done = result({ detail: says('as wished') });
  const taken = [
    door.job0('j-30', { pushId: 'p-taken', host, account, state: 'done', result: done }),
    door.job0('j-31', { pushId: 'p-taken', host: 'web-2', account, state: 'done', result: done }),
  ];
  const looked = [
    undoFactsOf(),
    undoFactsOf({ record: 'undone' }),
    undoFactsOf({ differs: says('its keys') }),
  ];
  const planned = looked.map((facts, at) => {
    const plan = planUndo(facts);
    const isStop = plan.verdict === 'conflict';
    const judged = { outcome: isStop ? 'conflict' : 'unchanged', reason: plan.reason } as const;
    return door.job0(`j-4${String(at)}`, {
      ...{
        pushId: 'p-undo',
        kind: 'plan',
        planOf: 'undo',
        account,
        host: at === 0 ? host : `web-${String(at)}`,
      },
      ...{ undoOf: `j-3${String(at)}`, state: isStop ? 'failed' : 'done' },
      result: result({ ...judged, detail: says('it was looked at'), changes: [], plan }),
    });
  });
  const ids = (of: readonly { id: string }[]): string[] => of.map(({ id }) => id);
  const push = { ...who, createdAt: SINCE };
  door.pushes = [
    ...door.pushes,
    {
      ...{ ...push, id: 'p-taken', kind: 'push', jobIds: ids(taken), state: 'done', jobs: taken },
      ...{ undoable: false, undoneBy: ['p-back'] },
      notUndoable:
        'it was undone on web-1. a later push (j-50) changed the account on web-2; undo that first.',
    },
    {
      ...{
        ...push,
        id: 'p-undo',
        kind: 'plan',
        planOf: 'undo',
        undoOf: 'p-taken',
        createdAt: new Date().toISOString(),
      },
      ...{ jobIds: ids(planned), state: 'failed', jobs: planned },
    },
  ];
}

/** One that grants wanted once, still open. */
export function leftoverView(host: string, change: Partial<Leftover> = {}): Leftover {
  return {
    ...{ host, account: 'kim', kind: 'leftover', since: SINCE, state: 'ready', isLocked: false },
    ...{ lastLogin: SINCE, processes: 1, running: ['12 sleep'], sessions: 1, crontab: true },
    ...{ filesElsewhere: { count: 12, isAtLeast: true }, decision: null, ...change },
  };
}

function fillContainers(door: FakeSupervisor['door'], says: Says): void {
  const heal = containerView('core').heal;
  door.containers = [
    containerView('core', {
      ...{ state: 'unhealthy', reason: 'ProbeFailed', root: 'core', detail: says('its health check failed') },
      ...{
        project: says('jms'),
        service: says('core'),
        image: says('jms/core:v4'),
        id: says('0123456789ab'),
      },
      heal: {
        ...heal,
        ...{ because: says('nobody chose it'), plan: says('it is restarted next'), restarts: 1 },
        quarantinedSince: SINCE,
      },
    }),
    containerView(says('koko'), {
      state: 'unhealthy',
      reason: 'ProbeFailed',
      dependsOn: ['core'],
      root: 'core',
    }),
  ];
  door.problems = [says('a dependency on nothing')];
  door.brake = says('three of four are sick');
  const by = { actor: says('user:chen'), reason: says('an upgrade') };
  door.maintenance = [{ scope: says('project/jms'), since: SINCE, until: SINCE, ...by }];
  door.docker = { ...door.docker, detail: says('Docker answers') };
  door.stories = [
    {
      ...{ at: SINCE, container: 'core', event: 'sick', detail: says('its health check failed') },
      ...{ actor: says('garrison'), bundleFile: says('b.json') },
    },
  ];
  const probe = { startedAt: SINCE, endedAt: SINCE, exitCode: 1, output: says('connection refused') };
  const check = { intervalMs: 5_000, timeoutMs: 3_000, retries: 3 };
  door.history.health['core'] = containerHealth('core', {
    ...{ status: 'unhealthy', failingStreak: 2, probes: [probe], check: check as never },
  });
}

function journalOf(says: Says): string {
  const detail = says('what was seen');
  const by = { actor: says('user:chen'), reason: says('an upgrade'), from: says('10.0.0.5') };
  const lines = [
    {
      event: 'verdict',
      worker: 'push-2',
      from: { state: 'up' },
      state: 'hung',
      reason: 'LoopBlocked',
      detail,
    },
    { event: 'container', container: says('core'), what: 'sick', detail, bundleFile: says('b.json') },
    { event: 'push', id: 'p-1', kind: 'push', account: says('eva'), hosts: [says('web-1')], ...by },
    { event: 'operation', verb: 'heal', target: says('container/core'), ...by },
    { event: says('somethingNew'), detail, ...by },
  ];
  return lines.map((line) => `${JSON.stringify({ at: SINCE, ...line })}\n`).join('');
}

/**
 * One run of chaos under a seed: its schedule done to a stage of its own, watched all the while, and judged when it is calm again.
 * The same seed gives the same schedule; what becomes of it also depends on the machine.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../src/errors.ts';
import { isFinal } from '../src/push/job.ts';
import type { JobView } from '../src/supervisor/door.ts';
import { watchForLeaks, type LeakWatch } from '../test/support/leaks.ts';
import { until } from '../test/support/until.ts';
import { Dice } from './chaosDice.ts';
import type { BenchContext } from './benchmark.ts';
import { ChaosHands } from './chaosHands.ts';
import { ChaosLedger, type Violation } from './chaosLedger.ts';
import { ChaosPeople, workerName } from './chaosPeople.ts';
import { ACCOUNTS, schedule, WORKERS, type Ask, type ChaosEvent, type Fault } from './chaosSchedule.ts';
import { ChaosStage } from './chaosStage.ts';
import {
  endsInWords,
  judgeBudget,
  judgeDenied,
  judgeEffects,
  judgeGrowth,
  judgeHosts,
  judgeJobs,
  unusable,
  usable,
} from './chaosVerdict.ts';
import { ChaosWatch } from './chaosWatch.ts';

export interface ChaosOutcome {
  readonly seed: number;
  readonly forMs: number;
  readonly violations: readonly Violation[];
  /** What was done, a line each. */
  readonly lines: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

/** All jobs are over within this after the last fault: a job's own limit is 20 s, a host may be busy for another 60 s, a worker over its budget waits 75 s. */
const CALM_WITHIN_MS = 120_000;
const LAST_TRACK = 99;
const ASKS: readonly string[] = [
  'push',
  'revoke',
  'check',
  'pushForeign',
  'cancel',
  'retry',
  'callOff',
  'operate',
];

interface Actors {
  readonly stage: ChaosStage;
  readonly ledger: ChaosLedger;
  readonly people: ChaosPeople;
  readonly hands: ChaosHands;
  readonly watch: ChaosWatch;
}

/** `context` ends what is left when the run is broken off. */
export async function runChaos(
  context: Pick<BenchContext, 'after'>,
  { seed, forMs }: { readonly seed: number; readonly forMs: number },
): Promise<ChaosOutcome> {
  const leaks = watchForLeaks();
  const { keepsConnections, events } = schedule(seed, forMs);
  const stage = await ChaosStage.start(keepsConnections);
  context.after(() => stage.end());
  const ledger = new ChaosLedger();
  const actors: Actors = {
    ...{ stage, ledger, people: new ChaosPeople(stage, ledger), hands: new ChaosHands(stage, ledger) },
    watch: new ChaosWatch(stage, ledger),
  };
  let figures: ChaosOutcome['figures'] = {};
  try {
    actors.watch.begin();
    await perform(actors, events);
    figures = await judge(actors, seed);
  } finally {
    await actors.watch.end();
    await end(actors, leaks);
  }
  return {
    seed,
    forMs,
    violations: ledger.violations,
    lines: ledger.lines,
    figures: { ...figures, events: events.length },
  };
}

/** Each at its time, whatever became of the one before; the first violation ends it. */
async function perform(actors: Actors, events: readonly ChaosEvent[]): Promise<void> {
  const { ledger } = actors;
  const going: Promise<void>[] = [];
  for (const event of events) {
    while (ledger.elapsedMs < event.atMs) {
      if (ledger.violations.length > 0) break;
      await sleep(Math.min(50, event.atMs - ledger.elapsedMs));
    }
    if (ledger.violations.length > 0) break;
    going.push(performOne(actors, event));
  }
  await Promise.all(going);
}

async function performOne({ stage, ledger, people, hands }: Actors, event: ChaosEvent): Promise<void> {
  try {
    const said = await (isAsk(event) ? people.ask(event) : hands.do(event));
    ledger.note(`${inWords(event)}: ${said}`);
  } catch (error) {
    ledger.note(`${inWords(event)}: not done: ${messageOf(error)}`);
    ledger.refused += 1;
    if (
      !isAsk(event) &&
      stage.garrison === null &&
      (event.kind === 'killSupervisor' || event.kind === 'breakSpool')
    )
      ledger.violate('staysUp', `the supervisor did not come back: ${messageOf(error)}`);
  }
}

function isAsk(event: Ask | Fault): event is Ask & ChaosEvent {
  return ASKS.includes(event.kind);
}

export function inWords({ kind, atMs, ...more }: ChaosEvent): string {
  const facts = Object.entries(more).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [`[${(atMs / 1000).toFixed(2)} s]`, kind, ...facts].join(' ');
}

async function judge(actors: Actors, seed: number): Promise<ChaosOutcome['figures']> {
  const { stage, ledger, watch } = actors;
  if (ledger.violations.some(({ invariant }) => invariant === 'staysUp')) return {};
  const faultsEndedMs = ledger.elapsedMs;
  const jobs = await calmDown(actors);
  const calmAfterMs = Math.round(ledger.elapsedMs - faultsEndedMs);
  judgeJobs(jobs, ledger);
  judgeEffects(stage.hosts, jobs, ledger);
  judgeDenied(stage.hosts, jobs, ledger);
  const settledAccounts = judgeHosts(stage, jobs, ledger);
  judgeBudget(ledger);
  judgeGrowth(watch.samples, ledger);
  const ends = endsInWords(ledger);
  if (ledger.violations.length === 0) await settleDoubt(actors, jobs);
  if (ledger.violations.length === 0) await lastWord(actors, new Dice(seed, LAST_TRACK));
  watch.lookAtForeigners();
  const { accepted, kills, refused } = ledger;
  return {
    jobs: jobs.length,
    accepted: accepted.length,
    kills: kills.length,
    refused,
    calmAfterMs,
    settledAccounts,
    ends,
  };
}

/** Every worker may run, and every job comes to its end. */
async function calmDown({ stage, people, ledger }: Actors): Promise<readonly JobView[]> {
  for (let index = 0; index < WORKERS; index += 1)
    await until('a worker may run', () => people.operate('start', workerName(index)), { deadlineMs: 30_000 });
  let jobs: readonly JobView[] = [];
  const allOver = async (): Promise<boolean> => {
    jobs = await allJobs(stage);
    const open = jobs.filter(({ state }) => !isFinal(state));
    if (open.length > 0) throw new Error(open.map((job) => `${job.id} ${job.state} ${job.host}`).join(', '));
    return true;
  };
  await until('every job is over', allOver, { deadlineMs: CALM_WITHIN_MS, everyMs: 250 }).catch(
    (error: unknown) => {
      ledger.violate('noJobLost', messageOf(error));
    },
  );
  return jobs;
}

async function allJobs({ garrison }: ChaosStage): Promise<readonly JobView[]> {
  if (garrison === null) throw new Error('the supervisor is down');
  const all: JobView[] = [];
  for (let cursor = ''; ;) {
    const page = await garrison.api<{ items: readonly JobView[]; nextCursor?: string | null }>(
      'GET',
      `/api/v1/jobs?limit=500${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    all.push(...page.items);
    if (page.nextCursor === undefined || page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
}

/** What ended in doubt is settled by a retry, from the host's own record where there is one. */
async function settleDoubt(actors: Actors, jobs: readonly JobView[]): Promise<void> {
  const { people, stage, ledger } = actors;
  const doubtful = jobs.filter(
    ({ state, account }) => state === 'unknown' && account?.name.startsWith('chaos') === true,
  );
  for (const { id } of doubtful) await people.retryJob(id);
  const after = await calmDown(actors);
  for (const { id } of doubtful) {
    const job = after.find((each) => each.id === id);
    if (job?.state !== 'done')
      ledger.violate(
        'doubtSettled',
        `${id} on ${job?.host ?? ''} was retried and is ${job?.state ?? 'gone'}: ${job?.result?.detail ?? ''}`,
      );
  }
  judgeEffects(stage.hosts, after, ledger);
}

/** Every account on every host is wished anew, and is then as wished. */
async function lastWord(actors: Actors, dice: Dice): Promise<void> {
  const { people, stage, ledger } = actors;
  const hosts = stage.hosts.map(({ name }) => name);
  const wishes = Array.from({ length: ACCOUNTS }, (_, index) => {
    return { account: `chaos${String(index)}`, kind: dice.chance(0.5) ? 'push' : 'revoke' } as const;
  });
  for (const { account, kind } of wishes) await people.push(kind, { account, hosts, sudo: false });
  const jobs = await calmDown(actors);
  const last = new Set(ledger.accepted.slice(-ACCOUNTS).flatMap(({ jobIds }) => jobIds));
  for (const job of jobs.filter(({ id }) => last.has(id))) {
    if (job.state !== 'done')
      ledger.violate(
        'hostAgrees',
        `${job.id} on ${job.host}, when all was calm: ${job.state} ${job.result?.detail ?? ''}`,
      );
  }
  for (const host of stage.hosts) {
    for (const { account, kind } of wishes) {
      const problem = kind === 'revoke' ? usable(host, account) : unusable(host, account, stage.publicKey);
      if (problem !== null)
        ledger.violate('hostAgrees', `${kind} of ${account} on ${host.name} is done, and ${problem}`);
    }
  }
  judgeEffects(stage.hosts, jobs, ledger);
}

/** In order; then nothing is left. */
async function end({ stage, ledger }: Actors, leaks: LeakWatch): Promise<void> {
  await stage.garrison?.end();
  const sockets = socketsIn(stage.home);
  if (sockets.length > 0) ledger.violate('noLeak', `left in the home folder: ${sockets.join(', ')}`);
  await stage.end();
  await leaks.assertNone(10_000).catch((error: unknown) => {
    ledger.violate('noLeak', messageOf(error));
  });
}

function socketsIn(home: string): readonly string[] {
  const entries = readdirSync(home, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isSocket()).map((entry) => join(entry.parentPath, entry.name));
}

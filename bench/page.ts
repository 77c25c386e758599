/**
 * Measures what the page's lists take with 100,000 jobs in a real redis-server, and what 200 viewers hold in memory.
 * The supervisor, its server and its store are the real ones; the viewers and whoever asks are a process of their own.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobStore } from '../src/driver/jobStore.ts';
import { newId } from '../src/driver/newId.ts';
import type { JobRecord, JobState } from '../src/push/job.ts';
import { startServer } from '../src/server/app.ts';
import { FrontDoor } from '../src/supervisor/frontDoor.ts';
import type { Surroundings } from '../src/supervisor/ports.ts';
import { TestBrowser } from '../test/support/browser.ts';
import { jobRecord } from '../test/support/jobRecord.ts';
import { TestRedis } from '../test/support/redisServer.ts';
import {
  percentileOf,
  rounded,
  summaryOf,
  type BenchContext,
  type Benchmark,
  type Figures,
} from './benchmark.ts';
import { noGrantsWork } from '../test/support/noGrantsWork.ts';
import { Fleet } from './decidingCost.ts';

const JOBS = 100_000;
const JOBS_OF_A_PUSH = 100;
const HOSTS = 2_000;
const WORKERS = 8;
const WARM_UP = 20;
const CALLS = 300;
const VIEWERS = 200;
const VIEWS = 10;
const AIM = { listP99Ms: 50, firstViewMs: 1_000 };

export const page: Benchmark = {
  name: 'page',
  about: 'lists and searches of 100,000 jobs, the first view, and the memory of 200 viewers',
  run,
};

/** Answers `N PATH` on its stdin with how long it took (ms) and how many bytes came; `open N PATH` holds N streams open. */
const ASKER = `
  const { request, Agent } = require('node:http');
  const agent = new Agent({ keepAlive: true });
  const ask = (path, use) => request({ socketPath: process.argv[1], path, agent: use, headers: { host: 'localhost' } });
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [verb, count, path] = line.split(' ');
    if (verb === 'open') {
      let open = 0;
      for (let each = 0; each < Number(count); each += 1)
        ask(path, false).on('response', (answer) => {
          answer.resume();
          answer.once('data', () => { open += 1; if (open === Number(count)) console.log(open + ' 0'); });
          if (answer.statusCode !== 200) console.log('failed');
        }).end();
      return;
    }
    const started = performance.now();
    ask(path, agent).on('response', (answer) => {
      let bytes = 0;
      answer.on('data', (part) => (bytes += part.length));
      answer.on('end', () => console.log(answer.statusCode === 200 ? (performance.now() - started) + ' ' + bytes : 'failed'));
    }).end();
  });`;

const PATHS = {
  firstPage: '/api/v1/jobs?limit=50',
  hundred: '/api/v1/jobs?limit=100',
  usualLimit: '/api/v1/jobs',
  failed: '/api/v1/jobs?state=failed&limit=50',
  host: '/api/v1/jobs?host=host-1234&limit=50',
  failedOnHost: '/api/v1/jobs?state=failed&host=host-1234&limit=50',
  lastChanged: '/api/v1/jobs?sort=changed&limit=50',
  searchHost: '/api/v1/jobs?q=host-1234&limit=50',
  searchNothing: '/api/v1/jobs?q=nothing-has-this&limit=50',
  pushes: '/api/v1/pushes?limit=50',
  failedPushes: '/api/v1/pushes?state=failed&limit=50',
  status: '/api/v1/status',
} as const;

async function run(context: BenchContext): Promise<Figures> {
  const redis = await TestRedis.start();
  context.after(() => redis.end());
  const store = new JobStore(redis.connect());
  const started = performance.now();
  const middle = await fill(store, context);
  const filledMs = performance.now() - started;
  const fleet = new Fleet(WORKERS);
  context.after(() => {
    fleet.end();
  });
  const { socketPath, link } = await serve(context, { fleet, store, home: redis.home });
  const ask = startAsker(context, socketPath);
  const lists: Record<string, unknown> = {};
  for (const [name, path] of Object.entries({ ...PATHS, deepPage: `/api/v1/jobs?limit=50&cursor=${middle}` }))
    lists[name] = await measure(ask, path);
  return {
    measures:
      'time until the whole answer of a list has come over the Unix socket, with 100,000 jobs of 1,000 pushes on 2,000 hosts',
    jobs: JOBS,
    fillMs: rounded(filledMs, 0),
    redisBytes: await memoryOf(redis),
    lists,
    firstView: await measureFirstView(context, link),
    viewers: await measureViewers(fleet, ask),
    aim: AIM,
  };
}

type Ask = (line: string) => Promise<{ tookMs: number; bytes: number }>;

async function measure(ask: Ask, path: string): Promise<object> {
  const tookMs: number[] = [];
  let bytes = 0;
  for (let count = 0; count < WARM_UP + CALLS; count += 1) {
    const answer = await ask(`get 1 ${path}`);
    bytes = answer.bytes;
    if (count >= WARM_UP) tookMs.push(answer.tookMs);
  }
  return { bytes, ...summaryOf(tookMs, 2), p99: rounded(percentileOf(tookMs, 99), 2) };
}

/** From a click on the address, without anything kept by the browser, until the first rows of the list are drawn. */
async function measureFirstView(context: BenchContext, link: () => string): Promise<object> {
  const browser = await TestBrowser.start(context);
  const tookMs: number[] = [];
  for (let count = 0; count < VIEWS; count += 1) {
    const page = await browser.signIn(link());
    await page.goto('about:blank');
    const address = new URL('/jobs', link()).href;
    const startedMs = performance.now();
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForSelector('tr[data-job]');
    tookMs.push(performance.now() - startedMs);
    await page.context().close();
  }
  return summaryOf(tookMs, 0);
}

/** Each follows all events and one log, as a page with a job open does. */
async function measureViewers(fleet: Fleet, ask: Ask): Promise<object> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  await ask(`open ${String(VIEWERS)} /api/v1/events`);
  await ask(`open ${String(VIEWERS)} /api/v1/jobs/${OPEN_JOB}/log?follow=1`);
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  for (let round = 0; round < 10; round += 1) {
    for (let index = 0; index < WORKERS; index += 1) fleet.beat(index);
    await sleep(1_000);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const held = process.memoryUsage().rss - before;
  return {
    viewers: VIEWERS,
    streams: 2 * VIEWERS,
    moreMemoryBytes: held,
    cpuPercent: rounded((user + system) / 10 / (performance.now() - startedMs), 1),
  };
}

const OPEN_JOB = 'j-open';
const STATES: readonly JobState[] = ['done', 'done', 'done', 'done', 'done', 'done', 'done', 'failed'];
const MADE_MS = Date.parse('2026-01-01T00:00:00Z');

/** Returns the cursor of a job in the middle. */
async function fill(store: JobStore, context: BenchContext): Promise<string> {
  let middle = '';
  for (let push = 0; push < JOBS / JOBS_OF_A_PUSH; push += 1) {
    const madeMs = MADE_MS + push * 60_000;
    const at = new Date(madeMs).toISOString();
    const pushId = newId('p', madeMs);
    const jobs = Array.from({ length: JOBS_OF_A_PUSH }, (_, index) =>
      jobOf({ pushId, at, madeMs }, push * 100 + index),
    );
    const accountName = jobs[0]?.account?.name ?? null;
    const jobIds = jobs.map(({ id }) => id);
    await store.create(
      { id: pushId, kind: 'push', accountName, createdAt: at, actor: 'bench', reason: null, jobIds },
      jobs,
    );
    if (push === JOBS / JOBS_OF_A_PUSH / 2) middle = `${String(madeMs)}.${jobIds[0] ?? ''}`;
    if (push % 200 === 199) context.note(`${String((push + 1) * JOBS_OF_A_PUSH)} jobs are kept`);
  }
  await store.save(jobRecord(OPEN_JOB, { createdAt: new Date().toISOString() }));
  return middle;
}

function jobOf(
  { pushId, at, madeMs }: { pushId: string; at: string; madeMs: number },
  index: number,
): JobRecord {
  const state = STATES[index % STATES.length] ?? 'done';
  const host = `host-${String(index % HOSTS)}`;
  const isFailed = state === 'failed';
  return jobRecord(newId('j', madeMs), {
    ...{ pushId, host, state, createdAt: at, since: at, attempt: 1, revision: 9, worker: 'push-1' },
    account: {
      name: `user${String(index % 500)}`,
      keys: [`ssh-ed25519 ${'A'.repeat(68)} user@host`],
      groups: ['docker'],
      shell: '/bin/bash',
      sudo: { kind: 'none' },
      comment: '',
    },
    result: {
      outcome: isFailed ? 'failed' : 'changed',
      stage: isFailed ? 'connect' : 'verify',
      reason: isFailed ? 'ConnectTimedOut' : 'AccountPushed',
      detail: isFailed ? `${host} did not answer within 10 s.` : `the account is on ${host} as wished.`,
      changes: isFailed ? [] : ['created account', 'added key'],
      facts: { uid: '1001', liveSessions: '0' },
      replayed: false,
      at,
    },
  });
}

async function memoryOf(redis: TestRedis): Promise<number> {
  const info = await redis.connect().info('memory');
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

async function serve(
  context: BenchContext,
  { fleet, store, home }: { fleet: Fleet; store: JobStore; home: string },
): Promise<{ socketPath: string; link: () => string }> {
  const socketPath = join(home, 'control.sock');
  const around = {
    memory: store,
    logFile: (id: string) => join(home, `${id}.log`),
    note: () => undefined,
  } as unknown as Surroundings;
  const alerts = { dryRun: true, actions: new Map(), earlier: [], keep: () => undefined };
  const server = await startServer({
    door: new FrontDoor(fleet.supervisor, { ...around, alerts }, noGrantsWork()),
    homeDir: home,
    socketPath,
    pageListen: { address: '127.0.0.1', port: 0 },
    readiness: () => ({ ready: true, why: '' }),
    logger: console,
  });
  context.after(() => server.close());
  return { socketPath, link: () => server.signInLink() ?? '' };
}

function startAsker(context: BenchContext, socketPath: string): Ask {
  const asker = spawn(process.execPath, ['-e', ASKER, socketPath], { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(async () => {
    const exited = new Promise((resolve) => asker.once('exit', resolve));
    asker.kill();
    await exited;
  });
  const lines = createInterface({ input: asker.stdout })[Symbol.asyncIterator]();
  return async (line) => {
    asker.stdin.write(`${line}\n`);
    const { value } = (await lines.next()) as { value: string };
    const [tookMs, bytes] = value.split(' ').map(Number);
    if (tookMs === undefined || bytes === undefined || Number.isNaN(tookMs))
      throw new Error(`${line}: ${value}`);
    return { tookMs, bytes };
  };
}

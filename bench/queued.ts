/**
 * Measures what a push to ten thousand hosts costs while it waits: memory, time until it is accepted, until its first job begins, and lists.
 * It connects to no host: the workers are quiet, and the one that is let go for a moment meets a closed port of this machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationView, PushView, WorkerView } from '../src/supervisor/door.ts';
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import { rounded, summaryOf, type BenchContext, type Benchmark, type Figures } from './benchmark.ts';
import { costOf, sumOf } from './processes.ts';

const HOSTS = 10_000;
const WORKERS = 2;
/** After each step: for what is written behind the answer, and for memory that is given back. */
const SETTLE_MS = 15_000;
/** The share of one core that a batch costs while nothing of it moves is measured so long. */
const WAITING_MS = 20_000;
const LIST_CALLS = 10;
const AIM = { addedBytes: 100_000_000 };

export const queued: Benchmark = {
  name: 'queued',
  about: `memory of ${String(HOSTS)} queued hosts, and how soon such a push is accepted, begins and is cancelled`,
  run,
};

async function run(context: BenchContext): Promise<Figures> {
  const config = `workers: { count: ${String(WORKERS)} }`;
  const env = { NODE_OPTIONS: `--import ${new URL('collectGarbage.js', import.meta.url).href}` };
  const garrison = await Garrison.start(context, { config, inventory: inventory(), env });
  await until('all workers are up', async () =>
    (await garrison.workers()).every(({ state }) => state === 'up'),
  );
  context.note(`${String(HOSTS)} hosts in the inventory; quieting the workers`);
  for (const { name } of await garrison.workers()) await wish(garrison, 'quiet', name);
  await sleep(SETTLE_MS);
  const before = await memoryOf(garrison);
  context.note(`before: ${JSON.stringify(before)}`);
  const { push, acceptedMs } = await submit(garrison);
  context.note(`accepted within ${String(acceptedMs)} ms`);
  await sleep(SETTLE_MS);
  const after = await memoryOf(garrison);
  context.note(`while they wait: ${JSON.stringify(after)}`);
  const waiting = await whileWaiting(garrison);
  context.note('asking for lists, then cancelling all of them');
  const lists = await listTimes(garrison, push.id);
  const cancelledMs = await cancelAll(garrison, push.id);
  await sleep(SETTLE_MS);
  const cancelled = await memoryOf(garrison);
  // A cancel that does not come to its end would be measured again with the next push.
  const firstBegins = cancelledMs === null ? null : await firstBegin(garrison);
  return {
    measures: `a push of one account to ${String(HOSTS)} hosts, ${String(WORKERS)} quiet workers, embedded Redis; memory is the supervisor's heap in use and what Redis has resident, after ${String(SETTLE_MS / 1000)} s`,
    hosts: HOSTS,
    memory: { before, after, cancelled, addedBytes: needed(after) - needed(before) },
    acceptedMs,
    waiting,
    lists,
    cancelledMs,
    firstBegins,
    aim: AIM,
  };
}

/** Addresses of this machine's own; nothing listens there. */
function inventory(): string {
  const lines = Array.from({ length: HOSTS }, (_, index) => {
    const address = `127.${String(64 + (index >> 16))}.${String((index >> 8) & 255)}.${String(index & 255)}`;
    return `  ${hostName(index)}: { address: ${address}, port: 9, groups: [bench] }`;
  });
  return ['hosts:', ...lines].join('\n');
}

function hostName(index: number): string {
  return `bench-${String(index).padStart(5, '0')}`;
}

async function wish(garrison: Garrison, verb: 'quiet' | 'start', worker: string): Promise<void> {
  const body = { verb, target: `worker/${worker}` };
  const { id } = await garrison.api<OperationView>('POST', '/api/v1/operations', body);
  await ended(garrison, id);
}

async function ended(garrison: Garrison, id: string): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const { state, detail } = await garrison.api<OperationView>('GET', `/api/v1/operations/${id}`);
    if (state === 'failed') throw new Error(detail.slice(0, 300));
    return state === 'done';
  };
  await until(`operation ${id} is done`, isDone, { deadlineMs: 300_000, everyMs: 50 });
}

interface Memory {
  readonly supervisorRssBytes: number;
  /** In use once all garbage is collected: what was garbage, or free, is still resident and hid what the jobs cost. */
  readonly supervisorHeapBytes: number;
  readonly redisRssBytes: number;
}

const HEAP = /heap in use: (\d+) bytes/g;

async function memoryOf(garrison: Garrison): Promise<Memory> {
  const said = (): string[] => [...garrison.output.matchAll(HEAP)].map(([, bytes = '0']) => bytes);
  const before = said().length;
  process.kill(garrison.pid, 'SIGUSR2');
  await until('its garbage is collected', () => said().length > before);
  const { supervisor, redis } = costOf(garrison.pid);
  return {
    supervisorRssBytes: supervisor.rssBytes,
    supervisorHeapBytes: Number(said().at(-1)),
    redisRssBytes: sumOf(redis, 'rssBytes'),
  };
}

/** What the supervisor needs, and what Redis takes. */
function needed({ supervisorHeapBytes, redisRssBytes }: Memory): number {
  return supervisorHeapBytes + redisRssBytes;
}

async function submit(garrison: Garrison): Promise<{ push: PushView; acceptedMs: number }> {
  const hosts = Array.from({ length: HOSTS }, (_, index) => hostName(index));
  const startedMs = performance.now();
  const push = await garrison.push('bench-ours', hosts);
  const acceptedMs = rounded(performance.now() - startedMs, 0);
  if (push.jobs.length !== HOSTS) throw new Error(`${String(push.jobs.length)} jobs were made`);
  return { push, acceptedMs };
}

/** What the waiting costs, and how long the supervisor keeps others waiting meanwhile. */
async function whileWaiting(garrison: Garrison): Promise<Figures> {
  const before = costOf(garrison.pid);
  const startedMs = performance.now();
  const answersMs: number[] = [];
  while (performance.now() - startedMs < WAITING_MS) {
    answersMs.push(await timeOf(() => garrison.text('/livez')));
    await sleep(100);
  }
  const after = costOf(garrison.pid);
  const tookMs = performance.now() - startedMs;
  const percent = (spentMs: number): number => rounded((spentMs / tookMs) * 100, 1);
  return {
    supervisorCpuPercent: percent(after.supervisor.ownCpuMs - before.supervisor.ownCpuMs),
    redisCpuPercent: percent(sumOf(after.redis, 'ownCpuMs') - sumOf(before.redis, 'ownCpuMs')),
    livezMs: summaryOf(answersMs),
  };
}

async function listTimes(garrison: Garrison, pushId: string): Promise<Figures> {
  const paths = {
    queuedJobs: '/api/v1/jobs?state=queued&limit=100',
    ofHost: `/api/v1/jobs?host=${hostName(HOSTS - 1)}`,
    pushes: '/api/v1/pushes?limit=20',
    wholePush: `/api/v1/pushes/${pushId}`,
    status: '/api/v1/status',
  };
  const times: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(paths)) {
    const each: number[] = [];
    for (let call = 0; call < LIST_CALLS; call += 1) each.push(await timeOf(() => garrison.text(path)));
    times[`${name}Ms`] = summaryOf(each);
  }
  return times;
}

async function timeOf(deed: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await deed();
  return performance.now() - startedMs;
}

/** Null where it has not come to its end within five minutes. */
async function cancelAll(garrison: Garrison, pushId: string): Promise<number | null> {
  const startedMs = performance.now();
  const { id } = await garrison.api<OperationView>('POST', '/api/v1/operations', {
    ...{ verb: 'cancel', target: pushId },
  });
  const isDone = await ended(garrison, id).then(
    () => true,
    () => false,
  );
  return isDone ? rounded(performance.now() - startedMs, 0) : null;
}

/** With a worker that takes jobs: from the asking until the first of all these jobs is in its hands. */
async function firstBegin(garrison: Garrison): Promise<Figures> {
  const worker = (await garrison.workers())[0]?.name ?? '';
  await wish(garrison, 'start', worker);
  const startedMs = performance.now();
  const submitted = submit(garrison);
  // Not from the stream of events: one that cannot follow ten thousand changes is cut.
  const began = async (): Promise<boolean> => {
    const { items } = await garrison.api<{ items: readonly WorkerView[] }>('GET', '/api/v1/workers');
    return items.some(({ jobs }) => jobs.length > 0);
  };
  await until('a worker has the first', began, { deadlineMs: 60_000, everyMs: 5 });
  const atMs = performance.now();
  const { push, acceptedMs } = await submitted;
  const cancelledMs = await cancelAll(garrison, push.id);
  return { afterMs: rounded(atMs - startedMs, 0), acceptedMs, cancelledWhileRunningMs: cancelledMs };
}

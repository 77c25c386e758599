/**
 * Measures how long capacity is missed after a worker was killed with -9: from the signal until the next job is taken, with and without a spare.
 * It measures first deaths only (a later one waits for its back-off): each kill has a worker of its own, the only one that may take jobs then.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView, PushView, WorkerView } from '../src/supervisor/door.ts';
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import {
  medianOf,
  percentileOf,
  rounded,
  type BenchContext,
  type Benchmark,
  type Figures,
} from './benchmark.ts';
import { followEvents } from './events.ts';

const KILLS = 20;
const SEEN_WITHIN_MS = 15_000;
const HOST = 'practice-1';

export const spare: Benchmark = {
  name: 'spare',
  about:
    'time from kill -9 of the only worker that takes jobs until the next job is taken, with and without a spare',
  run,
};

async function run(context: BenchContext): Promise<Figures> {
  return {
    measures: `${String(KILLS)} first deaths each of an idle supervisor with ${String(KILLS)} workers of which one takes jobs; a push is asked for right after the signal`,
    kills: KILLS,
    withSpareMs: await killAll(context, 1),
    withoutSpareMs: await killAll(context, 0),
  };
}

async function killAll(context: BenchContext, count: 0 | 1): Promise<Figures> {
  const garrison = await Garrison.start(context, {
    practice: 1,
    spare: count,
    config: `workers: { count: ${String(KILLS)} }`,
  });
  const taken = new Taken();
  const ups = new Ups();
  await followEvents(context, garrison.home, {
    job: (job) => taken.hear(job),
    worker: (worker) => ups.hear(worker),
  });
  const names = (await garrison.workers()).map(({ name }) => name);
  for (const name of names) await wish(garrison, 'quiet', name);
  const tookMs: number[] = [];
  const upMs: number[] = [];
  for (const [index, name] of names.entries()) {
    await wish(garrison, 'start', name);
    const worker = await readyToBeKilled(garrison, name, count);
    const push = await killAndPush(garrison, worker);
    const ms = (await taken.of(push)) - push.killedAtMs;
    context.note(`${count === 1 ? 'with' : 'without'} a spare, ${name}: taken after ${ms.toFixed(0)} ms`);
    tookMs.push(ms);
    upMs.push((await ups.of(worker)) - push.killedAtMs);
    await garrison.settled(push.push.id);
    if (index < names.length - 1) await wish(garrison, 'quiet', name);
  }
  await garrison.end();
  return { killToTakenMs: spreadOf(tookMs), killToUpMs: spreadOf(upMs) };
}

function spreadOf(values: readonly number[]): Figures {
  return {
    median: rounded(medianOf(values), 1),
    p95: rounded(percentileOf(values, 95), 1),
    each: values.map((ms) => rounded(ms, 1)),
  };
}

async function wish(garrison: Garrison, verb: 'quiet' | 'start', name: string): Promise<void> {
  const { exitCode, stderr } = await garrison.cli(verb, name, '--wait');
  if (exitCode !== 0) throw new Error(stderr);
}

/** It takes jobs, every other has come back, and the spare, where there is one, stands. */
async function readyToBeKilled(garrison: Garrison, name: string, count: 0 | 1): Promise<WorkerView> {
  return until(
    `${name} takes jobs and all is ready`,
    async () => {
      const { workers, spare: view } = await garrison.snapshot();
      const stands = count === 0 || view?.state === 'ready';
      const worker = workers.find((each) => each.name === name);
      return stands && workers.every(({ state }) => state === 'up') && worker?.reason === 'Beating' && worker;
    },
    { deadlineMs: 30_000 },
  );
}

interface Asked {
  readonly push: PushView;
  readonly killedAtMs: number;
}

async function killAndPush(garrison: Garrison, { name, incarnation }: WorkerView): Promise<Asked> {
  if (incarnation === null) throw new Error(`${name} is not there to be killed`);
  const killedAtMs = performance.now();
  process.kill(incarnation.pid, 'SIGKILL');
  return { push: await garrison.push(`after-${name}`, [HOST]), killedAtMs };
}

/** When each job was first seen in a worker's hands. */
class Taken {
  readonly #atMs = new Map<string, number>();

  hear({ id, state }: JobView): void {
    if (state === 'queued' || this.#atMs.has(id)) return;
    this.#atMs.set(id, performance.now());
  }

  of({ push: { jobIds } }: Asked): Promise<number> {
    const [id = ''] = jobIds;
    return seen(`job ${id} in hand`, () => this.#atMs.get(id));
  }
}

/** When each worker was first seen up in another life than the one that was killed. */
class Ups {
  readonly #lives: { readonly name: string; readonly nonce: string; readonly atMs: number }[] = [];

  hear({ name, state, incarnation }: WorkerView): void {
    const nonce = incarnation?.nonce;
    if (state !== 'up' || nonce === undefined || this.#lives.some((life) => life.nonce === nonce)) return;
    this.#lives.push({ name, nonce, atMs: performance.now() });
  }

  of(killed: WorkerView): Promise<number> {
    const { name, incarnation } = killed;
    const isNext = (life: { name: string; nonce: string }): boolean =>
      life.name === name && life.nonce !== incarnation?.nonce;
    return seen(`${name} up again`, () => this.#lives.findLast(isNext)?.atMs);
  }
}

async function seen(what: string, look: () => number | undefined): Promise<number> {
  const untilMs = performance.now() + SEEN_WITHIN_MS;
  for (;;) {
    const atMs = look();
    if (atMs !== undefined) return atMs;
    if (performance.now() > untilMs) throw new Error(`${what}: not within ${String(SEEN_WITHIN_MS)} ms`);
    await sleep(2);
  }
}

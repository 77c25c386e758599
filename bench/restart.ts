/**
 * Measures how long a worker killed with -9 is missed: from the signal until the next life of the same worker is `up`.
 * It measures first deaths only (a worker's later ones wait for their back-off), so each kill has a worker of its own.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../src/proc.ts';
import type { WorkerView } from '../src/supervisor/door.ts';
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import {
  medianOf,
  rounded,
  summaryOf,
  type BenchContext,
  type Benchmark,
  type Figures,
} from './benchmark.ts';
import { followEvents } from './events.ts';

const KILLS = 10;
const NODE_STARTS = 7;
const BETWEEN_KILLS_MS = 1_000;
const REPLACED_WITHIN_MS = 15_000;

export const restart: Benchmark = {
  name: 'restart',
  about: 'time from kill -9 of a worker until its replacement is up',
  run,
};

async function run(context: BenchContext): Promise<Figures> {
  const garrison = await Garrison.start(context, { config: `workers: { count: ${String(KILLS)} }` });
  const workers = await allUp(garrison);
  const waiting = new Waiting();
  await followEvents(context, garrison.home, { worker: (worker) => waiting.hear(worker) });
  const lives: Life[] = [];
  for (const worker of workers) {
    const life = await killAndWait(worker, waiting);
    context.note(
      `${worker.name}: noticed after ${life.noticedMs.toFixed(0)} ms, up after ${life.upMs.toFixed(0)} ms`,
    );
    lives.push(life);
    await sleep(BETWEEN_KILLS_MS);
  }
  return {
    measures: `${String(KILLS)} first deaths, one per worker of one idle supervisor with ${String(KILLS)} workers, one at a time`,
    kills: lives.length,
    killToUpMs: summaryOf(lives.map((life) => life.upMs)),
    killToNoticedMs: summaryOf(lives.map((life) => life.noticedMs)),
    eachKillToUpMs: lives.map((life) => rounded(life.upMs, 1)),
    /** The floor: an empty Node program from its start to its end on this machine, now. */
    bareNodeMs: rounded(medianOf(Array.from({ length: NODE_STARTS }, nodeStartMs)), 1),
  };
}

export async function allUp(garrison: Garrison): Promise<readonly WorkerView[]> {
  return until(
    'all workers are up',
    async () => {
      const workers = await garrison.workers();
      return workers.every((worker) => worker.state === 'up') && workers;
    },
    { deadlineMs: 30_000, everyMs: 200 },
  );
}

interface Life {
  /** Until the published state was no longer that of the dead life. */
  readonly noticedMs: number;
  readonly upMs: number;
}

export async function killAndWait(worker: WorkerView, waiting: Waiting): Promise<Life> {
  const { incarnation } = worker;
  if (incarnation === null || !isAlive(incarnation))
    throw new Error(`${worker.name} is not there to be killed`);
  const replaced = waiting.for(worker);
  const killedAtMs = performance.now();
  process.kill(incarnation.pid, 'SIGKILL');
  const limit = new AbortController();
  const late = sleep(REPLACED_WITHIN_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`${worker.name} was not replaced within ${String(REPLACED_WITHIN_MS)} ms`);
  });
  const seen = await Promise.race([replaced, late]);
  limit.abort();
  await late.catch(() => undefined);
  return { noticedMs: seen.noticedAtMs - killedAtMs, upMs: seen.upAtMs - killedAtMs };
}

interface Seen {
  readonly noticedAtMs: number;
  readonly upAtMs: number;
}

/** Waits for one worker's next life to be `up`. */
export class Waiting {
  #hear: (worker: WorkerView) => void = () => undefined;

  hear(worker: WorkerView): void {
    this.#hear(worker);
  }

  for(dead: WorkerView): Promise<Seen> {
    return new Promise((resolve) => {
      let noticedAtMs: number | null = null;
      this.#hear = (worker) => {
        if (worker.name !== dead.name || worker.incarnation?.nonce === dead.incarnation?.nonce) return;
        noticedAtMs ??= performance.now();
        if (worker.state === 'up') resolve({ noticedAtMs, upAtMs: performance.now() });
      };
    });
  }
}

function nodeStartMs(): number {
  const startedMs = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - startedMs;
}

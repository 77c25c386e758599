/**
 * Measures the detector: what deciding costs, how soon a death is shown, and how soon a blocked loop is shown as hung.
 * It kills and blocks only workers of garrisons that it started itself.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../src/proc.ts';
import type { WorkerView } from '../src/supervisor/door.ts';
import { Garrison } from '../test/support/garrison.ts';
import { makeTempHome } from '../test/support/tempHome.ts';
import { until } from '../test/support/until.ts';
import {
  percentileOf,
  rounded,
  summaryOf,
  type BenchContext,
  type Benchmark,
  type Figures,
} from './benchmark.ts';
import { measureDecidingCost } from './decidingCost.ts';
import { followEvents } from './events.ts';

const JUDGED_WORKERS = 1_000;
const JUDGED_FOR_MS = 15_000;
const WORKERS = 4;
/** Each worker's fifth death is the last that it comes back from within seconds; a new garrison has forgotten them. */
const DEATHS_EACH = 5;
const GARRISONS = 5;
const BETWEEN_KILLS_MS = 100;
const SHOWN_WITHIN_MS = 20_000;
const BLOCK_WORKER = new URL('../test/fixtures/blockWorker.js', import.meta.url).pathname;
const AIM = { decidingCpuPercent: 5, deathShownP99Ms: 100, hungShownMs: 5_000 };

export const detector: Benchmark = {
  name: 'detector',
  about: 'cost of deciding; time until a death, and until a blocked loop, is shown',
  run,
};

async function run(context: BenchContext): Promise<Figures> {
  context.note(`judging ${String(JUDGED_WORKERS)} workers for ${String(JUDGED_FOR_MS / 1000)} s`);
  const deciding = await measureDecidingCost(JUDGED_WORKERS, JUDGED_FOR_MS);
  const deaths = await measureDeaths(context);
  const blocks = await measureBlocks(context);
  return {
    measures:
      'deciding: one beat a second of each worker through the supervisor, share of one core, the sending of the beats taken off; death: kill -9 until the event stream tells another state; blocked: a loop blocked for good until the event stream tells hung',
    deciding,
    deathShownMs: {
      kills: deaths.length,
      ...summaryOf(deaths),
      p99: rounded(percentileOf(deaths, 99), 1),
    },
    blockedShownMs: { blocks: blocks.length, ...summaryOf(blocks, 0), each: blocks.map(Math.round) },
    aim: AIM,
  };
}

async function measureDeaths(context: BenchContext): Promise<number[]> {
  const shownMs: number[] = [];
  for (let count = 1; count <= GARRISONS; count += 1) {
    await inTurn(context, async (own) => {
      shownMs.push(...(await killAll(own)));
    });
    context.note(`garrison ${String(count)} of ${String(GARRISONS)}: ${String(shownMs.length)} deaths shown`);
  }
  return shownMs;
}

async function killAll(context: BenchContext): Promise<number[]> {
  const watched = await watch(context, {});
  const shownMs: number[] = [];
  for (let round = 0; round < DEATHS_EACH; round += 1) {
    for (const name of watched.names) {
      const worker = await watched.up(name);
      shownMs.push(await killAndWait(worker, watched));
      await sleep(BETWEEN_KILLS_MS);
    }
  }
  return shownMs;
}

async function killAndWait({ name, incarnation }: WorkerView, watched: Watched): Promise<number> {
  if (incarnation === null || !isAlive(incarnation)) throw new Error(`${name} is not there to be killed`);
  const shown = watched.next(name, (worker) => worker.state !== 'up');
  const killedAtMs = performance.now();
  process.kill(incarnation.pid, 'SIGKILL');
  return (await shown) - killedAtMs;
}

async function measureBlocks(context: BenchContext): Promise<number[]> {
  const shownMs: number[] = [];
  await inTurn(context, async (own) => {
    const home = makeTempHome();
    own.after(() => {
      home.remove();
    });
    const trigger = join(home.path, 'block');
    const env = { NODE_OPTIONS: `--import=${BLOCK_WORKER}`, GARRISON_TEST_BLOCK: trigger };
    const watched = await watch(own, env);
    for (const name of watched.names) {
      await watched.up(name);
      const hung = watched.next(name, (worker) => worker.state === 'hung');
      const askedAtMs = performance.now();
      writeFileSync(trigger, name);
      shownMs.push((await hung) - askedAtMs);
      context.note(`${name}: hung after ${(shownMs.at(-1) ?? NaN).toFixed(0)} ms`);
    }
  });
  return shownMs;
}

interface Watched {
  readonly names: readonly string[];
  /** Resolves when the worker is up, to its view. */
  up(name: string): Promise<WorkerView>;
  /** Resolves, to the time it was told at, with the next event of this worker that fits. */
  next(name: string, fits: (worker: WorkerView) => boolean): Promise<number>;
}

async function watch(context: BenchContext, env: Readonly<Record<string, string>>): Promise<Watched> {
  const garrison = await Garrison.start(context, { config: `workers: { count: ${String(WORKERS)} }`, env });
  const latest = new Map<string, WorkerView>();
  let hear: (worker: WorkerView) => void = () => undefined;
  await followEvents(context, garrison.home, {
    worker: (worker) => {
      latest.set(worker.name, worker);
      hear(worker);
    },
  });
  for (const worker of await garrison.workers()) latest.set(worker.name, latest.get(worker.name) ?? worker);
  const up = (name: string): Promise<WorkerView> => {
    const isUp = (): WorkerView | false => {
      const worker = latest.get(name);
      return worker?.state === 'up' && worker;
    };
    return until(`${name} is up`, isUp, { deadlineMs: SHOWN_WITHIN_MS, everyMs: 20 });
  };
  const next: Watched['next'] = async (name, fits) => {
    const told = new Promise<number>((resolve) => {
      hear = (worker) => {
        if (worker.name === name && fits(worker)) resolve(performance.now());
      };
    });
    const limit = new AbortController();
    const late = sleep(SHOWN_WITHIN_MS, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`${name}: nothing was shown within ${String(SHOWN_WITHIN_MS)} ms`);
    });
    const toldAtMs = await Promise.race([told, late]);
    limit.abort();
    await late.catch(() => undefined);
    return toldAtMs;
  };
  return { names: [...latest.keys()], up, next };
}

/** Ends what the part started before the next part begins, and with the benchmark at the latest. */
async function inTurn(context: BenchContext, part: (own: BenchContext) => Promise<void>): Promise<void> {
  const endings: (() => Promise<void> | void)[] = [];
  const endAll = async (): Promise<void> => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
  };
  context.after(endAll);
  try {
    await part({ ...context, after: (end) => void endings.push(end) });
  } finally {
    await endAll();
  }
}

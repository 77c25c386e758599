/**
 * Measures what a supervisor with four workers costs while there is nothing to do: memory, and its share of one core.
 * It asks nothing of the supervisor while it measures.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import { rounded, type BenchContext, type Benchmark, type Figures } from './benchmark.ts';
import { costOf, sumOf, type Cost, type GarrisonCost } from './processes.ts';

const WORKERS = 4;
const SETTLE_MS = 10_000;
const MEASURED_MS = 40_000;
const AIM = { supervisorRssBytes: 130_000_000, supervisorCpuPercent: 1 };

export const idle: Benchmark = {
  name: 'idle',
  about: 'memory and CPU of the supervisor, its workers and Redis with nothing to do',
  run,
};

async function run(context: BenchContext): Promise<Figures> {
  const garrison = await Garrison.start(context, { config: `workers: { count: ${String(WORKERS)} }` });
  await until('all workers are up', async () =>
    (await garrison.workers()).every(({ state }) => state === 'up'),
  );
  context.note(
    `settling for ${String(SETTLE_MS / 1000)} s, then measuring for ${String(MEASURED_MS / 1000)} s`,
  );
  await sleep(SETTLE_MS);
  const before = costOf(garrison.pid);
  const startedMs = performance.now();
  await sleep(MEASURED_MS);
  const after = costOf(garrison.pid);
  const measuredMs = performance.now() - startedMs;
  const percent = (costs: (of: GarrisonCost) => readonly Cost[]): number =>
    rounded(((sumOf(costs(after), 'ownCpuMs') - sumOf(costs(before), 'ownCpuMs')) / measuredMs) * 100, 2);
  return {
    measures: `an idle supervisor with ${String(WORKERS)} workers and embedded Redis; CPU is the share of one core`,
    measuredMs: rounded(measuredMs, 0),
    supervisor: {
      rssBytes: after.supervisor.rssBytes,
      cpuPercent: percent(({ supervisor }) => [supervisor]),
    },
    workers: {
      count: after.workers.length,
      rssBytes: sumOf(after.workers, 'rssBytes'),
      rssBytesEach: after.workers.map((worker) => worker.rssBytes),
      cpuPercent: percent(({ workers }) => workers),
    },
    redis: { rssBytes: sumOf(after.redis, 'rssBytes'), cpuPercent: percent(({ redis }) => redis) },
    aim: AIM,
  };
}

/**
 * Runs the named benchmark, or all, and prints what it measured as one JSON document.
 * It never leaves anything running, also when it is interrupted.
 */
import { cpus, loadavg, release } from 'node:os';
import { messageOf } from '../src/errors.ts';
import { accounts } from './accounts.ts';
import type { Benchmark, Figures } from './benchmark.ts';
import { chaos } from './chaos.ts';
import { detector } from './detector.ts';
import { flapping } from './flapping.ts';
import { heal } from './heal.ts';
import { idle } from './idle.ts';
import { page } from './page.ts';
import { push, push100 } from './push.ts';
import { queued } from './queued.ts';
import { reap } from './reap.ts';
import { restart } from './restart.ts';
import { spare } from './spare.ts';
import { scrape } from './scrape.ts';
import { viewers } from './viewers.ts';

const BENCHMARKS: readonly Benchmark[] = [
  restart,
  spare,
  idle,
  push,
  push100,
  accounts,
  queued,
  reap,
  flapping,
  detector,
  heal,
  scrape,
  page,
  viewers,
  chaos,
];
const USAGE_ERROR = 64;
const INTERRUPTED = 130;

const endings: (() => Promise<void> | void)[] = [];
let ending: Promise<void> | null = null;

process.exitCode = await main(process.argv[2]);

async function main(name: string | undefined): Promise<number> {
  if (name === undefined) {
    for (const { name: known, about } of BENCHMARKS) console.log(`${known.padEnd(8)} ${about}`);
    console.log('all      all of them, one after another');
    return 0;
  }
  const chosen = BENCHMARKS.filter((benchmark) => name === 'all' || benchmark.name === name);
  if (chosen.length === 0) {
    console.error(`there is no benchmark ${name}; npm run bench lists them`);
    return USAGE_ERROR;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void endAll().then(() => process.exit(INTERRUPTED)));
  }
  try {
    const measured: Figures[] = [];
    for (const benchmark of chosen) measured.push(await measure(benchmark));
    console.log(JSON.stringify(name === 'all' ? { benchmarks: measured } : measured[0], null, 2));
    return 0;
  } catch (error) {
    console.error(messageOf(error));
    return 1;
  } finally {
    await endAll();
  }
}

async function measure({ name, run }: Benchmark): Promise<Figures> {
  const before = { startedAt: new Date().toISOString(), loadAverageBefore: loadavg()[0] };
  const figures = await run({
    args: process.argv.slice(3),
    after: (end) => void endings.push(end),
    note: (text) => {
      console.error(`${name}: ${text}`);
    },
  });
  await endAll();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, kernel: release(), node: process.version };
  return { benchmark: name, ...figures, ...before, loadAverageAfter: loadavg()[0], machine };
}

/** Last first; a second caller waits for the same ending. */
function endAll(): Promise<void> {
  ending ??= (async () => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
    ending = null;
  })();
  return ending;
}

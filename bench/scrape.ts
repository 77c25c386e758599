/**
 * Measures what a scrape costs the supervisor: 50 workers and 500 containers on its real boards, scraped over its Unix socket.
 * No worker and no container is real; the scraper is a process of its own, so that what it costs is not counted.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeTempHome } from '../test/support/tempHome.ts';
import { madeUpContainer } from '../test/support/madeUpContainer.ts';
import type { ContainerFacts } from '../src/detector/containerFacts.ts';
import { startServer } from '../src/server/app.ts';
import { FrontDoor } from '../src/supervisor/frontDoor.ts';
import type { Surroundings } from '../src/supervisor/ports.ts';
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

const WORKERS = 50;
const CONTAINERS = 500;
/** Of the containers, between two scrapes. */
const CHANGED = 10;
const WARM_UP = 20;
const SCRAPES = 200;
/** Beats wait up to 250 ms for a turn. */
const SETTLE_MS = 300;
const AIM = { cpuMs: 5 };

export const scrape: Benchmark = {
  name: 'scrape',
  about: 'CPU that one scrape of the metrics takes with 50 workers and 500 containers',
  run,
};

/** Answers each line on its stdin with one scrape, and says how many bytes it got. */
const SCRAPER = `
  const { request } = require('node:http');
  require('node:readline').createInterface({ input: process.stdin }).on('line', () => {
    request({ socketPath: process.argv[1], path: '/metrics', headers: { host: 'localhost' } }, (answer) => {
      let bytes = 0;
      answer.on('data', (part) => (bytes += part.length));
      answer.on('end', () => console.log(answer.statusCode === 200 ? bytes : 'failed'));
    }).end();
  });`;

async function run(context: BenchContext): Promise<Figures> {
  const fleet = new Fleet(WORKERS);
  context.after(() => {
    fleet.end();
  });
  listContainers(fleet);
  const scrapeOnce = startScraper(context, await serve(context, fleet));
  const costsMs: number[] = [];
  let bytes = 0;
  for (let count = 0; count < WARM_UP + SCRAPES; count += 1) {
    for (let index = 0; index < WORKERS; index += 1) fleet.beat(index);
    changeContainers(fleet, count, CHANGED);
    await sleep(SETTLE_MS);
    const before = process.cpuUsage();
    bytes = await scrapeOnce();
    const { user, system } = process.cpuUsage(before);
    if (count >= WARM_UP) costsMs.push((user + system) / 1000);
  }
  if (fleet.notUp() > 0) throw new Error('not every worker is up');
  return {
    measures:
      'CPU of the whole supervisor process from asking for a scrape until it has been answered; before each, every worker has beaten and ten containers have changed',
    workers: WORKERS,
    containers: CONTAINERS,
    bytes,
    scrapes: costsMs.length,
    cpuMs: { ...summaryOf(costsMs, 2), p99: rounded(percentileOf(costsMs, 99), 2) },
    aim: AIM,
  };
}

/** All of them may be healed, so that each has all of its counters. */
function listContainers({ supervisor }: Fleet): void {
  const facts = Array.from({ length: CONTAINERS }, (_, index) => containerOf(index, 'running'));
  supervisor.observe({ kind: 'docker', up: true, detail: 'benchmark' });
  supervisor.observe({ kind: 'containersListed', facts, missed: 0 });
}

function containerOf(index: number, status: 'running' | 'paused'): ContainerFacts {
  return madeUpContainer(`jms_${String(index)}`, { healLabel: 'true', status });
}

/** So many of them, others each time, are paused or go on. */
function changeContainers({ supervisor }: Fleet, round: number, count: number): void {
  for (let each = 0; each < count; each += 1) {
    const index = (round * count + each) % CONTAINERS;
    const isPaused = Math.floor((round * count) / CONTAINERS) % 2 === 1;
    const facts = containerOf(index, isPaused ? 'paused' : 'running');
    supervisor.observe({ kind: 'containerSeen', facts });
  }
}

/** Resolves to the path of its socket. */
async function serve(context: BenchContext, fleet: Fleet): Promise<string> {
  const home = makeTempHome();
  context.after(() => {
    home.remove();
  });
  const socketPath = join(home.path, 'control.sock');
  // Nobody asks for anything that would reach the others.
  const around = { alerts: { earlier: [] }, noticeCounts: () => [] } as unknown as Surroundings;
  const server = await startServer({
    door: new FrontDoor(fleet.supervisor, around, noGrantsWork()),
    homeDir: home.path,
    socketPath,
    pageListen: null,
    readiness: () => ({ ready: true, why: '' }),
    logger: console,
  });
  context.after(() => server.close());
  return socketPath;
}

function startScraper(context: BenchContext, socketPath: string): () => Promise<number> {
  const scraper = spawn(process.execPath, ['-e', SCRAPER, socketPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(async () => {
    const exited = new Promise((resolve) => scraper.once('exit', resolve));
    scraper.stdin.end();
    await exited;
  });
  const lines = createInterface({ input: scraper.stdout })[Symbol.asyncIterator]();
  return async () => {
    scraper.stdin.write('\n');
    const { value } = (await lines.next()) as { value: string };
    const bytes = Number(value);
    if (Number.isNaN(bytes)) throw new Error('a scrape was not answered');
    return bytes;
  };
}

/**
 * Records the streams in test/fixtures/streams anew, from real short runs with one fault each: `node --import tsx test/support/recordStreams.ts [NAME…]`.
 * No test runs it: what a detector makes of a stream is only told apart from yesterday's while the stream stays the same.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { Garrison } from './garrison.ts';
import { openParts } from './parts.ts';
import { redisPidOf } from './redisPid.ts';
import { makeTempHome } from './tempHome.ts';
import { until } from './until.ts';

const FOLDER = new URL('../fixtures/streams/', import.meta.url).pathname;
const BLOCK_WORKER = new URL('../fixtures/blockWorker.js', import.meta.url).pathname;
const WORKERS = 2;
const CALM_BEFORE_MS = 2_000;
const CALM_AFTER_MS = 2_000;
const OUTAGE_MS = 10_000;
const BLOCK_MS = 3_000;
const SHORT_BLOCKS = 5;
const SHORT_BLOCK_MS = 2_500;
const BETWEEN_BLOCKS_MS = 1_500;

interface Run {
  readonly garrison: Garrison;
  readonly folder: string;
}

/** Each resolves when its fault is over. */
const FAULTS: Readonly<Record<string, (run: Run) => Promise<void>>> = {
  blockedLoop: async ({ folder }) => {
    writeFileSync(join(folder, 'block'), `push-1 ${String(BLOCK_MS)}`);
    await sleep(BLOCK_MS);
  },
  shortBlocks: async ({ folder }) => {
    for (let count = 0; count < SHORT_BLOCKS; count += 1) {
      writeFileSync(join(folder, 'block'), `push-1 ${String(SHORT_BLOCK_MS)}`);
      await sleep(SHORT_BLOCK_MS + BETWEEN_BLOCKS_MS);
    }
  },
  stoppedRedis: async ({ garrison }) => {
    await stopFor(redisPidOf(garrison.pid));
  },
  stoppedSupervisor: async ({ garrison }) => {
    await stopFor(garrison.pid);
  },
};

const asked = process.argv.slice(2);
mkdirSync(FOLDER, { recursive: true });
for (const name of asked.length === 0 ? Object.keys(FAULTS) : asked) await recordOne(name);

async function recordOne(name: string): Promise<void> {
  const fault = FAULTS[name];
  if (fault === undefined) throw new Error(`there is no fault ${name}: ${Object.keys(FAULTS).join(', ')}`);
  const { parts, end } = openParts();
  try {
    const temporary = makeTempHome();
    parts.after(() => {
      temporary.remove();
    });
    const folder = temporary.path;
    const file = join(folder, 'stream.jsonl');
    const env = {
      GARRISON_RECORD: file,
      NODE_OPTIONS: `--import=${BLOCK_WORKER}`,
      GARRISON_TEST_BLOCK: join(folder, 'block'),
    };
    const config = `host: recorded\nworkers: { count: ${String(WORKERS)} }`;
    const garrison = await Garrison.start(parts, { config, env });
    await allUp(garrison);
    await sleep(CALM_BEFORE_MS);
    await fault({ garrison, folder });
    await sleep(CALM_AFTER_MS);
    await allUp(garrison);
    await sleep(CALM_AFTER_MS);
    // Copied before the end, which is no fault and not wanted here.
    const text = readFileSync(file, 'utf8');
    writeFileSync(join(FOLDER, `${name}.jsonl`), text);
    console.log(`${name}: ${String(text.split('\n').length - 1)} lines, ${String(text.length)} bytes`);
  } finally {
    await end();
  }
}

async function allUp(garrison: Garrison): Promise<void> {
  const isUp = async (): Promise<boolean> =>
    (await garrison.workers()).every((worker) => worker.state === 'up');
  await until('all workers are up', isUp, { deadlineMs: 60_000, everyMs: 500 });
}

async function stopFor(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await sleep(OUTAGE_MS);
  process.kill(pid, 'SIGCONT');
}

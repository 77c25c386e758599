/**
 * Measures how soon a change of a worker stands on the page while many look on, and what the lookers-on cost the supervisor.
 * The page is in a real browser; the others are plain followers of the same stream. `bench viewers PART` measures one part alone.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { TestBrowser } from '../test/support/browser.ts';
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import {
  percentileOf,
  rounded,
  summaryOf,
  type BenchContext,
  type Benchmark,
  type Figures,
} from './benchmark.ts';
import { measureLoginFlood } from './loginFlood.ts';
import { costOf } from './processes.ts';
import { setCareStage, type Care } from './viewersCare.ts';

const VIEWERS = 50;
const MANY_VIEWERS = 200;
const CHANGES = 60;
const SETTLE_MS = 5_000;
const MEASURED_MS = 20_000;
const AIM = { onScreenP95Ms: 300, supervisorBeside: 'unchanged with 200 viewers' };

export const viewers: Benchmark = {
  name: 'viewers',
  about:
    'how soon a change stands on the page with 50 viewers, what 200 viewers and a flood of sign-ins cost the supervisor (one part: viewers screen | care | flood)',
  run,
};

/** When the row of push-1 last changed its reason, and to what. */
const RECORDER = `(() => {
  const reason = () => document.querySelector('tr[data-worker="push-1"] .reason').textContent;
  globalThis.seen = { reason: reason(), atMs: Date.now() };
  new MutationObserver(() => {
    if (reason() !== globalThis.seen.reason) globalThis.seen = { reason: reason(), atMs: Date.now() };
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
})()`;

async function run(context: BenchContext): Promise<Figures> {
  const chosen = process.argv[3];
  const isWanted = (part: string): boolean => chosen === undefined || chosen === part;
  return {
    ...(isWanted('screen') ? await measureScreen(context) : {}),
    ...(isWanted('care') ? { care: await measureCare(context) } : {}),
    ...(isWanted('flood') ? { loginFlood: await measureLoginFlood(context) } : {}),
  };
}

/** Beats, dead workers and sick containers, before nobody and before many, by one supervisor in one run. */
async function measureCare(context: BenchContext): Promise<Figures> {
  const stage = await setCareStage(context);
  context.note('care alone');
  const alone = await stage.measure();
  for (let each = 0; each < MANY_VIEWERS; each += 1) await follow(context, stage.garrison);
  context.note(`care before ${String(MANY_VIEWERS)} viewers`);
  const watched = await stage.measure();
  const names = Object.keys(alone) as (keyof Care)[];
  const ratios = Object.fromEntries(names.map((name) => [name, rounded(watched[name] / alone[name], 2)]));
  return {
    measures:
      'medians in milliseconds, and the ratio of those with viewers to those without: beats as the supervisor sees them, kill -9 of a worker, Docker’s word of a sick container',
    alone,
    [`with${String(MANY_VIEWERS)}Viewers`]: watched,
    ratios,
  };
}

async function measureScreen(context: BenchContext): Promise<Figures> {
  const garrison = await Garrison.start(context, { config: 'workers: { count: 4 }' });
  await until('all workers are up', async () =>
    (await garrison.workers()).every(({ state }) => state === 'up'),
  );
  context.note('alone');
  const alone = await supervisorCost(garrison);
  const browser = await TestBrowser.start(context);
  const page = await browser.signIn((await garrison.cli('sign-in')).stdout.trim());
  for (let each = 0; each < VIEWERS; each += 1) await follow(context, garrison);
  context.note(`${String(CHANGES)} changes before ${String(VIEWERS)} viewers`);
  const onScreenMs = await timeChanges(garrison, page);
  await page.close();
  for (let each = VIEWERS; each < MANY_VIEWERS; each += 1) await follow(context, garrison);
  context.note(`before ${String(MANY_VIEWERS)} viewers`);
  const watched = await supervisorCost(garrison);
  return {
    measures:
      'from just before a person’s wish is sent over the API until the page’s row shows it: the call, the turn, the stream and the drawing',
    viewers: VIEWERS,
    changes: onScreenMs.length,
    onScreenMs: { ...summaryOf(onScreenMs), p95: rounded(percentileOf(onScreenMs, 95), 1) },
    supervisor: { alone, [`with${String(MANY_VIEWERS)}Viewers`]: watched },
    aim: AIM,
  };
}

async function timeChanges(garrison: Garrison, page: Page): Promise<readonly number[]> {
  await page.evaluate(RECORDER);
  const tookMs: number[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    const isQuiet = change % 2 === 0;
    const sentAtMs = Date.now();
    await garrison.api('POST', '/api/v1/operations', {
      verb: isQuiet ? 'quiet' : 'start',
      target: 'worker/push-1',
    });
    const shown = await until('the page shows it', async () => {
      const seen = await page.evaluate<{ reason: string; atMs: number }>('globalThis.seen');
      return seen.reason === (isQuiet ? 'Quiet' : 'Beating') && seen.atMs >= sentAtMs ? seen : null;
    });
    tookMs.push(shown.atMs - sentAtMs);
    // Shown for at least a second: the next change would otherwise wait for that.
    await sleep(1_200);
  }
  return tookMs;
}

async function supervisorCost(garrison: Garrison): Promise<Figures> {
  await sleep(SETTLE_MS);
  const before = costOf(garrison.pid).supervisor;
  const startedMs = performance.now();
  let longestSilenceMs = 0;
  while (performance.now() - startedMs < MEASURED_MS) {
    for (const { lastBeatAgoMs } of await garrison.workers())
      longestSilenceMs = Math.max(longestSilenceMs, lastBeatAgoMs ?? 0);
    await sleep(500);
  }
  const after = costOf(garrison.pid).supervisor;
  const cpuPercent = ((after.ownCpuMs - before.ownCpuMs) / (performance.now() - startedMs)) * 100;
  return { cpuPercent: rounded(cpuPercent, 2), rssBytes: after.rssBytes, longestSilenceMs };
}

/** One more who follows every change, over the control socket. */
function follow(context: BenchContext, garrison: Garrison): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(garrison.home, 'control.sock'),
        path: '/api/v1/events',
        headers: { host: 'localhost' },
      },
      (answer) => {
        if (answer.statusCode !== 200)
          reject(new Error(`a viewer was refused: ${String(answer.statusCode)}`));
        answer
          .on('error', () => undefined)
          .once('data', () => {
            resolve();
          });
        answer.resume();
      },
    );
    sent.on('error', reject);
    sent.end();
    context.after(() => {
      sent.destroy();
    });
  });
}

/**
 * Faults of one worker: stopped by a signal, its event loop blocked, its beats late.
 * Only push-1 of the garrison under test is touched.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcStat } from '../../../src/proc.ts';
import type { Parts } from '../parts.ts';
import { tempHome } from '../tempHome.ts';
import { until } from '../until.ts';
import { percent, watchPressure } from './pressure.ts';
import { Watch, WELL, type FaultRun } from './watch.ts';

const BLOCK_WORKER = fixture('blockWorker.js');
const DELAY_BEATS = fixture('delayBeats.js');
/** With this one the longest time between two beats is 3.3 s over the first hundred: long, and not yet late. */
const DELAY_SEED = 39;
const BLOCK_MS = 3_000;
/** Ago: a beat may lie in the supervisor's hands for a quarter of a second before it is shown. */
const JUST_MS = 350;
/** A better verdict is shown only after it has stood for 3 s; less what looking costs. */
const RECOVERS_AFTER_MS = 2_900;
const STOPPED_FOR_MS = 15_000;
const DELAYED_FOR_MS = 60_000;
const HUNG_WITHIN_MS = 5_000;
/** With a smaller share of time in which some task waited for a processor, the machine counts as idle. */
const IDLE_SHARE = 0.1;

/** Woken once by the supervisor: the same process goes on, and nothing more is shown however long one looks. */
export async function stopped(parts: Parts, scale: number): Promise<FaultRun> {
  const watch = await Watch.start(parts);
  const pid = watch.pid('push-1');
  const stoppedAtMs = performance.now();
  process.kill(pid, 'SIGSTOP');
  await watch.shown('push-1', 'hung ProcessStopped');
  await until('it was woken', () => readProcStat(pid)?.state !== 'T');
  const wokenAtMs = performance.now();
  const upAtMs = await watch.shown('push-1', 'up Beating');
  assert.ok(upAtMs - wokenAtMs > RECOVERS_AFTER_MS, `up ${String(upAtMs - wokenAtMs)} ms after it was woken`);
  await sleep(stoppedAtMs + STOPPED_FOR_MS * scale - performance.now());
  return watch.judge({ 'push-1': { sequence: ['up Beating', 'hung ProcessStopped', 'up Beating'] } });
}

/** Stopped again whenever it is woken: it is not coming back by itself, so it is replaced. The supervisor's patience is not scaled, nor is this. */
export async function heldStopped(parts: Parts): Promise<FaultRun> {
  const watch = await Watch.start(parts);
  const pid = watch.pid('push-1');
  const startTicks = readProcStat(pid)?.startTicks;
  const hold = setInterval(() => {
    const stat = readProcStat(pid);
    if (stat?.startTicks !== startTicks || stat?.state === 'Z') clearInterval(hold);
    else if (stat?.state !== 'T') process.kill(pid, 'SIGSTOP');
  }, 5);
  parts.after(() => {
    clearInterval(hold);
  });
  await until('it was killed', () => readProcStat(pid)?.startTicks !== startTicks, {
    deadlineMs: STOPPED_FOR_MS,
  });
  return watch.judge({ 'push-1': { sequence: replacedAfter('hung ProcessStopped'), replaced: true } });
}

/**
 * Blocked for 3 s from just after a beat: the next one comes before it is late, and nothing is shown.
 * The length is held against the detector's limits, so it is not scaled.
 */
export async function briefBlock(parts: Parts): Promise<FaultRun> {
  const { watch, trigger } = await startBlockable(parts);
  await untilBeaten(watch);
  writeFileSync(trigger, `push-1 ${String(BLOCK_MS)}`);
  await until('it was blocked', () => readFileSync(`${trigger}.blocked`, 'utf8'));
  await sleep(BLOCK_MS);
  await untilBeaten(watch);
  return watch.judge({});
}

/** The same without regard to its beats: the last one before it may have been a second ago, and then the next is late for a moment. */
export async function untimedBlock(parts: Parts): Promise<FaultRun> {
  const { watch, trigger } = await startBlockable(parts);
  writeFileSync(trigger, `push-1 ${String(BLOCK_MS)}`);
  await until('it was blocked', () => readFileSync(`${trigger}.blocked`, 'utf8'));
  await sleep(BLOCK_MS);
  await untilBeaten(watch);
  return watch.judge({
    'push-1': { sequence: WELL, orElse: [['up Beating', 'late BeatLate', 'up Beating']] },
  });
}

/** Blocked for good: hung within 5 s, by word of its second beat, and replaced. */
export async function blockForGood(parts: Parts): Promise<FaultRun> {
  const { watch, trigger } = await startBlockable(parts);
  const waited = watchPressure();
  writeFileSync(trigger, 'push-1');
  const blocked = await until('it was blocked', () => statSync(`${trigger}.blocked`));
  const shownAtMs = await watch.shown('push-1', 'hung LoopBlocked');
  const detectedMs = Math.round(performance.timeOrigin + shownAtMs - blocked.ctimeMs);
  const share = waited();
  console.log(
    `hung was shown ${String(detectedMs)} ms after the block began; tasks waited for a processor ${percent(share)} of the time`,
  );
  if (share !== null && share < IDLE_SHARE)
    assert.ok(detectedMs <= HUNG_WITHIN_MS, `hung after ${String(detectedMs)} ms`);
  await watch.shown('push-1', 'up Beating', shownAtMs);
  // Which of the two clocks reaches its limit first, the missed beats or the second beat's word, depends on when in a second the block began.
  const orElse = [['late LoopBlocked'], ['late BeatLate', 'late LoopBlocked']].map((late) =>
    replacedAfter(...late, 'hung LoopBlocked'),
  );
  return watch.judge({
    'push-1': { sequence: replacedAfter('late BeatLate', 'hung LoopBlocked'), orElse, replaced: true },
  });
}

/** Beats up to 3 s late, at random: no silence is as long as three missed beats, so nothing is shown. */
export async function delayedBeats(parts: Parts, scale: number): Promise<FaultRun> {
  const env = { NODE_OPTIONS: `--import=${DELAY_BEATS}`, GARRISON_TEST_DELAY_SEED: String(DELAY_SEED) };
  const watch = await Watch.start(parts, { env });
  let longestMs = 0;
  const untilMs = performance.now() + DELAYED_FOR_MS * scale;
  while (performance.now() < untilMs) {
    for (const { lastBeatAgoMs } of await watch.garrison.workers())
      longestMs = Math.max(longestMs, lastBeatAgoMs ?? 0);
    await sleep(50);
  }
  assert.ok(longestMs > 2_000, `beats were really late: ${String(longestMs)} ms`);
  return watch.judge({});
}

function fixture(name: string): string {
  return new URL(`../../fixtures/${name}`, import.meta.url).pathname;
}

async function startBlockable(parts: Parts): Promise<{ watch: Watch; trigger: string }> {
  const trigger = join(tempHome(parts), 'block');
  const env = { NODE_OPTIONS: `--import=${BLOCK_WORKER}`, GARRISON_TEST_BLOCK: trigger };
  return { watch: await Watch.start(parts, { env }), trigger };
}

async function untilBeaten({ garrison }: Watch): Promise<void> {
  const agoMs = async (): Promise<number> => (await garrison.workers())[0]?.lastBeatAgoMs ?? Infinity;
  await until('it has just beaten', async () => (await agoMs()) < JUST_MS);
}

function replacedAfter(...shown: readonly string[]): readonly string[] {
  return ['up Beating', ...shown, 'backoff Killed', 'starting Spawned', 'up Beating'];
}

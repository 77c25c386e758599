/**
 * Starts the thread that watches a worker's main loop (watchdogThread.ts), and notes for it when the loop last turned.
 * It judges nothing.
 */
import { Worker as Thread } from 'node:worker_threads';
import type { WatchdogData } from './watchdogThread.ts';

const TURN_INTERVAL_MS = 100;

export function startWatchdog(parentPid: number): void {
  const turnedAt = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const clock = new BigInt64Array(turnedAt);
  const turn = (): void => void Atomics.store(clock, 0, process.hrtime.bigint());
  turn();
  const workerData: WatchdogData = { parentPid, turnedAt };
  const thread = new Thread(threadProgram(), { workerData });
  // Neither may keep a drained worker alive.
  thread.unref();
  setInterval(turn, TURN_INTERVAL_MS).unref();
}

/** TypeScript under tsx, JavaScript when built. */
function threadProgram(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./watchdogThread.${extension}`, import.meta.url);
}

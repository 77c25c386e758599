/**
 * Starts the thread that watches a worker's main loop (watchdogThread.ts), and moves on the counter by which it knows that the loop turns.
 * It judges nothing.
 */
import { Worker as Thread } from 'node:worker_threads';
import type { WatchdogData } from './watchdogThread.ts';

const TURN_INTERVAL_MS = 100;

export function startWatchdog(parentPid: number): void {
  const turns = new SharedArrayBuffer(4);
  const counter = new Int32Array(turns);
  const workerData: WatchdogData = { parentPid, turns };
  const thread = new Thread(threadProgram(), { workerData });
  // Neither may keep a drained worker alive.
  thread.unref();
  setInterval(() => Atomics.add(counter, 0, 1), TURN_INTERVAL_MS).unref();
}

/** TypeScript under tsx, JavaScript when built. */
function threadProgram(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./watchdogThread.${extension}`, import.meta.url);
}

/**
 * A thread beside the main loop: while the loop stands it says twice a second for how long, and it ends the worker when its supervisor is gone.
 * It judges nothing; it ends nothing but its own process.
 */
import { Worker as Thread } from 'node:worker_threads';

const CHECK_INTERVAL_MS = 500;
const TURN_INTERVAL_MS = 100;
const WORTH_TELLING_MS = 1_000;
/** The pipe that the supervisor opens for the second beat (driver/spawn.ts). */
const BEAT_FD = 4;

/** The thread's whole program; plain JavaScript text so that it needs no file and no loader. */
const PROGRAM = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const turns = new Int32Array(workerData.turns);
let seen = -1;
let turnedAtMs = performance.now();
let wasStale = false;
setInterval(() => {
  // Once the supervisor is dead the kernel gives us another parent.
  if (process.ppid !== workerData.parentPid) process.kill(process.pid, 'SIGKILL');
  const count = Atomics.load(turns, 0);
  if (count !== seen) { seen = count; turnedAtMs = performance.now(); }
  const staleMs = Math.round(performance.now() - turnedAtMs);
  const stale = staleMs >= ${String(WORTH_TELLING_MS)};
  // The last word of a row says that the loop turns again; while it does, silence costs the supervisor nothing.
  if (stale || wasStale) try { writeSync(${String(BEAT_FD)}, staleMs + '\\n'); } catch {}
  wasStale = stale;
}, ${String(CHECK_INTERVAL_MS)});
`;

export function startWatchdog(parentPid: number): void {
  const turns = new SharedArrayBuffer(4);
  const counter = new Int32Array(turns);
  const thread = new Thread(PROGRAM, { eval: true, execArgv: [], workerData: { parentPid, turns } });
  // Neither may keep a drained worker alive.
  thread.unref();
  setInterval(() => Atomics.add(counter, 0, 1), TURN_INTERVAL_MS).unref();
}

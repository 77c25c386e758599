/**
 * A thread that ends the worker when its supervisor is gone, even while the main loop is blocked.
 * It is the second rope beside the kernel's parent-death signal, and ends nothing but its own process.
 */
import { Worker as Thread } from 'node:worker_threads';

const CHECK_INTERVAL_MS = 500;

/** The thread's whole program; plain JavaScript text so that it needs no file and no loader. */
const PROGRAM = `
const { workerData } = require('node:worker_threads');
setInterval(() => {
  // Once the supervisor is dead the kernel gives us another parent.
  if (process.ppid !== workerData.parentPid) process.kill(process.pid, 'SIGKILL');
}, ${String(CHECK_INTERVAL_MS)});
`;

export function startWatchdog(parentPid: number): void {
  const thread = new Thread(PROGRAM, { eval: true, execArgv: [], workerData: { parentPid } });
  // It must not keep a drained worker alive.
  thread.unref();
}

/**
 * Knows the pids that this process has started and whose exit has not been seen: libuv waits for these, nobody else may.
 * It starts and signals nothing.
 */

const pids = new Set<number>();

/** Called in the same turn of the event loop in which the process was started. */
export function noteSpawned(pid: number): void {
  pids.add(pid);
}

export function noteExited(pid: number): void {
  pids.delete(pid);
}

export function isSpawned(pid: number): boolean {
  return pids.has(pid);
}

/**
 * Reads how starved of processor time the machine is (pressure stall information of the kernel).
 * It reads at most once a second and knows nothing of what the number means.
 */
import { readFileSync } from 'node:fs';

const READ_EVERY_MS = 1_000;

/** A reader of `some avg10` of /proc/pressure/cpu as a share, 0–1; always 0 on a kernel without it. */
export function cpuPressureReader(nowMs: () => number): () => number {
  let readAtMs = -Infinity;
  let share = 0;
  return () => {
    if (nowMs() - readAtMs < READ_EVERY_MS) return share;
    readAtMs = nowMs();
    share = readShare();
    return share;
  };
}

function readShare(): number {
  try {
    const text = readFileSync('/proc/pressure/cpu', 'utf8');
    return Number(/^some avg10=([0-9.]+)/.exec(text)?.[1] ?? 0) / 100;
  } catch {
    return 0;
  }
}

/**
 * Watches how much memory a family of processes has at most, each page shared among them counted once.
 * It is for rounds whose time nobody takes, since looking costs time itself.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { familiesOf } from './processes.ts';

const LOOK_EVERY_MS = 20;

export interface Family {
  readonly roots: () => readonly number[];
  /** Families below them that do not count. */
  readonly without: readonly number[];
}

/** The work runs meanwhile. Resolves to bytes. */
export async function peakBytesOf(family: Family, work: () => Promise<unknown>): Promise<number> {
  const state = { peak: 0, isOver: false };
  const looking = (async () => {
    while (!state.isOver) {
      const pids = familiesOf(family.roots(), family.without);
      const bytes = pids.reduce((sum, pid) => sum + proportionalBytes(pid), 0);
      state.peak = Math.max(state.peak, bytes);
      await sleep(LOOK_EVERY_MS);
    }
  })();
  try {
    await work();
  } finally {
    state.isOver = true;
    await looking;
  }
  return state.peak;
}

/** 0 for a process that ended meanwhile. */
function proportionalBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

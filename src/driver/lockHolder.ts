/**
 * Finds who holds the lock of a home folder, as the kernel lists it.
 * It never tries the lock: that would take it from a supervisor that starts at this very moment.
 */
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the process that holds the lock of the home folder; null when nobody does, or it cannot be seen. */
export function supervisorPidOf(home: string): number | null {
  const { holder } = lockOf(home);
  return holder === 0 ? null : holder;
}

export interface Lock {
  /** 0 where its pid cannot be seen. */
  readonly holder: number | null;
  /** What the file says; null when it says nothing. */
  readonly text: string | null;
}

export function lockOf(home: string): Lock {
  const file = join(home, 'supervisor.lock');
  try {
    const text = readFileSync(file, 'utf8').trim().slice(0, 100);
    const { ino } = lstatSync(file);
    const holder = holderIn(readFileSync('/proc/locks', 'utf8'), ino, Number(text));
    return { holder, text: text === '' ? null : text };
  } catch {
    return { holder: null, text: null };
  }
}

/** Inodes are only unique on one device, which some file systems number otherwise in this list: the pid decides between several. */
function holderIn(locks: string, inode: number, writtenPid: number): number | null {
  const pids = [...locks.matchAll(/^\d+: FLOCK +ADVISORY +WRITE +(-?\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /gm)]
    .filter(([, , number]) => Number(number) === inode)
    .map(([, pid]) => Math.max(0, Number(pid)));
  return pids.find((pid) => pid === writtenPid) ?? pids[0] ?? null;
}

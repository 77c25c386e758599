/**
 * The few libc calls that Node does not offer, through koffi.
 * It keeps no state and makes no decision.
 */
import koffi from 'koffi';

const LOCK_EX = 2;
const LOCK_NB = 4;

let flock: ((fd: number, operation: number) => number) | null = null;

/** Takes an exclusive flock(2) without waiting; the kernel releases it when the process dies, however it dies. */
export function tryExclusiveLock(fd: number): boolean {
  flock ??= koffi.load('libc.so.6').func('int flock(int fd, int operation)') as (
    fd: number,
    operation: number,
  ) => number;
  return flock(fd, LOCK_EX | LOCK_NB) === 0;
}

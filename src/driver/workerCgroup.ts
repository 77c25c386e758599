/**
 * Where our own cgroup was delegated to us (systemd's Delegate=yes), gives each worker one below it, so that nothing a worker starts can leave it unseen.
 * It ends what is left only in a cgroup that it has just made itself, and only through the guard's door; without a delegation it does nothing.
 */
import { closeSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, readProcStat } from '../proc.ts';
import type { Command } from '../tether.ts';
import { readAttribute } from './libc.ts';
import { endEnclosed, openCgroupKill } from './signals.ts';

/** Our own cgroup of version 2, in which we may make others. */
export interface Delegation {
  readonly folder: string;
  /** As in /proc/PID/cgroup. */
  readonly path: string;
}

/** Of version 2 alone, and of version 2 beside version 1. */
const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];
/** Set by systemd on the cgroup of a unit with Delegate=yes: the first when it is root's, the second also for others. */
const DELEGATED = ['trusted.delegate', 'user.delegate'];
const LOOK_EVERY_MS = 10;
const LOOK_SELDOM_MS = 1_000;
/** Only a process in uninterruptible sleep, or one that the guard does not let be killed, is there for so long. */
const STUCK_AFTER_MS = 5_000;

/** Null where nobody delegated it to us. What earlier supervisors left empty there when they were killed is removed. */
export function findDelegation(mounts: readonly string[] = MOUNTS): Delegation | null {
  const own = ownCgroup(mounts);
  if (own === null || !DELEGATED.some((name) => readAttribute(own.folder, name) === '1')) return null;
  removeLeftovers(own.folder);
  return own;
}

/** For a self-test: our own cgroup, in which root may make others for a moment, delegated or not. Null where there is none of version 2. */
export function borrowOwnCgroup(mounts: readonly string[] = MOUNTS): Delegation | null {
  const own = ownCgroup(mounts);
  if (own !== null) removeLeftovers(own.folder);
  return own;
}

export class WorkerCgroup {
  readonly #folder: string;
  readonly #path: string;
  readonly #killFd: number;
  /** Nobody is of it until it is known whose it is. */
  #sinceTicks = Infinity;

  private constructor(folder: string, path: string) {
    this.#folder = folder;
    this.#path = path;
    this.#killFd = openCgroupKill(folder);
  }

  /** Null when it cannot be had. */
  static make({ folder, path }: Delegation, nonce: string): WorkerCgroup | null {
    const name = `garrison-${String(process.pid)}-${String(readProcStat(process.pid)?.startTicks)}-${nonce}`;
    const own = join(folder, name);
    try {
      // Fails when there is one of this name: that one is not ours.
      mkdirSync(own);
    } catch {
      return null;
    }
    try {
      return new WorkerCgroup(own, join(path, name));
    } catch {
      remove(own);
      return null;
    }
  }

  /** The command, which first goes in by itself: so it is there before it can have started anything. */
  entered({ file, args }: Command): Command {
    const script = 'echo $$ >"$0/cgroup.procs"; exec "$@"';
    return { file: 'sh', args: ['-c', script, this.#folder, file, ...args] };
  }

  /** Whose it is; 0 for one that had gone before it could be looked at. */
  isOf({ startTicks }: { readonly startTicks: number }): void {
    if (startTicks > 0) this.#sinceTicks = startTicks;
  }

  /** Who is in it, and in those below it. */
  pids(): number[] {
    return pidsBelow(this.#folder);
  }

  /** To be called once the worker is dead. Resolves when nothing is left in it and it is removed; `onStuck` is told once who does not go. */
  async end(onStuck: (pids: readonly number[]) => void): Promise<void> {
    const startedMs = performance.now();
    let isTold = false;
    for (;;) {
      const pids = this.pids();
      const enclosure = { path: this.#path, sinceTicks: this.#sinceTicks };
      if (pids.length > 0) endEnclosed(enclosure, this.#killFd, pids);
      if (remove(this.#folder)) break;
      if (!isTold && performance.now() - startedMs > STUCK_AFTER_MS) {
        isTold = true;
        onStuck(pids);
      }
      await sleep(isTold ? LOOK_SELDOM_MS : LOOK_EVERY_MS);
    }
    closeSync(this.#killFd);
  }
}

function ownCgroup(mounts: readonly string[]): Delegation | null {
  const path = ownPath();
  if (path === null) return null;
  const mount = mounts.find((each) => pidsIn(join(each, path)).includes(process.pid));
  return mount === undefined ? null : { folder: join(mount, path), path };
}

function ownPath(): string | null {
  try {
    const path = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? null;
    // With `..` we are outside of what our cgroup namespace shows.
    return path === null || path.split('/').includes('..') ? null : path;
  } catch {
    return null;
  }
}

/** Only empty ones can be removed; those of a supervisor that lives are its own. */
function removeLeftovers(folder: string): void {
  for (const name of foldersIn(folder)) {
    const [, pid, startTicks] = /^garrison-(\d+)-(\d+)-[0-9a-f]+$/.exec(name) ?? [];
    if (pid === undefined || isAlive({ pid: Number(pid), startTicks: Number(startTicks) })) continue;
    remove(join(folder, name));
  }
}

/** Those inside first. True when it is no longer there. */
function remove(folder: string): boolean {
  for (const name of foldersIn(folder)) remove(join(folder, name));
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function pidsBelow(folder: string): number[] {
  return [...pidsIn(folder), ...foldersIn(folder).flatMap((name) => pidsBelow(join(folder, name)))];
}

function pidsIn(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

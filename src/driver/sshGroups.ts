/**
 * Knows the ssh process groups that one worker's life has started, ends one when told to, and proves that all are gone.
 * It signals only a group whose leader is the very process the worker named while it was the worker's child.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, readProcStat } from '../proc.ts';
import { entryId } from '../queueName.ts';
import { OWN_BOOT, sendSignal } from './signals.ts';

interface Group {
  readonly pid: number;
  readonly startTicks: number;
}

interface Attempt {
  readonly jobId: string;
  readonly attempt: number;
}

const LOOK_EVERY_MS = 10;
const LOOK_SELDOM_MS = 1_000;
/** Only a process in uninterruptible sleep outlives KILL so long. */
const STUCK_AFTER_MS = 5_000;
/** The kernel ends them with their worker (driver/spawn.ts, pdeathsig); what is left after this long is ended by hand. */
const KERNEL_GRACE_MS = 100;

export class SshGroups {
  readonly #groups = new Map<string, Group>();
  readonly #workerPid: number;

  constructor(workerPid: number) {
    this.#workerPid = workerPid;
  }

  /** What the worker says: this attempt's ssh runs as `pid`; null once it has ended. */
  note(attempt: Attempt, pid: number | null): void {
    const stat = pid === null ? null : readProcStat(pid);
    // Believed only of its own child that leads its own group: a worker can name no other process to be ended.
    if (pid === null || stat?.parentPid !== this.#workerPid || stat.processGroup !== pid) {
      this.#groups.delete(entryId(attempt.jobId, attempt.attempt));
      return;
    }
    this.#groups.set(entryId(attempt.jobId, attempt.attempt), { pid, startTicks: stat.startTicks });
  }

  /** The pids, by job. */
  list(): { readonly jobId: string; readonly pid: number }[] {
    return [...this.#groups].map(([key, { pid }]) => ({ jobId: key.slice(0, key.lastIndexOf('.')), pid }));
  }

  /** KILL to the whole group; false when it has ended already. */
  end(attempt: Attempt): boolean {
    const group = this.#groups.get(entryId(attempt.jobId, attempt.attempt));
    return group !== undefined && killGroup(group);
  }

  /** Resolves when none of them lives any more, to be called once the worker is dead; `onStuck` is told once of those that do not go. */
  async allGone(onStuck: (pids: readonly number[]) => void): Promise<void> {
    const startedMs = performance.now();
    let isTold = false;
    for (;;) {
      const living = [...this.#groups.values()].filter((group) => isAlive(group));
      if (living.length === 0) return;
      const waitedMs = performance.now() - startedMs;
      if (waitedMs > KERNEL_GRACE_MS) for (const group of living) killGroup(group);
      if (waitedMs > STUCK_AFTER_MS && !isTold) {
        isTold = true;
        onStuck(living.map(({ pid }) => pid));
      }
      await sleep(isTold ? LOOK_SELDOM_MS : LOOK_EVERY_MS);
    }
  }
}

/** What the worker named while it was the worker's own child is of our tree, also after the worker's death. */
function killGroup({ pid, startTicks }: Group): boolean {
  const target = { pid, startTicks, bootId: OWN_BOOT };
  return sendSignal({ target, reach: 'group', signal: 'SIGKILL' }, 'named') === null;
}

/**
 * Gets the orphans of everything this process started, reaps those that have ended, and tells of those that live.
 * It reaps one pid at a time and never one that libuv waits for (waitpid(-1) would steal that exit); it ends nothing by itself.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReapedKind } from '../detector/zombie.ts';
import { readProcessFacts, readProcStat } from '../proc.ts';
import type { Orphan } from '../reconciler/orphan.ts';
import { childrenOf } from './children.ts';
import { becomeSubreaper, reapChild } from './libc.ts';
import { OWN_BOOT, sendSignal } from './signals.ts';
import { isSpawned } from './spawned.ts';

export interface ReaperEvents {
  /** An orphan that had ended is gone for good; `worker`: it was known to be of a worker's life. */
  onReaped(pid: number, command: string, orphanKind: ReapedKind): void;
  /** A living one was given to us by the kernel; told once. */
  onAdopted(orphan: Orphan): void;
}

/** The mark in the environment of all that a worker's life starts. */
export const LIFE_MARK = 'GARRISON_LIFE';

const SWEEP_INTERVAL_MS = 1_000;
const END_EVERY_MS = 10;

export class Reaper {
  readonly #events: ReaperEvents;
  /** Living orphans that were told of, by pid. */
  readonly #adopted = new Map<number, Orphan>();
  readonly #timer: NodeJS.Timeout;
  #sweepIsDue = false;

  /** From now on; false in `isSubreaper` where the kernel does not permit it, and then only direct children are seen. */
  constructor(events: ReaperEvents) {
    this.#events = events;
    this.isSubreaper = becomeSubreaper();
    process.on('SIGCHLD', this.#onChildSignal);
    // Signals of the same kind coalesce, and libuv takes its watcher away while it has no child of its own.
    this.#timer = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  readonly isSubreaper: boolean;

  /** Reaps what has ended and was never spawned by us. */
  sweep(): void {
    const children = new Set(childrenOf(process.pid));
    for (const pid of children) if (!isSpawned(pid)) this.#look(pid);
    for (const pid of this.#adopted.keys()) if (!children.has(pid)) this.#adopted.delete(pid);
  }

  /** KILL, by the mark of the life it came from. */
  end(orphan: Orphan): void {
    const { life, attempt } = lifeMarkOf(orphan.pid);
    if (life === null || life !== orphan.life || attempt !== orphan.attempt) return;
    const target = { pid: orphan.pid, startTicks: orphan.startTicks, bootId: OWN_BOOT };
    sendSignal({ target, reach: 'process', signal: 'SIGKILL' }, 'marked');
  }

  /** Ends every marked orphan there still is; resolves when none lives, or after `withinMs`. */
  async endAll(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      this.sweep();
      const marked = [...this.#adopted.values()].filter(({ life }) => life !== null);
      if (marked.length === 0 || performance.now() > untilMs) break;
      for (const orphan of marked) this.end(orphan);
      await sleep(END_EVERY_MS);
    }
    clearInterval(this.#timer);
    process.off('SIGCHLD', this.#onChildSignal);
  }

  readonly #onChildSignal = (): void => {
    if (this.#sweepIsDue) return;
    this.#sweepIsDue = true;
    setImmediate(() => {
      this.#sweepIsDue = false;
      this.sweep();
    });
  };

  #look(pid: number): void {
    const stat = readProcStat(pid);
    // It may have been spawned, or have gone, since the list was read.
    if (stat?.parentPid !== process.pid || isSpawned(pid)) return;
    if (stat.state === 'Z') this.#reap(pid);
    else if (this.#adopted.get(pid)?.startTicks !== stat.startTicks) this.#adopt(pid, stat.startTicks);
  }

  #reap(pid: number): void {
    const command = commandOf(pid);
    if (!reapChild(pid)) return;
    const known = this.#adopted.get(pid);
    this.#adopted.delete(pid);
    this.#events.onReaped(pid, command, (known?.life ?? null) === null ? 'orphan' : 'worker');
  }

  #adopt(pid: number, startTicks: number): void {
    const orphan = { pid, startTicks, command: commandOf(pid), ...lifeMarkOf(pid) };
    this.#adopted.set(pid, orphan);
    this.#events.onAdopted(orphan);
  }
}

function commandOf(pid: number): string {
  return readProcessFacts(pid)?.command ?? '?';
}

/** `nonce` or `nonce/jobId.attempt`; nothing without the mark, or where the environment may not be read. */
function lifeMarkOf(pid: number): Pick<Orphan, 'life' | 'attempt'> {
  try {
    const variables = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
    const mark = variables.find((each) => each.startsWith(`${LIFE_MARK}=`))?.slice(LIFE_MARK.length + 1);
    const [life, attempt] = mark?.split('/') ?? [];
    return { life: life ?? null, attempt: attempt ?? null };
  } catch {
    return { life: null, attempt: null };
  }
}

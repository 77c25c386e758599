/**
 * Gets the orphans of everything this process started, reaps those that have ended, and tells of those that live.
 * It reaps one pid at a time and never one that libuv waits for (waitpid(-1) would steal that exit); it ends nothing by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReapedKind } from '../detector/zombie.ts';
import { LIFE_MARK } from '../mark.ts';
import { readCommand, readEnvironment, readProcStat, variableIn } from '../proc.ts';
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

const SWEEP_INTERVAL_MS = 1_000;
const END_EVERY_MS = 10;

export class Reaper {
  readonly #events: ReaperEvents;
  /** Living orphans that were told of, by pid. */
  readonly #adopted = new Map<number, Orphan>();
  readonly #timer: NodeJS.Timeout;
  #sweepIsDue = false;

  /** From now on; where the kernel does not make it the subreaper, only direct children are seen. */
  constructor(events: ReaperEvents) {
    this.#events = events;
    becomeSubreaper();
    process.on('SIGCHLD', this.#onChildSignal);
    // Signals of the same kind coalesce, and libuv takes its watcher away while it has no child of its own.
    this.#timer = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** Reaps what has ended and was never spawned by us. */
  sweep(): void {
    const children = new Set(childrenOf(process.pid));
    for (const pid of children) if (!isSpawned(pid)) this.#look(pid);
    for (const pid of this.#adopted.keys()) if (!children.has(pid)) this.#adopted.delete(pid);
  }

  /** KILL, by the mark of the life it came from. */
  end(orphan: Orphan): void {
    const mark = lifeMarkOf(orphan.pid);
    if (mark === null || mark.life !== orphan.life || mark.attempt !== orphan.attempt) return;
    const target = { pid: orphan.pid, startTicks: orphan.startTicks, bootId: OWN_BOOT };
    sendSignal({ target, reach: 'process', signal: 'SIGKILL' }, 'marked');
  }

  /** Ends every marked orphan there still is; resolves when none lives, or after `withinMs` to those that do. */
  async endAll(withinMs: number): Promise<Orphan[]> {
    const untilMs = performance.now() + withinMs;
    let marked: Orphan[];
    for (;;) {
      this.sweep();
      marked = [...this.#adopted.values()].filter(({ life }) => life !== null);
      if (marked.length === 0 || performance.now() > untilMs) break;
      for (const orphan of marked) this.end(orphan);
      await sleep(END_EVERY_MS);
    }
    clearInterval(this.#timer);
    process.off('SIGCHLD', this.#onChildSignal);
    return marked;
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
    const mark = lifeMarkOf(pid);
    // In the middle of an exec it shows no environment: taken as it is then, it would be nobody's for ever.
    if (mark === null) return;
    const orphan = { pid, startTicks, command: commandOf(pid), ...mark };
    this.#adopted.set(pid, orphan);
    this.#events.onAdopted(orphan);
  }
}

function commandOf(pid: number): string {
  return readCommand(pid) ?? '?';
}

/** From `nonce` or `nonce/jobId.attempt`, nulls without the mark; null while the environment cannot be read. */
function lifeMarkOf(pid: number): Pick<Orphan, 'life' | 'attempt'> | null {
  const environment = readEnvironment(pid);
  if (environment === null) return null;
  const [life, attempt] = variableIn(environment, LIFE_MARK)?.split('/') ?? [];
  return { life: life ?? null, attempt: attempt ?? null };
}

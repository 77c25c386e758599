/**
 * Looks through /proc for zombies, every few seconds and when asked: what each is, and what its parent is.
 * It signals and reaps nothing, judges nothing, and never keeps the event loop from turning, however many there are.
 */
import { readdir } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { monoMs, now, type Moment } from '../clock.ts';
import type { SeenZombie, ZombieParent } from '../detector/zombie.ts';
import { messageOf } from '../errors.ts';
import { parseProcStat } from '../proc.ts';
import { inSlices } from './inSlices.ts';
import { procLimit } from './procLimit.ts';

export interface ZombiesSeen {
  /** When the look began: who asked before will find the answer in it. */
  readonly begunAt: Moment;
  readonly seen: readonly SeenZombie[];
  /** What cannot be seen from here and why, in a sentence; null when everything can. */
  readonly limited: string | null;
}

const LOOK_EVERY_MS = 5_000;
/** Of a machine with so many processes that a look takes long, no more than this share of a core is used … */
const SHARE_OF_TIME = 1 / 20;
/** … but a look that only hung must not be followed by a rest for as long: people are alerted when none ends in a minute. */
const LONGEST_REST_MS = 30_000;

export class ZombieScan {
  readonly #onSeen: (seen: ZombiesSeen) => void;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #ended = false;

  constructor(onSeen: (seen: ZombiesSeen) => void) {
    this.#onSeen = onSeen;
  }

  start(): void {
    this.#lookAgain();
  }

  /** A whole look that begins after this call; resolves when it has been told. */
  now(): Promise<void> {
    if (this.#looking === null) return this.#look();
    this.#next ??= this.#looking.then(() => {
      this.#next = null;
      return this.#look();
    });
    return this.#next;
  }

  end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #lookAgain(): void {
    const beganMs = monoMs();
    void this.now().then(() => {
      if (this.#ended) return;
      const fairRestMs = (monoMs() - beganMs) / SHARE_OF_TIME;
      const restMs = Math.min(LONGEST_REST_MS, Math.max(LOOK_EVERY_MS, fairRestMs));
      this.#timer = setTimeout(() => {
        this.#lookAgain();
      }, restMs).unref();
    });
  }

  #look(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#looking = lookOnce().then((seen) => {
      this.#looking = null;
      // The end may have come while it was looking.
      if (!this.#ended) this.#onSeen(seen);
    });
    return this.#looking;
  }
}

/** One look through the whole of /proc. */
export async function lookOnce(): Promise<ZombiesSeen> {
  const begunAt = now();
  const look = new Look();
  try {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    await inSlices(pids, (pid) => {
      look.at(Number(pid));
    });
  } catch (error) {
    const limited = `No zombie can be seen: /proc cannot be listed (${messageOf(error)}).`;
    return { begunAt, seen: [], limited };
  }
  return { begunAt, seen: look.seen, limited: procLimit(look.denied) };
}

class Look {
  readonly seen: SeenZombie[] = [];
  /** Processes that are there and may not be read. */
  denied = 0;
  readonly #parents = new Map<number, ZombieParent | null>();

  at(pid: number): void {
    const text = this.#read(pid, 'stat');
    const zombie = text === null ? null : this.#zombieOf(pid, text);
    if (zombie !== null) this.seen.push(zombie);
  }

  #zombieOf(pid: number, text: string): SeenZombie | null {
    if (text.charAt(text.lastIndexOf(')') + 2) !== 'Z') return null;
    const stat = parseProcStat(text);
    // While another of its threads runs, the first one's end makes it no zombie: it works, and nobody could reap it.
    if (stat === null || threadsOf(text) > 1) return null;
    const uid = ownerOf(pid);
    if (uid === null) return null;
    const { startTicks, parentPid } = stat;
    return { pid, startTicks, command: commandOf(text), uid, parentPid, parent: this.#parent(parentPid) };
  }

  #parent(pid: number): ZombieParent | null {
    const known = this.#parents.get(pid);
    if (known !== undefined) return known;
    const parent = this.#readParent(pid);
    this.#parents.set(pid, parent);
    return parent;
  }

  #readParent(pid: number): ZombieParent | null {
    const text = pid > 0 ? this.#read(pid, 'stat') : null;
    const stat = text === null ? null : parseProcStat(text);
    if (text === null || stat === null) return null;
    const { startTicks, state } = stat;
    const namespacePids = /^NSpid:\s*(.+)$/m.exec(this.#read(pid, 'status') ?? '')?.[1]?.split(/\s+/);
    return {
      pid,
      startTicks,
      command: commandOf(text),
      state,
      cgroup: this.#read(pid, 'cgroup') ?? '',
      innermostPid: Number(namespacePids?.at(-1) ?? 0) || null,
      hasTerminal: field(text, TERMINAL) !== 0,
    };
  }

  /** Null when it is gone, or may not be read. */
  #read(pid: number, file: 'stat' | 'status' | 'cgroup'): string | null {
    try {
      return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') this.denied += 1;
      return null;
    }
  }
}

/** Positions after the command's bracket in /proc/PID/stat: fields 7 and 20 of proc(5). */
const TERMINAL = 4;
const THREADS = 17;

function threadsOf(text: string): number {
  return field(text, THREADS);
}

function field(text: string, position: number): number {
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[position] ?? 0);
}

/** A name may hold brackets itself. */
function commandOf(text: string): string {
  return text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
}

/** Null when it has been reaped this very moment. */
function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${String(pid)}`).uid;
  } catch {
    return null;
  }
}

/**
 * The views of zombies and of what a sweep did with them, as door.ts gives them to people.
 * It holds types only.
 */
import type { ReapedKind, ZombieNext, ZombieOwner } from '../detector/zombie.ts';

/** A process that has ended and that its parent has not waited for. */
export interface ZombieView {
  readonly pid: number;
  /** Of its program, as the kernel keeps it: at most 15 characters, chosen by the program. */
  readonly name: string;
  /** RFC 3339: since when it has been seen dead. */
  readonly since: string;
  readonly parent: {
    /** 0 when it lives outside of the process namespace that Garrison sees. */
    readonly pid: number;
    /** Empty when it may not be seen. */
    readonly name: string;
    /** Its container's id, as `docker ps` shows it. */
    readonly container?: string;
    /** And its name, where Docker was asked. */
    readonly containerName?: string;
  };
  readonly owner: ZombieOwner;
  /** What happens next, or what to do: the code of the advice. */
  readonly next: ZombieNext;
  /** What it is and what to do, in plain sentences; the same for all that the parent has left. */
  readonly advice: string;
}

export interface ZombieSummary {
  /** RFC 3339: when the last look through all processes began; null before the first. */
  readonly observedAt: string | null;
  readonly total: number;
  readonly byOwner: Readonly<Record<ZombieOwner, number>>;
  /** Those seen in more than one look: a process that has just ended is a zombie for a moment, which means nothing. */
  readonly lasting: number;
  /** By Garrison, since the supervisor started. */
  readonly reaped: Readonly<Record<ReapedKind, number>>;
  /** A sentence: what cannot be seen from here and why; null when everything can. */
  readonly limited: string | null;
}

/** What a sweep did with one zombie. */
export interface SweptZombie {
  readonly pid: number;
  readonly name: string;
  readonly outcome: 'reaped' | 'left';
  readonly owner: ZombieOwner;
  /** Of one that was left: why, and what to do. */
  readonly why: string;
}

export type { ZombieNext };

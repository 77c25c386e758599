/**
 * What the supervisors of one shared queue tell each other over Redis: how each stands, and what passes between its workers and the one that keeps the queue.
 * No secret is in it in clear: a job's record travels as it rests.
 */
import type { Incarnation } from '../heartbeat.ts';
import type { Fence, JobRecord } from './job.ts';
import type { SupervisorMessage, WorkerMessage } from './workerMessage.ts';

/** One life of a supervisor; its home stays, its life does not. */
export interface Member {
  /** Of its home folder. */
  readonly homeId: string;
  /** `host` of its garrison.yaml. */
  readonly name: string;
  /** Of this start. */
  readonly life: string;
}

/** A worker as its own supervisor, and nobody else, judges it. */
export interface MemberWorker {
  readonly name: string;
  readonly state: string;
  readonly since: string;
  readonly detail: string;
  readonly jobs: readonly string[];
}

/** What each says of itself every other second. */
export interface MemberNews extends Member {
  /** Rises with each; a reader goes by this and its own clock, never by `at`. */
  readonly seq: number;
  /** RFC 3339, by the clock of that machine. */
  readonly at: string;
  readonly version: string;
  readonly where: string;
  readonly startedAt: string;
  /** The epoch in which it keeps the queue; null while it keeps none. */
  readonly epoch: number | null;
  /** `gone`: it took its leave, and none of its workers lives. */
  readonly state: 'starting' | 'running' | 'stopping' | 'gone';
  /** A sentence: who of its workers takes jobs. */
  readonly detail: string;
  /** Of the jobs on the queue, where it keeps it. */
  readonly waiting: number;
  readonly running: number;
  /** Of its workers that take jobs. */
  readonly slots: number;
  readonly workers: readonly MemberWorker[];
}

/** What a worker says that concerns who keeps the queue. */
export type RelayedWord = Extract<WorkerMessage, { type: 'ask' | 'stage' | 'result' | 'beat' | 'passed' }>;

/** What is answered to it; a task is made where it is run. */
export type RelayedAnswer = Extract<SupervisorMessage, { type: 'skip' | 'pass' | 'stored' | 'cancel' }>;

/** Why no task can be made; `unreadable`: why no key opens its secret. */
export type NoTask = 'hostGone' | 'grantGone' | { readonly unreadable: string };

interface OfLife {
  readonly worker: string;
  readonly incarnation: Incarnation;
}

/** An error as it travels. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly cure?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

export type FleetMessage =
  | ({ readonly type: 'said'; readonly message: RelayedWord } & OfLife)
  /** It has ended, with all that it had started. */
  | ({ readonly type: 'workerGone' } & OfLife)
  /** It was granted, and cannot be run there. */
  | ({
      readonly type: 'noTask';
      readonly jobId: string;
      readonly attempt: number;
      readonly why: NoTask;
    } & OfLife)
  | ({ readonly type: 'grant'; readonly job: JobRecord; readonly fence: Fence } & OfLife)
  | ({ readonly type: 'answer'; readonly message: RelayedAnswer } & OfLife)
  /** What a person asked of another supervisor; `call` is read by supervisor/fleetDesk alone. */
  | { readonly type: 'request'; readonly id: string; readonly call: unknown }
  | { readonly type: 'reply'; readonly id: string; readonly result?: unknown; readonly problem?: Problem }
  /** Something was put on the queue. */
  | { readonly type: 'poke' };

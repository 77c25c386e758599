/**
 * Remembers which life of which worker holds which job's attempt, and the token of its entry's lock.
 * It grants nothing and takes nothing away by itself.
 */
import type { Incarnation } from '../heartbeat.ts';
import type { RelayedAnswer } from '../push/fleetMessage.ts';
import type { Fence, JobRecord, PushTask } from '../push/job.ts';
import type { SupervisorMessage } from '../push/workerMessage.ts';
import type { Action } from '../reconciler/action.ts';
import { entryId } from '../queueName.ts';

/** A worker's life that says something. */
export interface Speaker {
  /** Of another supervisor: with that one's name before it. */
  readonly worker: string;
  readonly incarnation: Incarnation;
  /** Whose worker it is, where it is not one of ours. */
  readonly member?: MemberLife;
}

/** A life of another supervisor of the queue. */
export interface MemberLife {
  readonly homeId: string;
  readonly life: string;
}

export interface Holder extends Speaker {
  readonly attempt: number;
  /** Of BullMQ's lock on the entry; null for one that goes along with another and has none. */
  readonly token: string | null;
}

export class Holders {
  readonly #byJob = new Map<string, Holder>();
  /** Asked for each worker at each turn, so it is not searched for. */
  readonly #jobsOf = new Map<string, Set<string>>();

  get(jobId: string): Holder | null {
    return this.#byJob.get(jobId) ?? null;
  }

  set(jobId: string, holder: Holder): void {
    this.release(jobId);
    this.#byJob.set(jobId, holder);
    const jobs = this.#jobsOf.get(holder.worker) ?? new Set();
    this.#jobsOf.set(holder.worker, jobs.add(jobId));
  }

  /** Returns who held it. */
  release(jobId: string): Holder | null {
    const holder = this.get(jobId);
    this.#byJob.delete(jobId);
    if (holder !== null) this.#jobsOf.get(holder.worker)?.delete(jobId);
    return holder;
  }

  isHeldBy(speaker: Speaker, jobId: string): boolean {
    return this.get(jobId)?.incarnation.nonce === speaker.incarnation.nonce;
  }

  /** Job ids. */
  ofWorker(worker: string): string[] {
    return [...(this.#jobsOf.get(worker) ?? [])];
  }

  /** `jobId.attempt` of all. */
  attempts(): ReadonlySet<string> {
    return new Set([...this.#byJob].map(([jobId, { attempt }]) => entryId(jobId, attempt)));
  }

  ofMember({ homeId, life }: MemberLife): [jobId: string, Holder][] {
    return [...this.#byJob].filter(([, { member }]) => member?.homeId === homeId && member.life === life);
  }

  all(): [jobId: string, Holder][] {
    return [...this.#byJob];
  }

  ofLife({ nonce }: Incarnation): [jobId: string, Holder][] {
    return [...this.#byJob].filter(([, holder]) => holder.incarnation.nonce === nonce);
  }
}

export function tell({ worker, incarnation, member }: Speaker, message: RelayedAnswer | Given): Action {
  if (member === undefined)
    return { kind: 'tellWorker', worker, incarnation, message: withoutOrder(message) };
  const to = { worker: nameThere(worker), incarnation };
  if (message.type !== 'run') {
    // Nobody goes along with a job in another's hands.
    if (message.type === 'ride') throw new Error(`${worker} is not ours: nothing rides along there`);
    return { kind: 'tellMember', homeId: member.homeId, message: { type: 'answer', message, ...to } };
  }
  const { job, fence } = message.order;
  return { kind: 'tellMember', homeId: member.homeId, message: { type: 'grant', job, fence, ...to } };
}

/** A granted attempt; of it, another supervisor is given only the order, and makes the task itself. */
export interface Granted {
  readonly task: PushTask;
  readonly order: { readonly job: JobRecord; readonly fence: Fence };
}

export type Given = ({ readonly type: 'run' } & Granted) | ({ readonly type: 'ride' } & Granted);

function withoutOrder(message: RelayedAnswer | Given): SupervisorMessage {
  return message.type === 'run' || message.type === 'ride'
    ? { type: message.type, task: message.task }
    : message;
}

/** A worker of another supervisor, as it is named here. */
export function nameHere(member: string, worker: string): string {
  return `${member}/${worker}`;
}

function nameThere(worker: string): string {
  return worker.slice(worker.indexOf('/') + 1);
}

/**
 * Remembers which life of which worker holds which job's attempt, and the token of its entry's lock.
 * It grants nothing and takes nothing away by itself.
 */
import type { Incarnation } from '../heartbeat.ts';
import type { SupervisorMessage } from '../push/workerMessage.ts';
import type { Action } from '../reconciler/action.ts';
import { entryId } from '../queueName.ts';

/** A worker's life that says something. */
export interface Speaker {
  readonly worker: string;
  readonly incarnation: Incarnation;
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

  ofLife({ nonce }: Incarnation): [jobId: string, Holder][] {
    return [...this.#byJob].filter(([, holder]) => holder.incarnation.nonce === nonce);
  }
}

export function tell({ worker, incarnation }: Speaker, message: SupervisorMessage): Action {
  return { kind: 'tellWorker', worker, incarnation, message };
}

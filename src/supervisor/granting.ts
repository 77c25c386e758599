/**
 * Puts an attempt into a worker's hands, where it may still run: the current one, that nobody cancelled and whose host and grant are there.
 * It picks no worker and tells none.
 */
import type { Moment } from '../clock.ts';
import type { Fence, JobRecord, PushTask } from '../push/job.ts';
import type { Action } from '../reconciler/action.ts';
import { afterBoarding, afterGrant, grantsAttempt } from '../reconciler/jobFlow.ts';
import type { Granted, Holder, Holders } from './holders.ts';
import { afterEnd } from './jobLogNotes.ts';
import type { NoTask } from '../push/fleetMessage.ts';
import { afterNoTask } from './jobSecrets.ts';
import type { OpenJobs } from './openJobs.ts';

export interface TaskPorts {
  /** Builds what a worker needs; says why there is nothing to build when the host, the grant or the key of its secret is gone. */
  taskFor(job: JobRecord, fence: Fence): PushTask | NoTask;
}

export class Granting {
  readonly #jobs: OpenJobs;
  readonly #holders: Holders;
  readonly #ports: TaskPorts;
  readonly #fences = new Map<string, Fence>();

  constructor(jobs: OpenJobs, holders: Holders, ports: TaskPorts) {
    this.#jobs = jobs;
    this.#holders = holders;
    this.#ports = ports;
  }

  noteFence(jobId: string, fence: Fence): void {
    if (this.#jobs.get(jobId) !== null) this.#fences.set(jobId, fence);
  }

  forget(jobId: string): void {
    this.#fences.delete(jobId);
  }

  /** Into these hands; `instead`: what must be done where it may not run. */
  grant(to: Holder, jobId: string, at: Moment): Granted | { instead: Action[] } {
    const open = this.#jobs.get(jobId);
    const fence = this.#fences.get(jobId);
    if (open === null || fence === undefined || !grantsAttempt(open, to)) return { instead: [] };
    const task = this.#ports.taskFor(open.job, fence);
    if (typeof task === 'string' || 'unreadable' in task)
      return { instead: afterEnd(this.#jobs.set(afterNoTask(open, task, at)), at) };
    this.#holders.set(jobId, to);
    const by = { worker: to.worker, nonce: to.incarnation.nonce };
    this.#jobs.set(to.token === null ? afterBoarding(open, by, at) : afterGrant(open, by, at));
    return { task, order: { job: open.job, fence } };
  }
}

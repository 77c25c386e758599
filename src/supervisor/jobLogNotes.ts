/**
 * What the supervisor itself writes into a job's log, as actions: the ends that no worker is left to write.
 * It decides no end, and writes nothing.
 */
import type { Moment } from '../clock.ts';
import { isFinal } from '../push/job.ts';
import type { Action } from '../reconciler/action.ts';
import { endText, lossText, type OpenJob } from '../reconciler/jobFlow.ts';

/** The job after the loss: it is tried again, or has ended with it. */
export function afterLoss({ job }: OpenJob, worker: string, at: Moment): Action[] {
  const note: Action = { kind: 'noteInLog', jobId: job.id, at: at.wall, text: lossText(job, worker) };
  return isFinal(job.state) ? [note, { kind: 'finish', job }] : [note];
}

/**
 * It ended while no worker had it. Ten thousand that never left for the queue would be as many files:
 * the log of such a one is made of its record when somebody reads it.
 */
export function afterEnd({ job }: OpenJob, at: Moment): Action[] {
  const finish: Action = { kind: 'finish', job };
  if (job.attempt === 0) return [finish];
  return [{ kind: 'noteInLog', jobId: job.id, at: at.wall, text: endText(job.result) }, finish];
}

/**
 * Ends a job for which no task can be made, and puts an open one's secret under another key.
 * It reads no key and no secret.
 */
import type { Moment } from '../clock.ts';
import type { Action } from '../reconciler/action.ts';
import {
  afterGrantGone,
  afterHostGone,
  afterReseal,
  afterSecretUnreadable,
  type OpenJob,
} from '../reconciler/jobFlow.ts';
import { sameIncarnation } from '../heartbeat.ts';
import type { NoTask } from '../push/fleetMessage.ts';
import type { Holders } from './holders.ts';
import { afterEnd } from './jobLogNotes.ts';
import type { JobObservation } from './observation.ts';
import type { OpenJobs } from './openJobs.ts';

export function afterNoTask(open: OpenJob, why: NoTask, at: Moment): OpenJob {
  if (why === 'hostGone') return afterHostGone(open, at);
  return why === 'grantGone' ? afterGrantGone(open, at) : afterSecretUnreadable(open, why.unreadable, at);
}

/**
 * It was granted to another supervisor's worker, where it cannot be run.
 * It would be no other elsewhere: all have the same hosts, grants and key, or are to have them.
 */
export function endWithoutTask(
  { jobs, holders }: { readonly jobs: OpenJobs; readonly holders: Holders },
  { incarnation, jobId, attempt, why }: Extract<JobObservation, { kind: 'noTask' }>,
  at: Moment,
): Action[] {
  const open = jobs.get(jobId);
  const holder = holders.get(jobId);
  if (open === null || holder?.attempt !== attempt) return [];
  if (!sameIncarnation(holder.incarnation, incarnation)) return [];
  holders.release(jobId);
  return afterEnd(jobs.set(afterNoTask(open, why, at)), at);
}

/** One that is on its way to disk is not the loop's any more: its stored record is sealed anew. */
export function reseal(
  jobs: OpenJobs,
  { jobId, sealed }: Extract<JobObservation, { kind: 'resealed' }>,
  at: Moment,
): Action[] {
  const open = jobs.get(jobId);
  if (open?.job.sealed === undefined || open.place.at === 'keeping') return [];
  return [{ kind: 'save', job: jobs.set(afterReseal(open, sealed, at)).job }];
}

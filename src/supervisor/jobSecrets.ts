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
import type { JobObservation } from './observation.ts';
import type { OpenJobs } from './openJobs.ts';

/** `unreadable`: why no key opens its secret. */
export type NoTask = 'hostGone' | 'grantGone' | { readonly unreadable: string };

export function afterNoTask(open: OpenJob, why: NoTask, at: Moment): OpenJob {
  if (why === 'hostGone') return afterHostGone(open, at);
  return why === 'grantGone' ? afterGrantGone(open, at) : afterSecretUnreadable(open, why.unreadable, at);
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

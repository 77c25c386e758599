/**
 * Ends the jobs that wait, are wanted by grants alone, and are wanted no longer.
 * It leaves alone what a worker has in hand: the host may be changed already.
 */
import type { Moment } from '../clock.ts';
import type { JobRecord } from '../push/job.ts';
import type { Action } from '../reconciler/action.ts';
import { afterGrantGone, awaitsAsGranted } from '../reconciler/jobFlow.ts';
import { afterEnd } from './jobLogNotes.ts';
import type { OpenJobs } from './openJobs.ts';

export interface GrantPorts {
  /** Which granted jobs the grants want now, read once for all of them. */
  grantCheck(): (job: JobRecord) => boolean;
}

export function dropUngranted(jobs: OpenJobs, ports: GrantPorts, at: Moment): Action[] {
  const waiting = jobs.all().filter(awaitsAsGranted);
  if (waiting.length === 0) return [];
  const isGranted = ports.grantCheck();
  const gone = waiting.filter(({ job }) => !isGranted(job));
  return gone.flatMap((open) => afterEnd(jobs.set(afterGrantGone(open, at)), at));
}

/**
 * Ends the jobs that wait, are wanted by grants alone, and are wanted no longer.
 * It leaves alone what a worker is at: the host may be changed already. What waits in its hands behind others it has called off.
 */
import type { Moment } from '../clock.ts';
import type { JobRecord } from '../push/job.ts';
import type { Action } from '../reconciler/action.ts';
import { afterGrantGone, awaitsAsGranted, type OpenJob } from '../reconciler/jobFlow.ts';
import { afterEnd } from './jobLogNotes.ts';
import type { OpenJobs } from './openJobs.ts';

export interface GrantPorts {
  /** Which granted jobs the grants want now, read once for all of them. */
  grantCheck(): (job: JobRecord) => boolean;
}

/** `callOff` tells the worker, as for a person who cancels it. */
export function dropUngranted(
  jobs: OpenJobs,
  ports: GrantPorts & { callOff(jobId: string): Action[] },
  at: Moment,
): Action[] {
  const waiting = jobs.all().filter((open) => awaitsAsGranted(open) || waitsAboard(open));
  if (waiting.length === 0) return [];
  const isGranted = ports.grantCheck();
  const gone = waiting.filter(({ job }) => !isGranted(job));
  return gone.flatMap((open) =>
    waitsAboard(open) ? ports.callOff(open.job.id) : afterEnd(jobs.set(afterGrantGone(open, at)), at),
  );
}

/** Granted to a worker behind others of its host, and not begun. */
function waitsAboard({ job, place }: OpenJob): boolean {
  return job.granted === true && place.at === 'worker' && job.state === 'queued' && !job.cancelRequested;
}

/**
 * Moves a job by what became of its entry on the queue: it arrived, could not be put there, or was looked for.
 * It asks the queue nothing itself.
 */
import type { Moment } from '../clock.ts';
import { afterArrival, afterFailedDispatch, afterLook, type OpenJob } from '../reconciler/jobFlow.ts';
import type { JobObservation } from './observation.ts';

export type EntryNews = Extract<JobObservation, { kind: 'enqueued' | 'dispatchFailed' | 'looked' }>;

export function afterEntryNews(open: OpenJob, seen: EntryNews, at: Moment): OpenJob {
  switch (seen.kind) {
    case 'enqueued':
      return afterArrival(open, at);
    case 'dispatchFailed':
      return afterFailedDispatch(open, at);
    case 'looked':
      return afterLook(open, seen.entry, at);
  }
}

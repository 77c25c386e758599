/**
 * Says what the hands can report of a job's attempt and of its final record.
 * It holds types only; what the news means is jobFlow's.
 */
import type { Fence } from '../push/job.ts';
import type { EntrySeen } from './jobFlow.ts';

interface Attempt {
  readonly jobId: string;
  readonly attempt: number;
}

export type JobNews =
  /** Its order on the host is drawn; comes before the entry can be taken. */
  | ({ readonly kind: 'fenced'; readonly fence: Fence } & Attempt)
  | ({ readonly kind: 'enqueued' } & Attempt)
  | ({ readonly kind: 'dispatchFailed'; readonly detail: string } & Attempt)
  | ({ readonly kind: 'looked'; readonly entry: EntrySeen } & Attempt)
  /** The final record is on disk. */
  | { readonly kind: 'kept'; readonly jobId: string }
  /** The final record is in Redis. */
  | { readonly kind: 'indexed'; readonly jobId: string }
  | { readonly kind: 'keepFailed'; readonly jobId: string; readonly detail: string };

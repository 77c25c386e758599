/**
 * Says how remembered jobs and pushes are asked for, and what is found of them.
 * It holds types only, and says nothing of where they are kept.
 */
import type { JobState, PushRecord } from './job.ts';

export interface Wanted {
  readonly state?: string;
  readonly host?: string;
  readonly account?: string;
  /** The id of the push that a job belongs to. */
  readonly push?: string;
  /** Part of what is known of it, without regard to case. */
  readonly q?: string;
}

export type JobSort = 'newest' | 'oldest' | 'changed';

export interface StoredQuery extends Wanted {
  /** `changed`: the latest change of state first. */
  readonly sort: JobSort;
  readonly after: Place | null;
  readonly limit: number;
}

/** Of one id in a list that goes by time. */
export interface Place {
  readonly ms: number;
  readonly id: string;
}

export interface Found<T> {
  readonly items: readonly T[];
  /** From where to go on; null at the end. */
  readonly next: Place | null;
  /** How many were looked at for them. */
  readonly looked: number;
}

/** A push without its jobs: how many of them there are in which state. */
export interface CountedPush extends Omit<PushRecord, 'jobIds'> {
  readonly hosts: number;
  readonly counts: Readonly<Partial<Record<JobState, number>>>;
}

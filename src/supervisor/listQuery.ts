/**
 * What lists are asked by, and what they answer with.
 * It holds types only.
 */
import type { JobSort } from '../push/jobQuery.ts';

export interface ListQuery {
  readonly state?: string;
  readonly q?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** Of jobs and pushes, which may be a hundred thousand. */
export interface StoredListQuery extends ListQuery {
  readonly host?: string;
  readonly account?: string;
  readonly push?: string;
  readonly sort?: JobSort;
}

export interface Listing<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  /** Where the search was stopped before there were as many items as asked for: how many were looked at in this call. */
  readonly stoppedAfter?: number;
  /** On a first page of jobs that is filtered by no more than their state: how many there are in each. */
  readonly counts?: Readonly<Record<string, number>>;
}

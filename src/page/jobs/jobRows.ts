/**
 * What becomes of the rows of a list of jobs when something is told of a job, or when the list is read anew.
 * A row never moves while the new read has it: what is new is counted until it is asked for.
 */
import type { JobView } from '../../supervisor/door.ts';
import { fits, type JobFilter } from './jobFilter.ts';
import { withJob } from './toldJobs.ts';

export interface JobRows {
  readonly items: readonly JobView[];
  /** Those that came since the list was read and belong in it, by their ids. */
  readonly fresh: ReadonlySet<string>;
  /** When what is shown was read, by the supervisor's clock. */
  readonly readAt: string | null;
}

/** The same where nothing has changed. */
export function rowsWith<Rows extends JobRows>(rows: Rows, told: JobView, filter: JobFilter): Rows {
  const items = withJob(rows.items, told);
  if (items !== rows.items) return { ...rows, items };
  const isFresh = isNewIn(rows, told, filter);
  if (isFresh === rows.fresh.has(told.id)) return rows;
  const others = [...rows.fresh].filter((id) => id !== told.id);
  return { ...rows, fresh: new Set(isFresh ? [...others, told.id] : others) };
}

/** The rows stay where they are if the new read has them all; null if it has not, and only its own order is true. */
export function rowsAnew(rows: JobRows, read: JobRows, filter: JobFilter): JobRows | null {
  const byId = new Map(read.items.map((job) => [job.id, job]));
  const items = rows.items.flatMap(({ id }) => byId.get(id) ?? []);
  if (items.length < rows.items.length) return null;
  const fresh = read.items.filter((job) => isNewIn(rows, job, filter)).map(({ id }) => id);
  return { items, fresh: new Set([...fresh, ...read.fresh]), readAt: rows.readAt };
}

/** An old job that merely changed is further down in the list, unless the list is of those in one state and it has come into that. */
function isNewIn({ items, readAt }: JobRows, job: JobView, filter: JobFilter): boolean {
  if (readAt === null || !fits(job, filter)) return false;
  const isNew = job.createdAt > readAt || (filter.state !== '' && job.since > readAt);
  return isNew && items.every(({ id }) => id !== job.id);
}

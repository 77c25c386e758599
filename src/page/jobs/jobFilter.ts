/**
 * The filter of the list of jobs as it stands in the address, and whether a job that was heard of fits it.
 * It never keeps a filter anywhere else: the address is all of it.
 */
import type { JobView } from '../../supervisor/door.ts';

export const JOB_STATES = [
  'queued',
  'starting',
  'running',
  'verifying',
  'done',
  'failed',
  'cancelled',
  'unknown',
] as const;

export const SORTS = ['newest', 'oldest', 'changed'] as const;

export interface JobFilter {
  readonly state: string;
  readonly q: string;
  readonly host: string;
  readonly account: string;
  readonly push: string;
  readonly sort: string;
}

const WORDS = ['state', 'q', 'host', 'account', 'push', 'sort'] as const;

/** What is not understood is left out, so that an old link still shows something. */
export function filterOf(search: string): JobFilter {
  const asked = new URLSearchParams(search);
  const read = Object.fromEntries(WORDS.map((word) => [word, (asked.get(word) ?? '').slice(0, 200)]));
  const filter = read as unknown as JobFilter;
  return {
    ...filter,
    state: JOB_STATES.some((each) => each === filter.state) ? filter.state : '',
    sort: SORTS.some((each) => each === filter.sort) ? filter.sort : '',
  };
}

/** `?…`, or nothing for everything. */
export function searchOf(filter: JobFilter): string {
  const asked = new URLSearchParams();
  for (const word of WORDS) if (filter[word].trim() !== '') asked.set(word, filter[word].trim());
  const text = asked.toString();
  return text === '' ? '' : `?${text}`;
}

export function fits(job: JobView, { state, q, host, account, push }: JobFilter): boolean {
  if (state !== '' && job.state !== state) return false;
  if (host !== '' && job.host !== host) return false;
  if (account !== '' && job.account?.name !== account) return false;
  if (push !== '' && job.pushId !== push) return false;
  const { result } = job;
  const said = [job.id, job.pushId, job.host, job.account?.name, job.state, job.kind, job.worker];
  const text = [...said, result?.outcome, result?.reason, result?.detail].join('\n').toLowerCase();
  return text.includes(q.trim().toLowerCase());
}

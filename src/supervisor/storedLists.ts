/**
 * Answers lists of jobs and pushes: the open jobs from the board, the rest from the memory, both by the same order and cursor.
 * It never reads more than one bounded look of the memory for one answer, and says where a look ended early.
 */
import { GarrisonError } from '../errors.ts';
import type { JobRecord, JobState } from '../push/job.ts';
import type { JobSort, Place, StoredQuery } from '../push/jobQuery.ts';
import type { JobView, Listing, PushSummary, StoredListQuery } from './door.ts';
import type { JobMemory } from './ports.ts';

const USUAL_LIMIT = 100;
const LARGEST_LIMIT = 1_000;

/** Jobs in these states are all in memory. */
const OPEN_STATES: readonly JobState[] = ['queued', 'starting', 'running', 'verifying'];

interface Board {
  /** Whoever does not keep the queue has no open jobs of its own. */
  readonly fleet: { readonly keepsQueue: boolean };
  openJobs(): readonly JobRecord[];
  viewsOf(jobs: readonly JobRecord[]): JobView[];
}

/** Is all that is asked for in memory? */
export function isAllOpen({ state }: StoredListQuery, { fleet }: Pick<Board, 'fleet'>): boolean {
  return fleet.keepsQueue && OPEN_STATES.some((each) => each === state);
}

export async function listJobs(
  query: StoredListQuery,
  board: Board,
  memory: JobMemory,
): Promise<Listing<JobView>> {
  const asked = storedQuery(query);
  const page = isAllOpen(query, board) ? openPage(asked, board) : await storedPage(asked, board, memory);
  return isOfStatesOnly(query)
    ? { ...page, ...(await countsOf(board, memory, isAllOpen(query, board))) }
    : page;
}

export async function listPushes(query: StoredListQuery, memory: JobMemory): Promise<Listing<PushSummary>> {
  const asked = storedQuery(query);
  const { items, next, looked } = await memory.findPushes(asked);
  const summaries = items.map((push): PushSummary => ({ ...push, state: stateOf(push.counts) }));
  return listing(summaries, { next, looked, limit: asked.limit });
}

async function storedPage(asked: StoredQuery, board: Board, memory: JobMemory): Promise<Listing<JobView>> {
  const { items, next, looked } = await memory.find(asked);
  // The board may know more than what is kept so far.
  const views = board
    .viewsOf(items)
    .filter(({ state }) => asked.state === undefined || state === asked.state);
  return listing(views, { next, looked, limit: asked.limit });
}

function openPage(asked: StoredQuery, board: Board): Listing<JobView> {
  const { sort, after, limit } = asked;
  const placed = board
    .viewsOf(board.openJobs())
    .filter((job) => isWanted(job, asked))
    .map((job) => ({ job, place: placeOf(job, sort) }));
  const order = sort === 'oldest' ? 1 : -1;
  placed.sort((a, b) => order * comparePlaces(a.place, b.place));
  const rest =
    after === null ? placed : placed.filter(({ place }) => order * comparePlaces(place, after) > 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = last === undefined || rest.length <= limit ? null : cursorOf(last.place);
  return { items: page.map(({ job }) => job), nextCursor };
}

function listing<T>(
  items: readonly T[],
  { next, looked, limit }: { next: Place | null; looked: number; limit: number },
): Listing<T> {
  if (next === null) return { items, nextCursor: null };
  const wasStopped = items.length < limit && looked > limit;
  return { items, nextCursor: cursorOf(next), ...(wasStopped ? { stoppedAfter: looked } : {}) };
}

function isOfStatesOnly({ q = '', host, account, push, cursor }: StoredListQuery): boolean {
  return q === '' && [host, account, push, cursor].every((each) => each === undefined);
}

async function countsOf(
  board: Board,
  memory: JobMemory,
  mayBeAway: boolean,
): Promise<{ counts?: Record<string, number> }> {
  const counts: Record<string, number> = Object.fromEntries(OPEN_STATES.map((state) => [state, 0]));
  for (const { state } of board.openJobs()) counts[state] = (counts[state] ?? 0) + 1;
  try {
    return { counts: { ...counts, ...(await memory.counts()) } };
  } catch (error) {
    if (mayBeAway) return {};
    throw error;
  }
}

function stateOf(counts: PushSummary['counts']): PushSummary['state'] {
  const has = (states: readonly JobState[]): boolean => states.some((state) => (counts[state] ?? 0) > 0);
  if (has(OPEN_STATES)) return 'open';
  return has(['failed', 'cancelled', 'unknown']) ? 'failed' : 'done';
}

function isWanted(job: JobView, { state, host, account, push, q = '' }: StoredQuery): boolean {
  if (job.state !== state) return false;
  if (host !== undefined && job.host !== host) return false;
  if (account !== undefined && job.account?.name !== account) return false;
  if (push !== undefined && job.pushId !== push) return false;
  const words = [job.id, job.pushId, job.host, job.account?.name, job.state, job.kind, job.worker];
  return words.join('\n').toLowerCase().includes(q.trim().toLowerCase());
}

function placeOf({ id, since, createdAt }: JobView, sort: JobSort): Place {
  return { id, ms: Date.parse(sort === 'changed' ? since : createdAt) };
}

function comparePlaces(a: Place, b: Place): number {
  if (a.ms !== b.ms) return a.ms - b.ms;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

function storedQuery({ cursor, limit, sort = 'newest', ...wanted }: StoredListQuery): StoredQuery {
  return {
    ...wanted,
    sort,
    after: cursor === undefined ? null : placeIn(cursor),
    limit: Math.min(limit ?? USUAL_LIMIT, LARGEST_LIMIT),
  };
}

function cursorOf({ ms, id }: Place): string {
  return `${String(ms)}.${id}`;
}

function placeIn(cursor: string): Place {
  const [, ms, id] = /^(\d{1,15})\.([a-z]-[0-9a-z-]{1,40})$/.exec(cursor) ?? [];
  if (ms !== undefined && id !== undefined) return { ms: Number(ms), id };
  throw new GarrisonError('USAGE', 'cursor is not one that a list gave as nextCursor', {
    cure: 'Leave it out to start at the newest.',
  });
}

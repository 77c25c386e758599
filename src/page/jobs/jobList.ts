/**
 * Reads the list of jobs by a filter, page after page, and goes on by itself while a search has found too little.
 * It never changes the order of what it has read, and never mixes what two filters found.
 */
import { signal, type Signal } from '@preact/signals';
import type { JobView } from '../../supervisor/door.ts';
import { get, type ListDocument } from '../api.ts';
import { oneAtATime } from '../oneAtATime.ts';
import { searchOf, type JobFilter } from './jobFilter.ts';
import { rowsAnew, rowsWith, type JobRows } from './jobRows.ts';
import { onJob, withJob, withTold } from './toldJobs.ts';

export interface JobListState extends JobRows {
  readonly nextCursor: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly isReading: boolean;
  /** Of a search that has not come to the end. */
  readonly looked: number;
  readonly error: unknown;
}

type JobListDocument = ListDocument<JobView> & {
  readonly stoppedAfter?: number;
  readonly counts?: Readonly<Record<string, number>>;
};

const PAGE = 50;
/** The most that the server gives at once. */
const MOST_AT_ONCE = 1_000;
/** A search that has found nothing asks its reader from time to time. */
const MOST_CALLS_AT_ONCE = 10;

const EMPTY: JobListState = {
  items: [],
  fresh: new Set(),
  nextCursor: null,
  counts: {},
  isReading: true,
  looked: 0,
  error: null,
  readAt: null,
};

export class JobList {
  readonly state: Signal<JobListState> = signal(EMPTY);
  readonly #filter: JobFilter;
  #stop = new AbortController();
  #stopHearing: () => void = () => undefined;
  /** Something may have been missed while a page was under way. */
  #isWantedAnew = false;

  constructor(filter: JobFilter, counts: Readonly<Record<string, number>>) {
    this.#filter = filter;
    this.state.value = { ...EMPTY, counts };
  }

  open(): void {
    this.#stopHearing = onJob((told) => {
      this.state.value = rowsWith(this.state.value, told, this.#filter);
    });
    void this.read();
  }

  close(): void {
    this.#stopHearing();
    this.#stop.abort();
  }

  /** One more page. */
  async read(): Promise<void> {
    this.#set({ isReading: true, error: null });
    const wanted = this.state.value.items.length + PAGE;
    await this.#stoppable(async (stopped) => {
      for (let calls = 0; calls < MOST_CALLS_AT_ONCE; calls += 1) {
        const before = this.state.value;
        const answer = await this.#ask(before.nextCursor, wanted - before.items.length, stopped);
        this.#set(added(this.state.value, answer));
        if (answer.stoppedAfter === undefined || answer.nextCursor === undefined) break;
      }
    });
    if (this.#isWantedAnew) await this.readAnew();
  }

  /** As much as is shown, from the top: where it is the same jobs, each changes in its place. */
  readonly readAnew = async (): Promise<void> => {
    this.#isWantedAnew = this.state.value.isReading;
    if (this.#isWantedAnew) return;
    await this.#stoppable(async (stopped) => {
      const read = await withTold(this.#fromTheTop(stopped), (rows, told) =>
        rowsWith(rows, told, this.#filter),
      );
      const { readAt } = this.state.value;
      const rows = readAt === null ? null : rowsAnew(this.state.value, read, this.#filter);
      this.#set(rows === null ? read : { ...rows, counts: read.counts, error: null });
    });
  };

  /** How many there are in each state, of all jobs. */
  readonly count = oneAtATime(async () => {
    try {
      const { counts } = await get<JobListDocument>('api/v1/jobs?limit=1');
      if (counts !== undefined) this.#set({ counts });
    } catch {
      // Those of before stay, until the next change of a job.
    }
  });

  stop(): void {
    this.#stop.abort();
    this.#set({ isReading: false });
  }

  /** Ends what was read before; an end of this one is no error. */
  async #stoppable(read: (stopped: AbortSignal) => Promise<void>): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal: stopped } = this.#stop;
    try {
      await read(stopped);
    } catch (error) {
      if (!stopped.aborted) this.#set({ error });
    }
    if (!stopped.aborted) this.#set({ isReading: false });
  }

  async #fromTheTop(stopped: AbortSignal): Promise<JobListState> {
    const { items, fresh, counts } = this.state.value;
    const wanted = items.length + fresh.size + PAGE;
    let read: JobListState = { ...EMPTY, counts, isReading: false };
    for (let calls = 0; calls < MOST_CALLS_AT_ONCE; calls += 1) {
      const limit = Math.min(MOST_AT_ONCE, wanted - read.items.length);
      read = added(read, await this.#ask(read.nextCursor, limit, stopped));
      if (read.nextCursor === null || read.items.length >= wanted) break;
    }
    return read;
  }

  async #ask(cursor: string | null, limit: number, stopped: AbortSignal): Promise<JobListDocument> {
    const asked = new URLSearchParams({ limit: String(limit) });
    for (const [name, value] of new URLSearchParams(searchOf(this.#filter))) asked.set(name, value);
    if (cursor !== null) asked.set('cursor', cursor);
    const answer = get<JobListDocument>(`api/v1/jobs?${asked.toString()}`, stopped);
    const told = await withTold(answer, (page, job) => ({ ...page, items: withJob(page.items, job) }));
    stopped.throwIfAborted();
    return told;
  }

  #set(change: Partial<JobListState>): void {
    this.state.value = { ...this.state.value, ...change };
  }
}

/** With one more part of the list. */
function added(state: JobListState, answer: JobListDocument): JobListState {
  return {
    ...state,
    items: [...state.items, ...answer.items],
    fresh: new Set([...state.fresh].filter((id) => answer.items.every((job) => job.id !== id))),
    nextCursor: answer.nextCursor ?? null,
    counts: answer.counts ?? state.counts,
    looked: answer.stoppedAfter === undefined ? 0 : state.looked + answer.stoppedAfter,
    readAt: state.readAt ?? answer.observedAt,
  };
}

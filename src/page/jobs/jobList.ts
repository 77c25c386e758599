/**
 * Reads the list of jobs by a filter, page after page, and goes on by itself while a search has found too little.
 * It never changes the order of what it has read, and never mixes what two filters found.
 */
import { signal, type Signal } from '@preact/signals';
import type { JobView } from '../../supervisor/door.ts';
import { get, type ListDocument } from '../api.ts';
import { searchOf, type JobFilter } from './jobFilter.ts';

export interface JobListState {
  readonly items: readonly JobView[];
  readonly nextCursor: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly isReading: boolean;
  /** Of a search that has not come to the end. */
  readonly looked: number;
  readonly error: unknown;
  /** When the first page was read, by the supervisor's clock. */
  readonly readAt: string | null;
}

type JobListDocument = ListDocument<JobView> & {
  readonly stoppedAfter?: number;
  readonly counts?: Readonly<Record<string, number>>;
};

const PAGE = 50;
/** A search that has found nothing asks its reader from time to time. */
const MOST_CALLS_AT_ONCE = 10;

const EMPTY: JobListState = {
  items: [],
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

  constructor(filter: JobFilter, counts: Readonly<Record<string, number>>) {
    this.#filter = filter;
    this.state.value = { ...EMPTY, counts };
  }

  close(): void {
    this.#stop.abort();
  }

  /** One more page. */
  async read(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal: stopped } = this.#stop;
    this.#set({ isReading: true, error: null });
    const wanted = this.state.value.items.length + PAGE;
    try {
      for (let calls = 0; calls < MOST_CALLS_AT_ONCE; calls += 1) {
        const isWhole = await this.#readOnce(wanted - this.state.value.items.length, stopped);
        if (isWhole) break;
      }
    } catch (error) {
      if (!stopped.aborted) this.#set({ error });
    }
    if (!stopped.aborted) this.#set({ isReading: false });
  }

  stop(): void {
    this.#stop.abort();
    this.#set({ isReading: false });
  }

  async #readOnce(limit: number, stopped: AbortSignal): Promise<boolean> {
    const { items, nextCursor, looked, counts, readAt } = this.state.value;
    const asked = new URLSearchParams({ limit: String(limit) });
    for (const [name, value] of new URLSearchParams(searchOf(this.#filter))) asked.set(name, value);
    if (nextCursor !== null) asked.set('cursor', nextCursor);
    const answer = await get<JobListDocument>(`api/v1/jobs?${asked.toString()}`, stopped);
    if (stopped.aborted) return true;
    this.#set({
      items: [...items, ...answer.items],
      nextCursor: answer.nextCursor ?? null,
      counts: answer.counts ?? counts,
      looked: answer.stoppedAfter === undefined ? 0 : looked + answer.stoppedAfter,
      readAt: readAt ?? answer.observedAt,
    });
    return answer.stoppedAfter === undefined || answer.nextCursor === undefined;
  }

  #set(change: Partial<JobListState>): void {
    this.state.value = { ...this.state.value, ...change };
  }
}

/**
 * The list of pushes, read whole from its top as far as it is shown.
 * It never mixes what two reads found, and never loses what was asked for when it is read anew.
 */
import { signal, type Signal } from '@preact/signals';
import type { PushSummary } from '../../supervisor/door.ts';
import { get, type ListDocument } from '../api.ts';
import { oneAtATime } from '../oneAtATime.ts';

export interface PushListState {
  /** Null before the first read. */
  readonly items: readonly PushSummary[] | null;
  readonly hasMore: boolean;
  readonly error: unknown;
  /** By the supervisor's clock. */
  readonly readAt: string | null;
}

const PAGE = 50;
const MOST_AT_ONCE = 1_000;

export class PushList {
  readonly state: Signal<PushListState> = signal({ items: null, hasMore: false, error: null, readAt: null });
  readonly #stop = new AbortController();
  #wanted = PAGE;

  readonly read = oneAtATime(async () => {
    try {
      const read = await this.#fromTheTop();
      if (!this.#stop.signal.aborted) this.state.value = read;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.state.value = { ...this.state.value, error };
    }
  });

  readMore(): void {
    this.#wanted = (this.state.value.items?.length ?? 0) + PAGE;
    void this.read();
  }

  close(): void {
    this.#stop.abort();
  }

  async #fromTheTop(): Promise<PushListState> {
    let items: readonly PushSummary[] = [];
    let cursor: string | null = null;
    let readAt: string | null = null;
    do {
      const limit = Math.min(MOST_AT_ONCE, this.#wanted - items.length);
      const asked = new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
      const page: ListDocument<PushSummary> = await get(
        `api/v1/pushes?${asked.toString()}`,
        this.#stop.signal,
      );
      items = [...items, ...page.items];
      cursor = page.nextCursor ?? null;
      readAt ??= page.observedAt;
    } while (cursor !== null && items.length < this.#wanted);
    return { items, hasMore: cursor !== null, error: null, readAt };
  }
}

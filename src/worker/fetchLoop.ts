/**
 * Fetches entries while there is a free slot: at once when poked, else once a second.
 * It never holds more entries than slots and takes nothing while quiet.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { monoMs } from '../clock.ts';
import type { Attempts } from './attempts.ts';
import type { EntrySource } from './entrySource.ts';

const POLL_INTERVAL_MS = 1_000;

export class FetchLoop {
  readonly #source: EntrySource;
  readonly #attempts: Attempts;
  readonly #slots: number;
  /** Until the supervisor says `resume`: it may yet find that the queue is not ours. */
  #quiet = true;
  #poke = new AbortController();
  #unansweredSinceMs: number | null = null;
  readonly #stop = new AbortController();

  constructor(source: EntrySource, attempts: Attempts, slots: number) {
    this.#source = source;
    this.#attempts = attempts;
    this.#slots = slots;
  }

  /** Counted anew from each answer, and from when it became free to fetch: who may not fetch is not cut off. */
  get unansweredSinceMs(): number | null {
    return this.#mayFetch() ? this.#unansweredSinceMs : null;
  }

  poke(): void {
    this.#poke.abort();
  }

  setQuiet(quiet: boolean): void {
    this.#quiet = quiet;
    this.poke();
  }

  stop(): void {
    this.#stop.abort();
    this.poke();
  }

  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Renewed before fetching: a poke that comes during the fetch must not be lost.
      this.#poke = new AbortController();
      const took = this.#mayFetch() && (await this.#fetchOne());
      if (!took)
        await sleep(POLL_INTERVAL_MS, undefined, { signal: this.#poke.signal }).catch(() => undefined);
    }
  }

  #mayFetch(): boolean {
    const mayFetch = !this.#quiet && this.#attempts.slotsTaken < this.#slots;
    this.#unansweredSinceMs = mayFetch ? (this.#unansweredSinceMs ?? monoMs()) : null;
    return mayFetch;
  }

  /** True when an entry was taken. A failed fetch is no news: the beat tells for how long there was no good one. */
  async #fetchOne(): Promise<boolean> {
    const entry = await this.#source.fetch().catch(() => undefined);
    if (entry === undefined) return false;
    this.#unansweredSinceMs = monoMs();
    if (entry === null) return false;
    void this.#attempts.carry(entry).finally(() => {
      this.poke();
    });
    return true;
  }
}

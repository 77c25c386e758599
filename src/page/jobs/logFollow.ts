/**
 * Follows one job's log from its last part on, over lost connections, until it says why it ends.
 * It never asks for a byte twice: each connection begins where the one before it had come to.
 */
import { signal, type Signal } from '@preact/signals';
import { addressOf, apiPath, get, Problem, type Document } from '../api.ts';
import { Following } from '../following.ts';
import { reconnectDelayMs } from '../reconnect.ts';
import { LogWindow, type LogChunk, type LogRow } from './logText.ts';

export interface LogState {
  readonly rows: readonly LogRow[];
  readonly from: number;
  readonly size: number;
  /** Why the part before what is shown could not be read; no status where no answer came. */
  readonly earlierFailed: { readonly status: number | null } | null;
  readonly at:
    | { readonly step: 'connecting' }
    | { readonly step: 'following' }
    /** No stream comes through: it is asked for again and again. */
    | { readonly step: 'polling' }
    | { readonly step: 'ended'; readonly reason: string; readonly detail: string }
    | { readonly step: 'failed'; readonly error: unknown };
}

const TAIL_BYTES = 256 * 1024;
const EARLIER_BYTES = 256 * 1024;
const EARLIER_WITHIN_MS = 15_000;
/** Many chunks that come together are drawn once. */
const DRAW_EVERY_MS = 50;
/** Most lost connections were lost alone. */
const QUICK_AGAIN_MS = 200;

interface Part extends LogChunk {
  readonly size: number;
  readonly state: string;
  readonly ended: boolean;
}

export class LogFollower {
  readonly state: Signal<LogState> = signal({
    rows: [],
    from: 0,
    size: 0,
    earlierFailed: null,
    at: { step: 'connecting' },
  });
  readonly #path: string;
  readonly #jobId: string;
  readonly #window = new LogWindow();
  readonly #following: Following;
  #drawing = 0;
  #size = 0;
  /** The byte that the stream at hand was asked to begin at. */
  #openedAt = 0;

  constructor(jobId: string) {
    this.#jobId = jobId;
    this.#path = apiPath('jobs', jobId, 'log');
    this.#following = new Following({
      address: () => {
        this.#openedAt = this.#window.to;
        return addressOf(`${this.#path}?follow=1&${this.#where()}`);
      },
      listen: (source, heard) => this.#listen(source, heard),
      ask: (signal, isInstead) => (isInstead ? this.#askForParts(signal) : this.#askForJob(signal)),
      goesOnAfter: (error) => this.#goesOnAfter(error),
      rests: () => this.#notFollowing(),
      delayMs: (failures) =>
        failures === 1 ? QUICK_AGAIN_MS : reconnectDelayMs(failures - 1, Math.random()),
    });
  }

  get isFull(): boolean {
    return this.#window.isFull;
  }

  /** Its reader has scrolled up, or is back at the end. */
  readBack(isReadBack: boolean): void {
    this.#window.isReadBack = isReadBack;
  }

  open(): void {
    this.#set({ at: { step: 'connecting' } });
    this.#following.start();
  }

  close(): void {
    this.#following.stop();
  }

  /** The part before what is shown, from the beginning of a line. */
  async showEarlier(): Promise<void> {
    const to = this.#window.from;
    const first = Math.max(0, to - EARLIER_BYTES);
    this.#set({ earlierFailed: null });
    const told = await this.#readBytes(first, to);
    if (!(told instanceof Uint8Array)) {
      this.#set({ earlierFailed: told });
      return;
    }
    const skipped = first === 0 ? 0 : told.indexOf(0x0a) + 1;
    const text = new TextDecoder().decode(told.subarray(skipped));
    this.#window.prepend({ text, from: first + skipped, to });
    this.#draw();
  }

  async #readBytes(first: number, to: number): Promise<Uint8Array | { readonly status: number | null }> {
    try {
      const answer = await fetch(addressOf(this.#path), {
        headers: { range: `bytes=${String(first)}-${String(to - 1)}` },
        cache: 'no-store',
        signal: AbortSignal.timeout(EARLIER_WITHIN_MS),
      });
      const { status } = answer;
      return status === 206 ? new Uint8Array(await answer.arrayBuffer()) : { status };
    } catch {
      return { status: null };
    }
  }

  #where(): string {
    return this.#window.isEmpty ? `tail=${String(TAIL_BYTES)}` : `from=${String(this.#window.to)}`;
  }

  #listen(source: EventSource, heard: () => void): void {
    let isNew = true;
    const proven = (): boolean => {
      heard();
      const isAhead = isNew && this.#window.to !== this.#openedAt;
      isNew = false;
      // What was asked for while this stream was on its way would come a second time.
      if (isAhead) this.#following.reopen();
      else if (this.state.value.at.step !== 'following') this.#set({ at: { step: 'following' } });
      return !isAhead;
    };
    source.addEventListener('ping', proven);
    source.addEventListener('log', (event: MessageEvent<string>) => {
      if (!proven()) return;
      const told = JSON.parse(event.data) as { text: string; from: number; size: number };
      this.#take({ ...told, to: Number(event.lastEventId) });
    });
    source.addEventListener('end', (event: MessageEvent<string>) => this.#end(event));
  }

  /** Until what is written by now is here. */
  async #askForParts(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { item } = await get<Document<Part>>(`${this.#path}?part=1&${this.#where()}`, signal);
      if (item.text !== '') this.#take(item);
      if (item.ended) {
        this.#endAs('JobEnded', item.state);
        return;
      }
      if (item.text === '' || item.to === item.size) break;
    }
    if (this.state.value.at.step !== 'polling') this.#set({ at: { step: 'polling' } });
  }

  /** Why was the stream lost? */
  async #askForJob(signal: AbortSignal): Promise<void> {
    this.#notFollowing();
    await get(apiPath('jobs', this.#jobId), signal);
  }

  #goesOnAfter(error: unknown): boolean {
    if (error instanceof Problem && (error.status === 401 || error.status === 404)) {
      this.#set({ at: { step: 'failed', error } });
      return false;
    }
    this.#notFollowing();
    return true;
  }

  #notFollowing(): void {
    if (this.state.value.at.step !== 'connecting') this.#set({ at: { step: 'connecting' } });
  }

  #take({ size, ...chunk }: LogChunk & { readonly size: number }): void {
    this.#size = size;
    this.#window.append(chunk);
    if (this.#drawing === 0) this.#drawing = window.setTimeout(() => this.#draw(), DRAW_EVERY_MS);
  }

  #draw(): void {
    this.#drawing = 0;
    this.#set({ rows: this.#window.rows(), from: this.#window.from, size: this.#size });
  }

  #set(change: Partial<LogState>): void {
    this.state.value = { ...this.state.value, ...change };
  }

  #end(event: MessageEvent<string>): void {
    const told = JSON.parse(event.data) as { reason: string; state?: string; detail?: string };
    const { reason, state = '', detail = state } = told;
    if (reason === 'SupervisorStopping') this.#following.lost();
    else this.#endAs(reason, detail);
  }

  #endAs(reason: string, detail: string): void {
    this.close();
    this.#draw();
    this.#set({ at: { step: 'ended', reason, detail } });
  }
}

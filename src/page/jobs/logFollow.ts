/**
 * Follows one job's log from its last part on, over lost connections, until it says why it ends.
 * It never asks for a byte twice: each connection begins where the one before it had come to.
 */
import { signal, type Signal } from '@preact/signals';
import { addressOf, apiPath, get, Problem } from '../api.ts';
import { reconnectDelayMs } from '../reconnect.ts';
import { LogWindow, type LogRow } from './logText.ts';

export interface LogState {
  readonly rows: readonly LogRow[];
  readonly from: number;
  readonly size: number;
  readonly at:
    | { readonly step: 'connecting' }
    | { readonly step: 'following' }
    | { readonly step: 'ended'; readonly reason: string; readonly detail: string }
    | { readonly step: 'failed'; readonly error: unknown };
}

const TAIL_BYTES = 256 * 1024;
const EARLIER_BYTES = 256 * 1024;
/** The stream pings each 15 s. */
const SILENT_MS = 60_000;
/** Many chunks that come together are drawn once. */
const DRAW_EVERY_MS = 50;
const QUICK_AGAIN_MS = 200;

export class LogFollower {
  readonly state: Signal<LogState> = signal({ rows: [], from: 0, size: 0, at: { step: 'connecting' } });
  readonly #path: string;
  readonly #jobId: string;
  readonly #window = new LogWindow();
  #source: EventSource | null = null;
  #timer = 0;
  #watch = 0;
  #drawing = 0;
  #failures = 0;
  #size = 0;

  constructor(jobId: string) {
    this.#jobId = jobId;
    this.#path = apiPath('jobs', jobId, 'log');
  }

  get isFull(): boolean {
    return this.#window.isFull;
  }

  open(): void {
    this.close();
    const where = this.#window.isEmpty ? `tail=${String(TAIL_BYTES)}` : `from=${String(this.#window.to)}`;
    const source = new EventSource(addressOf(`${this.#path}?follow=1&${where}`));
    this.#source = source;
    this.#watchSilence();
    source.onopen = () => {
      this.#set({ at: { step: 'following' } });
    };
    source.addEventListener('log', (event) => this.#take(event as MessageEvent<string>));
    source.addEventListener('ping', () => this.#watchSilence());
    source.addEventListener('end', (event) => this.#end(event as MessageEvent<string>));
    source.onerror = () => void this.#lost();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = null;
  }

  /** The part before what is shown, from the beginning of a line. */
  async showEarlier(): Promise<void> {
    const to = this.#window.from;
    const first = Math.max(0, to - EARLIER_BYTES);
    const answer = await fetch(addressOf(this.#path), {
      headers: { range: `bytes=${String(first)}-${String(to - 1)}` },
      cache: 'no-store',
    });
    if (answer.status !== 206) return;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const skipped = first === 0 ? 0 : bytes.indexOf(0x0a) + 1;
    const text = new TextDecoder().decode(bytes.subarray(skipped));
    this.#window.prepend({ text, from: first + skipped, to });
    this.#draw();
  }

  #take(event: MessageEvent<string>): void {
    const { text, from, size } = JSON.parse(event.data) as { text: string; from: number; size: number };
    this.#failures = 0;
    this.#size = size;
    this.#window.append({ text, from, to: Number(event.lastEventId) });
    this.#watchSilence();
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
    const {
      reason,
      state = '',
      detail = state,
    } = JSON.parse(event.data) as {
      reason: string;
      state?: string;
      detail?: string;
    };
    this.close();
    this.#draw();
    if (reason === 'SupervisorStopping') this.#again();
    else this.#set({ at: { step: 'ended', reason, detail } });
  }

  async #lost(): Promise<void> {
    this.close();
    this.#again();
    try {
      await get(apiPath('jobs', this.#jobId));
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 401 && error.status !== 404)) return;
      this.close();
      this.#set({ at: { step: 'failed', error } });
    }
  }

  /** At once the first time: most lost connections were lost alone. */
  #again(): void {
    const delayMs = this.#failures === 0 ? QUICK_AGAIN_MS : reconnectDelayMs(this.#failures, Math.random());
    this.#failures += 1;
    this.#set({ at: { step: 'connecting' } });
    this.#timer = window.setTimeout(() => this.open(), delayMs);
  }

  #watchSilence(): void {
    clearTimeout(this.#watch);
    this.#watch = window.setTimeout(() => void this.#lost(), SILENT_MS);
  }
}

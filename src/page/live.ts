/**
 * Follows the supervisor: a stream of events where it can be had, questions every few seconds where a proxy forbids it.
 * It never says "live" of what is old: silence, a lost connection and a pause are each told apart, with since when.
 */
import { signal } from '@preact/signals';
import { addressOf, get, Problem } from './api.ts';
import { reconnectDelayMs } from './reconnect.ts';
import { takeEvent, takeStatus, type StatusDocument } from './store.ts';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'polling' }
  | { readonly state: 'stale'; readonly sinceMs: number }
  | { readonly state: 'paused'; readonly sinceMs: number }
  | { readonly state: 'signedOut' };

export const connection = signal<Connection>({ state: 'connecting' });

/** By this browser's clock: when the supervisor was last heard of; null before the first time. */
export const heardAtMs = signal<number | null>(null);

const EVENTS = ['worker', 'job', 'container', 'operation', 'supervisor', 'overall'] as const;
export type EventName = (typeof EVENTS)[number];

/** The stream pings each 15 s: silent for so long, it is dead whatever the socket says. */
const SILENT_MS = 60_000;
const POLL_EVERY_MS = 3_000;
/** A proxy that holds back streams lets none of these begin. */
const FAILURES_BEFORE_POLLING = 2;
const BEGINS_WITHIN_MS = 10_000;

let source: EventSource | null = null;
let failures = 0;
let reconnectTimer = 0;
let watchTimer = 0;
let pollTimer = 0;

/** Begins to follow, and goes on by itself. */
export function startLive(): void {
  open();
  addEventListener('online', reopenSoon);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && source === null) reopenSoon();
  });
}

/** Ends every request, not only what is drawn. */
export function pause(): void {
  close();
  clearTimeout(reconnectTimer);
  clearTimeout(pollTimer);
  connection.value = { state: 'paused', sinceMs: Date.now() };
}

export function resume(): void {
  failures = 0;
  connection.value = { state: 'connecting' };
  open();
}

function isPaused(): boolean {
  return connection.value.state === 'paused';
}

function open(): void {
  close();
  if (isPaused()) return;
  const opened = new EventSource(addressOf('api/v1/events'));
  source = opened;
  watch(BEGINS_WITHIN_MS);
  opened.addEventListener('snapshot', (event) => {
    failures = 0;
    clearTimeout(pollTimer);
    takeStatus(parsed(event) as StatusDocument);
    heard('live');
  });
  opened.addEventListener('ping', () => heard('live'));
  for (const name of EVENTS) {
    opened.addEventListener(name, (event) => {
      takeEvent(name, parsed(event));
      heard('live');
    });
  }
  // The browser gives up for good on some endings and retries at once on others; ours is one rule for all.
  opened.onerror = () => lost();
}

function heard(state: 'live' | 'polling'): void {
  heardAtMs.value = Date.now();
  if (connection.value.state !== state) connection.value = { state };
  if (state === 'live') watch(SILENT_MS);
}

function watch(withinMs: number): void {
  clearTimeout(watchTimer);
  watchTimer = window.setTimeout(lost, withinMs);
}

function lost(): void {
  close();
  if (isPaused()) return;
  failures += 1;
  clearTimeout(pollTimer);
  if (failures >= FAILURES_BEFORE_POLLING) void poll();
  else void findOutWhy();
  clearTimeout(reconnectTimer);
  reconnectTimer = window.setTimeout(open, reconnectDelayMs(failures, Math.random()));
}

function close(): void {
  clearTimeout(watchTimer);
  source?.close();
  source = null;
}

function reopenSoon(): void {
  if (isPaused()) return;
  failures = 0;
  clearTimeout(reconnectTimer);
  open();
}

/** A stream does not tell why it was refused; a plain question does. */
async function findOutWhy(): Promise<void> {
  try {
    takeStatus(await get<StatusDocument>('api/v1/status'));
    heardAtMs.value = Date.now();
  } catch (error) {
    failed(error);
  }
}

async function poll(): Promise<void> {
  try {
    const status = await get<StatusDocument>('api/v1/status');
    if (isPaused() || source?.readyState === EventSource.OPEN) return;
    takeStatus(status);
    heard('polling');
  } catch (error) {
    failed(error);
  }
  clearTimeout(pollTimer);
  if (!isPaused() && connection.value.state !== 'signedOut')
    pollTimer = window.setTimeout(() => void poll(), POLL_EVERY_MS);
}

function failed(error: unknown): void {
  if (isPaused()) return;
  if (error instanceof Problem && error.status === 401) {
    close();
    clearTimeout(reconnectTimer);
    connection.value = { state: 'signedOut' };
    return;
  }
  if (connection.value.state !== 'stale') {
    connection.value = { state: 'stale', sinceMs: heardAtMs.value ?? Date.now() };
  }
}

function parsed(event: MessageEvent<unknown>): unknown {
  return JSON.parse(String(event.data));
}

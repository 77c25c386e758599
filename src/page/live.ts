/**
 * Follows the supervisor: a stream of events where it can be had, questions every few seconds where a proxy forbids it.
 * It never says "live" of what is old: silence, a lost connection and a pause are each told apart, with since when.
 */
import { computed, signal } from '@preact/signals';
import { readActor } from './actor.ts';
import { addressOf, get, Problem } from './api.ts';
import { Following } from './following.ts';
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

/** Nothing is asked for: somebody paused the page, or may not ask. */
export const isStill = computed(() => ['paused', 'signedOut'].includes(connection.value.state));

const EVENTS = ['worker', 'job', 'container', 'operation', 'supervisor', 'overall'] as const;
export type EventName = (typeof EVENTS)[number];

const following = new Following({
  address: () => addressOf('api/v1/events'),
  listen: (source, heard) => {
    const take = (name: string, taken: (data: unknown) => void): void => {
      source.addEventListener(name, (event: MessageEvent<unknown>) => {
        taken(JSON.parse(String(event.data)));
        heard();
        noteHeard('live');
      });
    };
    take('snapshot', (data) => takeWhole(data as StatusDocument));
    take('ping', () => void readActor());
    for (const name of EVENTS) take(name, (data) => takeEvent(name, data));
  },
  ask: async (signal, isInstead) => {
    const status = await get<StatusDocument>('api/v1/status', signal);
    // Paused meanwhile, or a stream came through and has told what is newer.
    signal.throwIfAborted();
    takeWhole(status);
    if (isInstead) noteHeard('polling');
    else heardAtMs.value = Date.now();
  },
  goesOnAfter: (error) => {
    if (error instanceof Problem && error.status === 401) {
      connection.value = { state: 'signedOut' };
      return false;
    }
    if (connection.value.state !== 'stale')
      connection.value = { state: 'stale', sinceMs: heardAtMs.value ?? Date.now() };
    return true;
  },
  rests: () => {
    connection.value = { state: 'connecting' };
  },
  delayMs: (failures) => reconnectDelayMs(failures, Math.random()),
});

function takeWhole(status: StatusDocument): void {
  takeStatus(status);
  void readActor();
}

/** Begins to follow, and goes on by itself. */
export function startLive(): void {
  following.start();
}

/** Ends every request, not only what is drawn. */
export function pause(): void {
  following.stop();
  connection.value = { state: 'paused', sinceMs: Date.now() };
}

export function resume(): void {
  connection.value = { state: 'connecting' };
  following.start();
}

function noteHeard(state: 'live' | 'polling'): void {
  heardAtMs.value = Date.now();
  if (connection.value.state !== state) connection.value = { state };
}

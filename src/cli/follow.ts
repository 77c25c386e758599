/**
 * Waits for something to come about by following the event stream: level first, then edges, and level again after every break.
 * It never gives up on a supervisor or a Redis that restarts, only on the time-out or on Ctrl-C.
 */
import { monoMs } from '../clock.ts';
import { GarrisonError, type ErrorCode } from '../errors.ts';
import type { Client, ServerEvent } from './client.ts';
import { INTERRUPTS } from './interruption.ts';
import type { Output } from './output.ts';

export type WaitEnd = 'reached' | 'timedOut' | 'interrupted';

export interface Waiting {
  readonly client: Client;
  readonly output: Output;
  readonly timeoutMs: number;
  /** Reads the whole truth; true when what was waited for has come about. */
  readonly level: (signal: AbortSignal) => Promise<boolean>;
  /** One change; true as above. */
  readonly edge: (event: ServerEvent) => boolean;
}

const RECONNECT_AFTER_MS = 500;

/** What was asked for is kept on disk and in Redis, so these pass. */
const PASSING: readonly ErrorCode[] = [
  'NO_SUPERVISOR',
  'SUPERVISOR_SILENT',
  'SUPERVISOR_FOREIGN',
  'REDIS_UNAVAILABLE',
];

export async function waitUntil(waiting: Waiting): Promise<WaitEnd> {
  const stop = new AbortController();
  let end: WaitEnd = 'reached';
  const stopWith = (why: WaitEnd): void => {
    end = why;
    stop.abort();
  };
  const timer = setTimeout(stopWith, waiting.timeoutMs, 'timedOut');
  const interrupt = (): void => {
    stopWith('interrupted');
  };
  for (const signal of INTERRUPTS) process.once(signal, interrupt);
  try {
    await followUntil(waiting, stop.signal);
    return end;
  } finally {
    clearTimeout(timer);
    for (const signal of INTERRUPTS) process.off(signal, interrupt);
    stop.abort();
  }
}

async function followUntil(waiting: Waiting, signal: AbortSignal): Promise<void> {
  const trouble = tellTrouble(waiting.output);
  while (!hasEnded(signal)) {
    try {
      for await (const event of waiting.client.events('/api/v1/events', { signal })) {
        // A snapshot means that we are subscribed: what is read now can miss nothing that comes later.
        const isLevel = event.event === 'snapshot' || event.event === 'ping';
        if (isLevel ? await waiting.level(signal) : waiting.edge(event)) return;
        if (isLevel) trouble.over();
      }
    } catch (error) {
      if (hasEnded(signal)) break;
      if (!(error instanceof GarrisonError) || !PASSING.includes(error.code)) throw error;
      trouble.tell(error);
    }
    await pause(RECONNECT_AFTER_MS, signal);
  }
  trouble.unended();
}

interface Trouble {
  readonly tell: (error: GarrisonError) => void;
  readonly over: () => void;
  /** The wait ends first. */
  readonly unended: () => void;
}

/** Says each new one once, and when a silence has ended. */
function tellTrouble(output: Output): Trouble {
  let told: string | null = null;
  let silentSinceMs: number | null = null;
  const silentText = (sinceMs: number): string =>
    `no news for ${String(Math.round((monoMs() - sinceMs) / 1000))} s`;
  return {
    tell: (error) => {
      const isSilent = error.code === 'SUPERVISOR_SILENT';
      if (isSilent) silentSinceMs ??= monoMs();
      // Another reason is news: a connection that broke may come back at once, no supervisor at all has a cure. Silence stays silence.
      const reason = isSilent ? error.code : error.message;
      if (reason !== told) output.note(`still waiting: ${error.message}`);
      if (isSilent && reason !== told && error.cure !== undefined) output.note(`  next: ${error.cure}`);
      told = reason;
      if (isSilent && silentSinceMs !== null) output.progress(silentText(silentSinceMs));
    },
    unended: () => {
      if (silentSinceMs !== null) output.note(`${silentText(silentSinceMs)} from the supervisor`);
    },
    over: () => {
      if (silentSinceMs !== null) output.note('the supervisor answers again');
      told = null;
      silentSinceMs = null;
    },
  };
}

/** Asked anew each time: the compiler would take the first answer for good. */
export function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

export function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(done, waitMs);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}

/**
 * Writes one answer as a stream of server-sent events: a named ping every 15 s, an end when its reader may no longer read.
 * It never buffers without limit: a reader that does not keep up is cut off and starts anew.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ServerLogger } from './newApp.ts';
import { problem, sendProblem } from './problem.ts';

export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

export interface EventStream {
  /** Aborted once, however the stream ends. */
  readonly gone: AbortSignal;
  send(event: StreamEvent): void;
  /** An event as `framed` made it: one text for many readers costs the time and the memory of one. */
  sendFramed(text: string): void;
  /** Resolves when what was sent is on its way, or the reader is gone. */
  drained(): Promise<void>;
  /** Says why it ends (`end` event), then ends. */
  end(why: Readonly<Record<string, unknown>>): void;
}

export interface StreamHub {
  /** Begins a stream; null when it was refused (and the refusal is sent). */
  open(request: FastifyRequest, reply: FastifyReply): EventStream | null;
  endAll(): void;
  /** At once those whose reader may no longer read; else each finds out at its next ping. */
  endForbidden(): void;
}

const PING_INTERVAL_MS = 15_000;
/** For 200 viewers with two streams each, and some to spare. */
const MOST_STREAMS = 512;
const LARGEST_BACKLOG_BYTES = 4 * 2 ** 20;
/** Of all readers together; beyond it, those are cut off that hold back more than their share. */
const LARGEST_SUM_BYTES = 128 * 2 ** 20;
const SHARE_BYTES = LARGEST_SUM_BYTES / MOST_STREAMS;

export interface StreamHubNeeds {
  /** Asked again and again: a stream outlives sessions. */
  readonly stillAllowed: (request: FastifyRequest) => boolean;
  /** Is told of every reader that is cut off, and why. */
  readonly logger: ServerLogger;
}

export function framed({ event, data, id }: StreamEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function createStreamHub({ stillAllowed, logger }: StreamHubNeeds): StreamHub {
  const held = new Map<EventStream, Held>();
  const isTooMuch = (ownBytes: number): boolean => {
    if (ownBytes <= SHARE_BYTES) return false;
    if (ownBytes > LARGEST_BACKLOG_BYTES) return true;
    let sumBytes = 0;
    for (const { raw } of held.values()) sumBytes += raw.writableLength;
    return sumBytes > LARGEST_SUM_BYTES;
  };
  return {
    open: (request, reply) => {
      if (held.size >= MOST_STREAMS) {
        sendProblem(reply, TOO_MANY);
        return null;
      }
      const mayRead = (): boolean => stillAllowed(request);
      const stream = begin(reply, {
        mayRead,
        isTooMuch,
        tellCut: (why, waitingBytes) => {
          const from = request.client?.address ?? 'the control socket';
          const facts = { from, actor: request.actor?.name, path: request.url.split('?')[0], waitingBytes };
          logger.warn(facts, `a viewer was cut off: ${why}; its page connects again by itself`);
        },
      });
      held.set(stream, { raw: reply.raw, mayRead });
      stream.gone.addEventListener('abort', () => held.delete(stream));
      return stream;
    },
    endAll: () => {
      for (const stream of [...held.keys()]) stream.end({ reason: 'SupervisorStopping' });
    },
    endForbidden: () => {
      for (const [stream, { mayRead }] of [...held]) if (!mayRead()) stream.end(SESSION_ENDED);
    },
  };
}

const TOO_MANY = problem(
  'TOO_MANY_STREAMS',
  `${String(MOST_STREAMS)} streams are open already`,
  'close a page or a follower',
);

const SESSION_ENDED = { reason: 'SessionEnded' };

interface Held {
  readonly raw: ServerResponse;
  readonly mayRead: () => boolean;
}

interface Limits {
  mayRead(): boolean;
  isTooMuch(backlogBytes: number): boolean;
  tellCut(why: string, waitingBytes: number): void;
}

function begin(reply: FastifyReply, limits: Limits): EventStream {
  const raw = takeOver(reply);
  const gone = new AbortController();
  const cut = (why: string): void => {
    limits.tellCut(why, raw.writableLength);
    gone.abort();
    raw.destroy();
  };
  const sendFramed = (text: string): void => {
    if (gone.signal.aborted) return;
    raw.write(text);
    if (limits.isTooMuch(raw.writableLength)) cut('it takes less than there is to tell');
  };
  const send = (event: StreamEvent): void => {
    sendFramed(framed(event));
  };
  const end: EventStream['end'] = (why) => {
    send({ event: 'end', data: why });
    gone.abort();
    raw.end();
  };
  const ping = setInterval(() => {
    if (limits.mayRead()) send({ event: 'ping', data: {} });
    else end(SESSION_ENDED);
  }, PING_INTERVAL_MS);
  ping.unref();
  gone.signal.addEventListener('abort', () => {
    clearInterval(ping);
  });
  // Of the connection, where it has a limit: with a ping every 15 s, no line that takes anything is still for so long.
  raw.once('timeout', () => cut('it has taken nothing for too long')).once('close', () => gone.abort());
  const drained = async (): Promise<void> => {
    if (!raw.writableNeedDrain || gone.signal.aborted) return;
    await once(raw, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  return { gone: gone.signal, send, sendFramed, end, drained };
}

/** From here on the answer is ours to write; the headers that hooks have set go along. */
function takeOver(reply: FastifyReply): ServerResponse {
  reply.hijack();
  const { raw } = reply;
  raw.on('error', () => undefined);
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
  raw.write('retry: 2000\n\n');
  return raw;
}

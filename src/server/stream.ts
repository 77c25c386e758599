/**
 * Writes one answer as a stream of server-sent events: a named ping every 15 s, an end when its reader may no longer read.
 * It never buffers without limit: a reader that does not keep up is cut off and starts anew.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { problem, sendProblem } from './problem.ts';

export interface EventStream {
  /** Aborted once, however the stream ends. */
  readonly gone: AbortSignal;
  send(event: { readonly event: string; readonly data: unknown; readonly id?: string }): void;
  /** Resolves when what was sent is on its way, or the reader is gone. */
  drained(): Promise<void>;
  /** Says why it ends (`end` event), then ends. */
  end(why: Readonly<Record<string, unknown>>): void;
}

export interface StreamHub {
  /** Begins a stream; null when it was refused (and the refusal is sent). */
  open(request: FastifyRequest, reply: FastifyReply): EventStream | null;
  endAll(): void;
}

const PING_INTERVAL_MS = 15_000;
/** For 200 viewers with two streams each, and some to spare. */
const MOST_STREAMS = 512;
const LARGEST_BACKLOG_BYTES = 4 * 2 ** 20;

export function createStreamHub(stillAllowed: (request: FastifyRequest) => boolean): StreamHub {
  const streams = new Set<EventStream>();
  return {
    open: (request, reply) => {
      if (streams.size >= MOST_STREAMS) {
        sendProblem(
          reply,
          problem(
            'TOO_MANY_STREAMS',
            `${String(MOST_STREAMS)} streams are open already`,
            'close a page or a follower',
          ),
        );
        return null;
      }
      const stream = begin(reply, () => stillAllowed(request));
      streams.add(stream);
      stream.gone.addEventListener('abort', () => streams.delete(stream));
      return stream;
    },
    endAll: () => {
      for (const stream of streams) stream.end({ reason: 'SupervisorStopping' });
    },
  };
}

function begin(reply: FastifyReply, mayRead: () => boolean): EventStream {
  const raw = takeOver(reply);
  const gone = new AbortController();
  const send: EventStream['send'] = ({ event, data, id }) => {
    if (gone.signal.aborted) return;
    raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (raw.writableLength > LARGEST_BACKLOG_BYTES) raw.destroy();
  };
  const end: EventStream['end'] = (why) => {
    send({ event: 'end', data: why });
    gone.abort();
    raw.end();
  };
  const ping = setInterval(() => {
    if (mayRead()) send({ event: 'ping', data: {} });
    else end({ reason: 'SessionEnded' });
  }, PING_INTERVAL_MS);
  ping.unref();
  gone.signal.addEventListener('abort', () => {
    clearInterval(ping);
  });
  raw.once('close', () => {
    gone.abort();
  });
  const drained = async (): Promise<void> => {
    if (!raw.writableNeedDrain || gone.signal.aborted) return;
    await once(raw, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  return { gone: gone.signal, send, end, drained };
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

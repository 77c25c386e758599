/**
 * Shows a job's log: as text, or followed from any byte to its end.
 * It never stops silently: a followed log always says why it ended.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GarrisonError, messageOf } from '../errors.ts';
import { isFinal, type JobState } from '../push/job.ts';
import type { Door } from '../supervisor/door.ts';
import { itemDocument } from './collection.ts';
import { readPart, sizeOf, tailOffset } from './logFile.ts';
import type { EventStream, StreamHub } from './stream.ts';

const LOOK_INTERVAL_MS = 200;
const RECHECK_EVERY_LOOKS = 25;
const LONGEST_RANGE_BYTES = 2 ** 20;
/** Whoever has to ask again and again gets more at once than one who follows. */
const PART_BYTES = 256 * 1024;

interface LogQuery {
  readonly follow?: string;
  /** One part, for whoever cannot have a stream: a document with what comes next and with the job's state. */
  readonly part?: string;
  /** Of a followed log or a part: the byte to begin at; Last-Event-ID, which a browser sends by itself, goes before it. */
  readonly from?: string;
  /** Of a followed log or a part: about so many of its last bytes, from the beginning of a line. */
  readonly tail?: string;
}

export function addLogRoute(app: FastifyInstance, { door, hub }: { door: Door; hub: StreamHub }): void {
  app.get<{ Params: { id: string }; Querystring: LogQuery }>(
    '/api/v1/jobs/:id/log',
    { exposeHeadRoute: false },
    async (request, reply) => {
      if (request.query.part === '1') return sendPart(door, request);
      const file = await door.jobLogFile(request.params.id);
      if (!wantsStream(request)) {
        const range = rangeOf(request.headers.range);
        return range === null ? sendWhole(file, reply) : sendRange(file, range, reply);
      }
      const offset = await offsetOf(request, file);
      const stream = hub.open(request, reply);
      if (stream === null) return reply;
      void follow({ door, jobId: request.params.id, file, stream, offset });
      return reply;
    },
  );
}

function wantsStream(request: FastifyRequest<{ Querystring: LogQuery }>): boolean {
  return request.query.follow === '1' || (request.headers.accept ?? '').includes('text/event-stream');
}

/** Last-Event-ID is the number of bytes already seen. */
async function offsetOf(
  { headers, query }: FastifyRequest<{ Querystring: LogQuery }>,
  file: string,
): Promise<number> {
  for (const seen of [headers['last-event-id'], query.from])
    if (typeof seen === 'string' && /^\d{1,15}$/.test(seen)) return Number(seen);
  return /^\d{1,9}$/.test(query.tail ?? '') ? tailOffset(file, Number(query.tail)) : 0;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** `bytes=A-B` and nothing else; what is not that is answered with the whole, as RFC 9110 has it. */
function rangeOf(header: string | undefined): Range | null {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) return null;
  return { first: Number(first), last: Math.min(Number(last), Number(first) + LONGEST_RANGE_BYTES - 1) };
}

async function sendRange(file: string, { first, last }: Range, reply: FastifyReply): Promise<FastifyReply> {
  const size = await sizeOf(file);
  void reply.type('text/plain; charset=utf-8').header('accept-ranges', 'bytes');
  if (first >= size)
    return reply
      .code(416)
      .header('content-range', `bytes */${String(size)}`)
      .send('');
  const end = Math.min(last, size - 1);
  void reply.code(206).header('content-range', `bytes ${String(first)}-${String(end)}/${String(size)}`);
  return reply.send(createReadStream(file, { start: first, end }));
}

async function sendWhole(file: string, reply: FastifyReply): Promise<FastifyReply> {
  void reply.type('text/plain; charset=utf-8');
  try {
    await stat(file);
  } catch {
    return reply.send('');
  }
  return reply.send(createReadStream(file));
}

/** The same as one look of a follower: asked for again from where it ended, no byte is missed and none comes twice. */
async function sendPart(
  door: Door,
  request: FastifyRequest<{ Params: { id: string }; Querystring: LogQuery }>,
): Promise<object> {
  const { id } = request.params;
  const file = await door.jobLogFile(id);
  const offset = await offsetOf(request, file);
  // Before the file, as below.
  const { state } = await door.job(id);
  const part = await readPart(file, offset, { hasEnded: isFinal(state), mostBytes: PART_BYTES });
  return itemDocument('LogPart', { ...part, state, ended: isFinal(state) && part.to === part.size });
}

interface Following {
  readonly door: Door;
  readonly jobId: string;
  readonly file: string;
  readonly stream: EventStream;
  readonly offset: number;
}

async function follow(following: Following): Promise<void> {
  const { door, jobId, stream } = following;
  let state: JobState | null = null;
  let offset = following.offset;
  const unsubscribe = door.onChange((change) => {
    if (change.type === 'job' && change.job.id === jobId) state = change.job.state;
  });
  // Whoever reads learns at once that the stream comes through, also of a log that has no line yet.
  stream.send({ event: 'ping', data: {} });
  try {
    for (let look = 0; !stream.gone.aborted; look += 1) {
      // The state is read before the file: what a job wrote before it ended is then surely seen.
      if (look % RECHECK_EVERY_LOOKS === 0) state = (await door.job(jobId)).state;
      const ended = state !== null && isFinal(state);
      offset = await sendNew({ ...following, offset }, ended);
      if (ended) {
        stream.end({ reason: 'JobEnded', state });
        return;
      }
      await setTimeout(LOOK_INTERVAL_MS, undefined, { signal: stream.gone }).catch(() => undefined);
    }
  } catch (error) {
    stream.end(endOf(error));
  } finally {
    unsubscribe();
  }
}

function endOf(error: unknown): { reason: string; detail: string } {
  const gone = error instanceof GarrisonError && error.code === 'NOT_FOUND';
  return { reason: gone ? 'JobGone' : 'ReadFailed', detail: messageOf(error) };
}

/** Sends what was added since `offset`, in whole lines unless the log has ended; tells the new offset. */
async function sendNew({ file, stream, offset }: Following, hasEnded: boolean): Promise<number> {
  let at = offset;
  while (!stream.gone.aborted) {
    const { text, from, to, size } = await readPart(file, at, { hasEnded });
    at = to;
    if (text === '') break;
    stream.send({ event: 'log', data: { text, from, size }, id: String(to) });
    await stream.drained();
  }
  return at;
}

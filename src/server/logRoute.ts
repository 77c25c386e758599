/**
 * Shows a job's log: as text, or followed from any byte to its end.
 * It never stops silently: a followed log always says why it ended.
 */
import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GarrisonError, messageOf } from '../errors.ts';
import { isFinal, type JobState } from '../push/job.ts';
import type { Door } from '../supervisor/door.ts';
import type { EventStream, StreamHub } from './stream.ts';

const LOOK_INTERVAL_MS = 200;
const RECHECK_EVERY_LOOKS = 25;
const CHUNK_BYTES = 64 * 1024;

const LONGEST_RANGE_BYTES = 2 ** 20;

interface LogQuery {
  readonly follow?: string;
  /** Of a followed log: the byte to begin at; Last-Event-ID, which a browser sends by itself, goes before it. */
  readonly from?: string;
  /** Of a followed log: about so many of its last bytes, from the beginning of a line. */
  readonly tail?: string;
}

export function addLogRoute(app: FastifyInstance, { door, hub }: { door: Door; hub: StreamHub }): void {
  app.get<{ Params: { id: string }; Querystring: LogQuery }>(
    '/api/v1/jobs/:id/log',
    { exposeHeadRoute: false },
    async (request, reply) => {
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

/** Where the first whole line among the last bytes begins. */
async function tailOffset(file: string, tailBytes: number): Promise<number> {
  const size = await sizeOf(file);
  if (size <= tailBytes) return 0;
  const from = size - tailBytes;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, from);
    return from + buffer.subarray(0, bytesRead).indexOf(0x0a) + 1;
  } finally {
    await handle.close();
  }
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

/** A log that is not written yet has no bytes. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
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
async function sendNew({ file, stream, offset }: Following, ended: boolean): Promise<number> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return offset;
    throw error;
  }
  try {
    const { size } = await handle.stat();
    // A log shorter than what was seen of it is another log: it is told from its beginning.
    let at = offset > size ? 0 : offset;
    while (at < size && !stream.gone.aborted) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      const length = sendable(buffer.subarray(0, bytesRead), ended && at + bytesRead >= size);
      if (length === 0) break;
      const text = buffer.toString('utf8', 0, length);
      stream.send({ event: 'log', data: { text, from: at, size }, id: String(at + length) });
      at += length;
      await stream.drained();
    }
    return at;
  } finally {
    await handle.close();
  }
}

/** How many of these bytes may go out: up to the last line end; a line longer than the chunk is cut between characters. */
function sendable(chunk: Buffer, last: boolean): number {
  if (last) return chunk.length;
  const lineEnd = chunk.lastIndexOf(0x0a) + 1;
  if (lineEnd > 0 || chunk.length < CHUNK_BYTES) return lineEnd;
  let length = chunk.length;
  while (length > chunk.length - 4 && ((chunk[length - 1] ?? 0) & 0xc0) === 0x80) length -= 1;
  return length - 1;
}

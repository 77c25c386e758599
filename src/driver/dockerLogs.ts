/**
 * Reads the last lines that a container has written, however long they are and whatever stands in them.
 * It keeps no more than a bounded part of each, and gives what it has when Docker breaks off.
 */
import { StringDecoder } from 'node:string_decoder';
import { readAnswer, readChunks } from './dockerAnswer.ts';
import type { DockerCalls } from './docker.ts';
import { refusedBy } from './dockerFailure.ts';
import { harmless } from './harmless.ts';
import { messageOf } from '../errors.ts';

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** It begins with the time at which Docker has read it. */
  readonly text: string;
}

export interface LogTail {
  readonly lines: readonly LogLine[];
  /** A sentence: why it is not all that it should be; null when it is. */
  readonly gap: string | null;
}

/** Rejects with a DockerFailure when Docker does not give them out at all. */
export async function readLogs(
  calls: DockerCalls,
  id: string,
  { isTerminal, deadlineMs }: { readonly isTerminal: boolean; readonly deadlineMs: number },
): Promise<LogTail> {
  const asked = {
    what: `reading the log of the container ${id}`,
    allow: 'GET /containers/ID/logs (CONTAINERS=1 of docker-socket-proxy)',
  };
  return calls.ask({
    ...asked,
    op: 'logs',
    path: `/containers/${encodeURIComponent(id)}/logs`,
    query: { stdout: true, stderr: true, timestamps: true, tail: MOST_LINES },
    deadlineMs,
    read: async (answer, reading) => {
      const status = answer.statusCode ?? 0;
      if (status !== 200) {
        const { body } = await readAnswer(answer, { ...reading, mostBytes: 1 << 16 });
        throw refusedBy(status, asked, body);
      }
      const lines = new LogLines(isTerminal);
      try {
        await readChunks(answer, reading, (chunk) => lines.take(chunk));
      } catch (error) {
        return { lines: lines.end(), gap: `The log is not whole: ${messageOf(error)}` };
      }
      return { lines: lines.end(), gap: null };
    },
  });
}

const MOST_LINES = 200;
const LONGEST_LINE = 2000;
const MOST_BYTES = 32 << 20;
const HEADER_BYTES = 8;

/** Docker packs what comes without a terminal into frames: one byte for where it comes from, four for the length. */
export class LogLines {
  readonly #lines: LogLine[] = [];
  readonly #open = { stdout: new OpenLine(), stderr: new OpenLine() };
  #framed: boolean;
  #header: Buffer = Buffer.alloc(0);
  #left = 0;
  #stream: LogLine['stream'] = 'stdout';
  #bytes = 0;

  constructor(isTerminal: boolean) {
    this.#framed = !isTerminal;
  }

  /** Throws when it has become too much. */
  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES)
      throw new Error(`its last lines have more than ${String(MOST_BYTES)} bytes.`);
    let at = 0;
    while (at < chunk.length) {
      if (this.#framed && this.#left === 0) at = this.#takeHeader(chunk, at);
      else {
        const to = this.#framed ? Math.min(chunk.length, at + this.#left) : chunk.length;
        this.#left -= this.#framed ? to - at : 0;
        this.#takeText(chunk.subarray(at, to));
        at = to;
      }
    }
  }

  /** What has no end yet is a line, too. */
  end(): readonly LogLine[] {
    for (const stream of ['stdout', 'stderr'] as const) {
      const text = this.#open[stream].end();
      if (text !== null) this.#add(stream, text);
    }
    return this.#lines;
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + HEADER_BYTES - this.#header.length);
    this.#header = Buffer.concat([this.#header, chunk.subarray(at, to)]);
    if (this.#header.length < HEADER_BYTES) return to;
    const header = this.#header;
    this.#header = Buffer.alloc(0);
    const isFrame = header.readUIntBE(1, 3) === 0 && header.readUInt8(0) <= 2;
    if (isFrame) {
      this.#stream = header.readUInt8(0) === 2 ? 'stderr' : 'stdout';
      this.#left = header.readUInt32BE(4);
    } else {
      this.#framed = false;
      this.#takeText(header);
    }
    return to;
  }

  #takeText(bytes: Buffer): void {
    const line = this.#open[this.#stream];
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      line.add(bytes.subarray(at, end));
      this.#add(this.#stream, line.end() ?? '');
      at = end + 1;
    }
    line.add(bytes.subarray(at));
  }

  #add(stream: LogLine['stream'], text: string): void {
    this.#lines.push({ stream, text: harmless(text.replace(/\r$/, ''), LONGEST_LINE) });
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
  }
}

/** A line that has not ended yet, of which only the beginning is kept. */
class OpenLine {
  #decoder = new StringDecoder('utf8');
  #text: string | null = null;

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#text ??= '';
    const missing = LONGEST_LINE + 1 - this.#text.length;
    // A character has four bytes at most.
    if (missing > 0) this.#text += this.#decoder.write(bytes.subarray(0, missing * 4));
  }

  end(): string | null {
    const text = this.#text;
    this.#text = null;
    this.#decoder = new StringDecoder('utf8');
    return text;
  }
}

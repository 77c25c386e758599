/**
 * Keeps samples over a restart: rows of figures, appended line by line to history.jsonl, at most 8 MiB with the file before it.
 * It never keeps the supervisor waiting and never fails it: what cannot be read is passed over, what cannot be written is missing later, and both are said once.
 */
import { appendFile, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { inSlices } from './inSlices.ts';

type Row = readonly (number | null)[];

/** Seven days of samples each 10 s are 60,480 lines of about 50 bytes. */
const LARGEST_BYTES = 4 * 1024 * 1024;
/** While the disk does not answer. */
const MOST_WAITING = 360;

export interface SampleFileOptions {
  readonly homeDir: string;
  /** A sentence. */
  readonly onTrouble: (why: string) => void;
  /** How each write went; null when it was written. */
  readonly onWrite?: (why: string | null) => void;
  readonly largestBytes?: number;
}

export class SampleFile {
  readonly #path: string;
  readonly #onTrouble: (why: string) => void;
  readonly #onWrite: (why: string | null) => void;
  readonly #largestBytes: number;
  #waiting: string[] = [];
  #writing: Promise<void> | null = null;
  #isFailing = false;
  #sizeBytes = 0;
  /** A crash may have left half a line, to which nothing may be joined. */
  #needsLineEnd = false;

  constructor({ homeDir, onTrouble, onWrite, largestBytes = LARGEST_BYTES }: SampleFileOptions) {
    this.#path = join(homeDir, 'history.jsonl');
    this.#onTrouble = onTrouble;
    this.#onWrite = onWrite ?? (() => undefined);
    this.#largestBytes = largestBytes;
  }

  /** Tells each row that is kept, oldest first. */
  async read(take: (row: Row) => void): Promise<void> {
    let damaged = 0;
    for (const path of [`${this.#path}.1`, this.#path]) {
      const { text, sizeBytes } = await this.#textOf(path);
      const lines = text.split('\n');
      const last = lines.pop() ?? '';
      if (path === this.#path) {
        this.#sizeBytes = sizeBytes;
        this.#needsLineEnd = last !== '';
      }
      if (last !== '') damaged += 1;
      await inSlices(lines, (line) => {
        const row = rowOf(line);
        if (row !== null) take(row);
        else if (line !== '') damaged += 1;
      });
    }
    if (damaged > 0)
      this.#onTrouble(
        `${String(damaged)} lines of ${this.#path} cannot be read and are passed over: the charts have a gap there`,
      );
  }

  append(row: Row): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(`${JSON.stringify(row)}\n`);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when all is written, or could not be. */
  async end(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0).join('');
      try {
        if (this.#sizeBytes > this.#largestBytes) await this.#rotate();
        const text = this.#needsLineEnd ? `\n${lines}` : lines;
        await appendFile(this.#path, text, { mode: 0o600 });
        this.#sizeBytes += text.length;
        this.#needsLineEnd = false;
        this.#isFailing = false;
        this.#onWrite(null);
      } catch (error) {
        // Half of it may have been written.
        this.#onWrite(messageOf(error));
        this.#needsLineEnd = true;
        if (!this.#isFailing)
          this.#onTrouble(
            `cannot write ${this.#path}: ${messageOf(error)}; the charts will have a gap there after the next start`,
          );
        this.#isFailing = true;
      }
    }
  }

  async #rotate(): Promise<void> {
    await rename(this.#path, `${this.#path}.1`);
    this.#sizeBytes = 0;
    this.#needsLineEnd = false;
  }

  /** Of a file that is larger than it may be, the end. */
  async #textOf(path: string): Promise<{ text: string; sizeBytes: number }> {
    try {
      const { size } = await stat(path);
      const handle = await open(path);
      try {
        const from = Math.max(0, size - this.#largestBytes - 64 * 1024);
        const buffer = Buffer.alloc(size - from);
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
        return { text: buffer.toString('utf8', 0, bytesRead), sizeBytes: size };
      } finally {
        await handle.close();
      }
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing) this.#onTrouble(`cannot read ${path}: ${messageOf(error)}; the charts begin anew`);
      return { text: '', sizeBytes: 0 };
    }
  }
}

function rowOf(line: string): Row | null {
  try {
    const row: unknown = JSON.parse(line);
    const isRow = Array.isArray(row) && row.every((each) => each === null || typeof each === 'number');
    return isRow ? (row as Row) : null;
  } catch {
    return null;
  }
}

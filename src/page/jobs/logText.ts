/**
 * Makes rows that can be read of what a job's log holds, which hosts have written: colours are left out, all other control is shown.
 * It never makes markup of anything, and keeps no more than its bounds however long the log is.
 */
import { readable } from '../words/readable.ts';

export interface LogChunk {
  readonly text: string;
  /** Bytes of the log: the first of these, and the first after them. */
  readonly from: number;
  readonly to: number;
}

export interface LogRow {
  /** Its place in the log in lines, from 1; null where the lines before it were never read, or of a line's later parts. */
  readonly number: number | null;
  readonly text: string;
  /** The same for as long as the row is shown, whatever comes or goes before it. */
  readonly key: string;
}

interface Part {
  readonly from: number;
  readonly to: number;
  /** Of each line, or what of it lies in this part, the rows that show it. */
  readonly lines: readonly (readonly string[])[];
  /** The first row goes on with a line of the part before. */
  readonly continues: boolean;
  readonly endsLine: boolean;
}

const MOST_ROWS = 5_000;
/** Shown at most when its reader goes back in it. */
const MOST_ROWS_BACK = 20_000;
/** Lines may be long: whichever bound is reached first. */
const MOST_BYTES = 2 ** 20;
const MOST_BYTES_BACK = 4 * 2 ** 20;
/** A row longer than this is shown as several. */
const LONGEST_ROW = 4_000;

/** The end of a log, or the whole of a short one: appended to, and made longer at its beginning. */
export class LogWindow {
  #parts: readonly Part[] = [];
  /** Lines before the first part; null when not known. */
  #linesBefore: number | null = null;
  /** Its reader has gone back in it: what is read is kept until the wider bounds. */
  isReadBack = false;

  /** The byte from which it is shown. */
  get from(): number {
    return this.#parts[0]?.from ?? 0;
  }

  /** How many bytes were seen: from where to go on. */
  get to(): number {
    return this.#parts.at(-1)?.to ?? 0;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** What does not go on where this ends is another log: it is shown instead. */
  append(chunk: LogChunk): void {
    if (this.isEmpty || chunk.from !== this.to) {
      this.#linesBefore = chunk.from === 0 ? 0 : null;
      this.#parts = [partOf(chunk, false)];
      return;
    }
    this.#parts = [...this.#parts, partOf(chunk, this.#parts.at(-1)?.endsLine === false)];
    while (this.#parts.length > 1 && this.#isEnough(this.#parts.slice(1))) {
      if (this.#linesBefore !== null) this.#linesBefore += linesIn(this.#parts[0]);
      this.#parts = this.#parts.slice(1);
    }
  }

  /** Is so much shown that no more can be put before it? */
  get isFull(): boolean {
    return countRows(this.#parts) >= MOST_ROWS_BACK || countBytes(this.#parts) >= MOST_BYTES_BACK;
  }

  #isEnough(parts: readonly Part[]): boolean {
    const [mostRows, mostBytes] = this.isReadBack
      ? [MOST_ROWS_BACK, MOST_BYTES_BACK]
      : [MOST_ROWS, MOST_BYTES];
    return countRows(parts) >= mostRows || countBytes(parts) >= mostBytes;
  }

  /** What comes right before. */
  prepend(chunk: LogChunk): void {
    if (chunk.to !== this.from || this.isFull) return;
    this.#linesBefore = chunk.from === 0 ? 0 : null;
    this.#parts = [partOf(chunk, false), ...this.#parts];
  }

  rows(): readonly LogRow[] {
    const rows: LogRow[] = [];
    let line = this.#linesBefore;
    for (const part of this.#parts) {
      for (const [index, pieces] of part.lines.entries()) {
        const isNew = index > 0 || !part.continues;
        if (isNew && line !== null) line += 1;
        for (const [at, text] of pieces.entries()) {
          const key = `${String(part.from)}.${String(index)}.${String(at)}`;
          rows.push({ number: isNew && at === 0 ? line : null, text, key });
        }
      }
    }
    return rows;
  }
}

function partOf({ text, from, to }: LogChunk, continues: boolean): Part {
  const endsLine = text.endsWith('\n');
  const lines = text === '' ? [] : (endsLine ? text.slice(0, -1) : text).split('\n');
  return { from, to, lines: lines.map((line) => pieces(readable(line))), continues, endsLine };
}

function countRows(parts: readonly Part[]): number {
  return parts.reduce((sum, { lines }) => sum + lines.length, 0);
}

function countBytes(parts: readonly Part[]): number {
  return parts.reduce((sum, { from, to }) => sum + to - from, 0);
}

function linesIn(part: Part | undefined): number {
  return part === undefined ? 0 : part.lines.length - (part.continues ? 1 : 0);
}

function pieces(text: string): readonly string[] {
  if (text.length <= LONGEST_ROW) return [text];
  return Array.from({ length: Math.ceil(text.length / LONGEST_ROW) }, (_, index) =>
    text.slice(index * LONGEST_ROW, (index + 1) * LONGEST_ROW),
  );
}

/**
 * Reads the journal backwards, a stretch at a time, through the files that it was renamed to: a line of a gigabyte's end costs no more than its stretch.
 * It changes nothing, and passes over lines that are none, counting them.
 */
import { access, constants, open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { GarrisonError } from '../errors.ts';
import { KEPT_FILES, type JournalEntry } from './journal.ts';

export interface JournalLine {
  /** Its place: the file's own number and the line's offset in it, which a rename leaves as they are. */
  readonly id: string;
  readonly entry: JournalEntry;
}

export interface JournalStretch {
  /** Newest first. */
  readonly lines: readonly JournalLine[];
  readonly damaged: number;
  readonly bytes: number;
  /** The next stretch lies before this place; null at the beginning of the oldest file. */
  readonly next: string | null;
}

interface Place {
  readonly path: string;
  readonly file: string;
  /** Which of the files, the newest first. */
  readonly index: number;
  readonly endsAt: number;
}

const STRETCH_BYTES = 256 * 1024;
/** What has no end of line for so long is no line of ours. */
const LONGEST_LINE_BYTES = 4 * 1024 * 1024;
const LINE_END = 10;

export class JournalReader {
  readonly #paths: readonly string[];
  /** Read last from the end: many viewers ask for it every few seconds, and it seldom changes. */
  #newest: { readonly at: string; readonly stretch: JournalStretch } | null = null;

  constructor(homeDir: string) {
    const newest = join(homeDir, 'journal.jsonl');
    const older = Array.from({ length: KEPT_FILES }, (_, index) => `${newest}.${String(index + 1)}`);
    this.#paths = [newest, ...older];
  }

  /** Null: from the newest line on. */
  async before(id: string | null): Promise<JournalStretch> {
    const place = id === null ? await this.#firstFrom(0) : await this.#placeOf(id);
    if (place === null) return { lines: [], damaged: 0, bytes: 0, next: null };
    const at = idOf(place.file, place.endsAt);
    if (id === null && this.#newest?.at === at) return this.#newest.stretch;
    const read = await readStretch(place);
    const { lines, damaged, from } = linesOf(read, place.file);
    const older = from === 0 ? await this.#firstFrom(place.index + 1) : null;
    const next = from > 0 ? idOf(place.file, from) : older === null ? null : idOf(older.file, older.endsAt);
    const stretch = { lines, damaged, bytes: read.buffer.length, next };
    if (id === null) this.#newest = { at, stretch };
    return stretch;
  }

  /** Null when there is no line of that id. */
  async line(id: string): Promise<JournalEntry | null> {
    const place = await this.#placeOf(id);
    const handle = await open(place.path);
    try {
      const buffer = Buffer.alloc(LONGEST_LINE_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, place.endsAt);
      const end = buffer.subarray(0, bytesRead).indexOf(LINE_END);
      return end < 0 ? null : entryOf(buffer.toString('utf8', 0, end));
    } finally {
      await handle.close();
    }
  }

  /** The first file from this one on that holds anything, at its end. */
  async #firstFrom(first: number): Promise<Place | null> {
    for (const [index, path] of this.#paths.entries()) {
      if (index < first) continue;
      const seen = await sizeOf(path);
      if (seen !== null && seen.size > 0) return { path, file: seen.file, index, endsAt: seen.size };
    }
    return null;
  }

  /** Where a line of this id begins; refuses a place where none does, since what a line quotes may look like one. */
  async #placeOf(id: string): Promise<Place> {
    const [, file = '', offset = ''] = /^(\d{1,20})-(\d{1,15})$/.exec(id) ?? [];
    for (const [index, path] of this.#paths.entries()) {
      const seen = await sizeOf(path);
      if (seen?.file !== file) continue;
      const endsAt = Number(offset);
      if (endsAt > seen.size || !(await isLineStart(path, endsAt))) break;
      return { path, file, index, endsAt };
    }
    throw new GarrisonError('USAGE', 'the place in the journal is no longer good', {
      cure: 'Read the timeline from its newest entry.',
    });
  }
}

function idOf(file: string, offset: number): string {
  return `${file}-${String(offset)}`;
}

async function sizeOf(path: string): Promise<{ file: string; size: number } | null> {
  try {
    const found = await stat(path, { bigint: true });
    // What cannot be read keeps nobody from the files before it.
    if (!found.isFile()) return null;
    await access(path, constants.R_OK);
    const { ino, size } = found;
    return { file: String(ino), size: Number(size) };
  } catch {
    return null;
  }
}

async function isLineStart(path: string, offset: number): Promise<boolean> {
  if (offset === 0) return true;
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, offset - 1);
    return bytesRead === 1 && buffer[0] === LINE_END;
  } finally {
    await handle.close();
  }
}

interface Read {
  readonly buffer: Buffer;
  readonly startsAt: number;
}

/** Up to the place, from a line's start on or a little before one; empty where the line is longer than any of ours. */
async function readStretch({ path, endsAt }: Place): Promise<Read> {
  const handle = await open(path);
  try {
    for (let wanted = STRETCH_BYTES; ; wanted *= 4) {
      const startsAt = Math.max(0, endsAt - wanted);
      const buffer = await readAll(handle, startsAt, endsAt);
      if (startsAt === 0 || buffer.subarray(0, -1).includes(LINE_END)) return { buffer, startsAt };
      if (wanted < LONGEST_LINE_BYTES) continue;
      return { buffer: Buffer.alloc(0), startsAt: await lineStartBefore(handle, startsAt) };
    }
  } finally {
    await handle.close();
  }
}

async function lineStartBefore(handle: FileHandle, offset: number): Promise<number> {
  for (let to = offset; to > 0; to -= LONGEST_LINE_BYTES) {
    const from = Math.max(0, to - LONGEST_LINE_BYTES);
    const end = (await readAll(handle, from, to)).lastIndexOf(LINE_END);
    if (end >= 0) return from + end + 1;
  }
  return 0;
}

async function readAll(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}

/** `from`: where the oldest of them begins. */
function linesOf(
  { buffer, startsAt }: Read,
  file: string,
): { lines: JournalLine[]; damaged: number; from: number } {
  const lines: JournalLine[] = [];
  if (buffer.length === 0) return { lines, damaged: 1, from: startsAt };
  let damaged = 0;
  // What stands before the first end of a line belongs to the stretch before, unless the file begins here.
  const first = startsAt === 0 ? -1 : buffer.indexOf(LINE_END);
  for (let end = buffer.at(-1) === LINE_END ? buffer.length - 1 : buffer.length; end > first;) {
    const before = end === 0 ? -1 : buffer.lastIndexOf(LINE_END, end - 1);
    const text = buffer.toString('utf8', before + 1, end);
    const entry = entryOf(text);
    if (entry !== null) lines.push({ id: idOf(file, startsAt + before + 1), entry });
    else if (text !== '') damaged += 1;
    end = before;
  }
  return { lines, damaged, from: startsAt + first + 1 };
}

function entryOf(text: string): JournalEntry | null {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return null;
    const { at, event } = read as Partial<JournalEntry>;
    const isTime = typeof at === 'string' && !Number.isNaN(Date.parse(at));
    return isTime && typeof event === 'string' ? (read as JournalEntry) : null;
  } catch {
    return null;
  }
}

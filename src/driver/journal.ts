/**
 * Appends to journal.jsonl: who asked for what and why, what broke and when it was well again.
 * It never rewrites a line; at its size limit the file is renamed and a new one begun.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { GarrisonError, messageOf } from '../errors.ts';

export interface JournalEntry {
  readonly at: string;
  readonly event: string;
  readonly [fact: string]: unknown;
}

const LARGEST_BYTES = 16 * 1024 * 1024;
export const KEPT_FILES = 5;
/** As much of the end of the file is read back at a start. */
const READ_BACK_BYTES = 2 * 1024 * 1024;

export class Journal {
  readonly #file: string;

  constructor(homeDir: string) {
    this.#file = join(homeDir, 'journal.jsonl');
  }

  /** Synchronous on purpose: an audit line is written before the deed, and there are few of them. Throws HOME_UNUSABLE. */
  append(entry: JournalEntry): void {
    try {
      if (existsSync(this.#file) && statSync(this.#file).size > LARGEST_BYTES) this.#rotate();
      appendFileSync(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch (error) {
      throw new GarrisonError('HOME_UNUSABLE', `cannot write ${this.#file}: ${messageOf(error)}`, {
        cure: 'Free space there or mend the folder, then repeat the command: nothing was done.',
        cause: error,
      });
    }
  }

  /** The last entries of one event, oldest first; none when the file cannot be read. Damaged lines are passed over. */
  last(event: string, count: number): JournalEntry[] {
    const mark = `"event":${JSON.stringify(event)}`;
    const entriesOf = (file: string): JournalEntry[] =>
      endOf(file)
        .split('\n')
        .filter((line) => line.includes(mark))
        .flatMap((line) => parseEntry(line, event));
    const newest = entriesOf(this.#file);
    // A rotation may have come a moment ago.
    const older = newest.length < count ? entriesOf(`${this.#file}.1`) : [];
    return [...older, ...newest].slice(-count);
  }

  /** For what has happened anyway: a full disk must not end the loop that would tell of it. */
  note(entry: JournalEntry, onFailure: (why: string) => void): void {
    try {
      this.append(entry);
    } catch (error) {
      onFailure(messageOf(error));
    }
  }

  #rotate(): void {
    for (let number = KEPT_FILES - 1; number >= 1; number -= 1) {
      const older = `${this.#file}.${String(number)}`;
      if (existsSync(older)) renameSync(older, `${this.#file}.${String(number + 1)}`);
    }
    renameSync(this.#file, `${this.#file}.1`);
  }
}

function endOf(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, READ_BACK_BYTES));
    const bytes = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function parseEntry(line: string, event: string): JournalEntry[] {
  try {
    const entry = JSON.parse(line) as JournalEntry;
    return entry.event === event ? [entry] : [];
  } catch {
    return [];
  }
}

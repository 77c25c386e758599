/**
 * Appends to journal.jsonl: who asked for what and why, what broke and when it was well again.
 * It never rewrites a line; at its size limit the file is renamed and a new one begun.
 */
import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GarrisonError, messageOf } from '../errors.ts';
import { readEnd } from './fileEnd.ts';

export interface JournalEntry {
  readonly at: string;
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** Told how each write went; null when it was written. */
export type OnWrite = (why: string | null) => void;

const LARGEST_BYTES = 16 * 1024 * 1024;
export const KEPT_FILES = 5;
/** As much of the end of the file is read back at a start. */
const READ_BACK_BYTES = 2 * 1024 * 1024;

export class Journal {
  readonly #file: string;
  readonly #onWrite: OnWrite;
  /** A crash, or a disk that filled up, may have left half a line, to which nothing may be joined. */
  #mayEndInHalf = true;

  constructor(homeDir: string, onWrite: OnWrite = () => undefined) {
    this.#file = join(homeDir, 'journal.jsonl');
    this.#onWrite = onWrite;
  }

  /** Synchronous on purpose: an audit line is written before the deed, and there are few of them. Throws HOME_UNUSABLE. */
  append(entry: JournalEntry): void {
    try {
      if (existsSync(this.#file) && statSync(this.#file).size > LARGEST_BYTES) this.#rotate();
      appendFileSync(this.#file, `${this.#lineStart()}${JSON.stringify(entry)}\n`, { mode: 0o600 });
      this.#mayEndInHalf = false;
      this.#onWrite(null);
    } catch (error) {
      this.#mayEndInHalf = true;
      this.#onWrite(messageOf(error));
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
      readEnd(file, READ_BACK_BYTES)
        .text.split('\n')
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

  #lineStart(): string {
    if (!this.#mayEndInHalf) return '';
    const { text } = readEnd(this.#file, 1);
    return text === '' || text === '\n' ? '' : '\n';
  }

  #rotate(): void {
    for (let number = KEPT_FILES - 1; number >= 1; number -= 1) {
      const older = `${this.#file}.${String(number)}`;
      if (existsSync(older)) renameSync(older, `${this.#file}.${String(number + 1)}`);
    }
    renameSync(this.#file, `${this.#file}.1`);
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

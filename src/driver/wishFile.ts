/**
 * Keeps what people want of each worker over a restart of the supervisor: a stopped worker stays stopped.
 * It holds wishes only, never a status.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerWish } from '../detector/verdict.ts';
import { GarrisonError, messageOf } from '../errors.ts';

export type Wishes = Readonly<Record<string, WorkerWish>>;

const WORDS: readonly unknown[] = ['run', 'quiet', 'stop'] satisfies WorkerWish[];

/** A missing or damaged file, or entry, counts as no wish: a worker that runs is the safe answer. */
export function readWishes(homeDir: string): Wishes {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(join(homeDir, 'wishes.json'), 'utf8'));
  } catch {
    return {};
  }
  if (typeof read !== 'object' || read === null) return {};
  const entries = Object.entries(read).filter((entry): entry is [string, WorkerWish] =>
    WORDS.includes(entry[1]),
  );
  return Object.fromEntries(entries);
}

/** Throws HOME_UNUSABLE. */
export function writeWishes(homeDir: string, wishes: Wishes): void {
  const file = join(homeDir, 'wishes.json');
  try {
    replaceFile(file, JSON.stringify(wishes));
  } catch (error) {
    throw new GarrisonError('HOME_UNUSABLE', `cannot write ${file}: ${messageOf(error)}`, {
      cure: 'Free space there or mend the folder, then repeat the command: nothing was done.',
      cause: error,
    });
  }
}

function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

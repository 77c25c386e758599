/**
 * Keeps what people want of each worker over a restart of the supervisor: a stopped worker stays stopped.
 * It holds wishes only, never a status.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerWish } from '../detector/verdict.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import { readKept, type Keeping } from '../setAside.ts';

export type Wishes = Readonly<Record<string, WorkerWish>>;

const FILE = 'wishes.json';
const WORDS: readonly unknown[] = ['run', 'quiet', 'stop'] satisfies WorkerWish[];

/**
 * A missing file is no wish. Of a damaged one, what can still be read of a worker is kept; every other of `workers` is quiet:
 * what a person stopped is not set to work again by a damaged file, and pushes wait meanwhile. Throws HOME_UNUSABLE.
 */
export function readWishes(keeping: Omit<Keeping, 'name'>, workers: readonly string[]): Wishes {
  const kept = readKept({ ...keeping, name: FILE }, wishesIn);
  switch (kept.kind) {
    case 'missing':
      return {};
    case 'read':
      return kept.value;
    case 'damaged': {
      const quiet = Object.fromEntries(workers.map((worker): [string, WorkerWish] => [worker, 'quiet']));
      // Kept at once: the damaged file is no longer there to hold them back at the next start.
      const held = { ...quiet, ...readable(kept.text) };
      writeWishes(keeping.homeDir, held);
      return held;
    }
  }
}

function wishesIn(text: string): Wishes {
  const read: unknown = JSON.parse(text);
  if (typeof read !== 'object' || read === null || Array.isArray(read)) throw new Error('no wishes');
  const entries = Object.entries(read);
  if (!entries.every((entry): entry is [string, WorkerWish] => WORDS.includes(entry[1])))
    throw new Error('a wish that is none');
  return Object.fromEntries(entries);
}

/** Whole pairs only: half a word may be any. */
function readable(text: string): Wishes {
  const pairs = [...text.matchAll(/"([\w-]{1,40})":"(run|quiet|stop)"/g)];
  return Object.fromEntries(pairs.map(([, worker = '', wish]) => [worker, wish as WorkerWish]));
}

/** Throws HOME_UNUSABLE. */
export function writeWishes(homeDir: string, wishes: Wishes): void {
  const file = join(homeDir, FILE);
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
  writeFileSync(`${file}.tmp`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.tmp`, file);
}

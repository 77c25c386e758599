/**
 * Keeps what people want of each worker over a restart of the supervisor: a stopped worker stays stopped.
 * It holds wishes only, never a status.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WorkerWish } from '../detector/status.ts';

export type Wishes = Readonly<Record<string, WorkerWish>>;

/** An unreadable file counts as no wishes: workers that run are the safe answer. */
export function readWishes(homeDir: string): Wishes {
  try {
    return JSON.parse(readFileSync(join(homeDir, 'wishes.json'), 'utf8')) as Wishes;
  } catch {
    return {};
  }
}

export function writeWishes(homeDir: string, wishes: Wishes): void {
  const file = join(homeDir, 'wishes.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, JSON.stringify(wishes), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

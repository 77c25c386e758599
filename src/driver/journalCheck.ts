/**
 * Looks at the journal's files at a start: what stands in their place and cannot be used is set aside, and so is a file in which no line can be read.
 * A broken line among good ones stays where it is: readers pass over it, and it is counted here.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keepFile, setAside, type Keeping } from '../setAside.ts';
import { KEPT_FILES } from './journal.ts';
import { readEnd } from './fileEnd.ts';

/** As much of the end of each file is looked at. */
const LOOKED_AT_BYTES = 256 * 1024;

/** How many lines near the end of the journal cannot be read. Throws HOME_UNUSABLE. */
export function checkJournal(keeping: Omit<Keeping, 'name'>): number {
  const older = Array.from({ length: KEPT_FILES }, (_, index) => `journal.jsonl.${String(index + 1)}`);
  let broken = 0;
  for (const name of ['journal.jsonl', ...older]) {
    keepFile({ ...keeping, name }, 'append');
    const path = join(keeping.homeDir, name);
    if (!existsSync(path)) continue;
    const { good, bad } = countLines(readEnd(path, LOOKED_AT_BYTES));
    if (bad > 0 && good === 0) setAside({ ...keeping, name }, 'holds no line that can be read');
    else broken += bad;
  }
  return broken;
}

/** The first piece may be the end of a line that began before. */
function countLines({ text, isWhole }: { text: string; isWhole: boolean }): { good: number; bad: number } {
  const lines = text.split('\n').slice(isWhole ? 0 : 1);
  const full = lines.filter((line) => line !== '');
  const good = full.filter(isEntry).length;
  return { good, bad: full.length - good };
}

function isEntry(line: string): boolean {
  try {
    const read: unknown = JSON.parse(line);
    return typeof read === 'object' && read !== null && 'event' in read && 'at' in read;
  } catch {
    return false;
  }
}

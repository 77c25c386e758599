/**
 * Reads and writes the small files of the home folder that hold hashes: 0600, whole or not at all.
 * It never mends a damaged file and never takes a part of one: nobody is let in by what may be half of it.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import type { z } from 'zod';
import { readKept, type Keeping } from '../setAside.ts';

/** null when there is none, or it was damaged and has been set aside; throws HOME_UNUSABLE when that cannot be. */
export function readPrivate<S extends z.ZodType>(keeping: Keeping, schema: S): z.output<S> | null {
  const kept = readKept(keeping, (text) => schema.parse(JSON.parse(text)));
  return kept.kind === 'read' ? kept.value : null;
}

/** Written beside, flushed, then moved over. */
export function writePrivate(file: string, content: object): void {
  const beside = `${file}.new`;
  const handle = openSync(beside, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(beside, file);
}

/**
 * Reads and writes the small files of the home folder that hold hashes: 0600, whole or not at all.
 * It never mends a damaged file: the caller says what to do about it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { z } from 'zod';
import { GarrisonError } from '../errors.ts';

/** null when there is none; throws HOME_UNUSABLE when it is damaged. */
export function readPrivate<S extends z.ZodType>(file: string, schema: S, cure: string): z.output<S> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new GarrisonError('HOME_UNUSABLE', `${file} is damaged`, { cure, cause });
  }
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

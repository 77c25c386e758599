/**
 * Makes sure that one supervisor at a time uses a home folder.
 * A lock left by a dead one is no lock: the kernel has released it.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { GarrisonError, messageOf } from '../errors.ts';
import { tryExclusiveLock } from './libc.ts';

/** Takes the home's lock, or throws HOME_BUSY naming the holder. Returns the release. */
export function lockHome(homeDir: string): () => void {
  const file = join(homeDir, 'supervisor.lock');
  const fd = openLock(file);
  if (!tryExclusiveLock(fd)) {
    const holder = readFileSync(file, 'utf8').trim();
    closeSync(fd);
    throw new GarrisonError(
      'HOME_BUSY',
      `another garrison supervisor (pid ${holder || 'unknown'}) already uses ${homeDir}`,
      {
        cure: 'Talk to that one (garrison status), stop it first, or give this one its own folder with --home.',
      },
    );
  }
  try {
    ftruncateSync(fd);
    writeSync(fd, `${String(process.pid)}\n`);
  } catch (error) {
    closeSync(fd);
    throw unwritable(file, error);
  }
  return () => {
    closeSync(fd);
  };
}

function openLock(file: string): number {
  try {
    return openSync(file, 'a+', 0o600);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** A home that takes no writes is no place to start in: nothing that is done could be kept. */
function unwritable(file: string, error: unknown): GarrisonError {
  return new GarrisonError(
    'HOME_UNUSABLE',
    `the home folder cannot be written: ${file}: ${messageOf(error)}`,
    {
      cure: CURES[(error as NodeJS.ErrnoException).code ?? ''] ?? `Look at it with: ls -ld ${file}`,
      cause: error,
    },
  );
}

const CURES: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free space there (df, df -i), then start again.',
  EDQUOT: "This user's quota is used up: free space there, then start again.",
  EROFS:
    'The file system is read-only: see dmesg for why, mend it and mount it writable, or choose another --home.',
  EISDIR: 'A folder stands in its place: move it out of the home folder.',
};

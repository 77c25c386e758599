/**
 * Makes sure that one supervisor at a time uses a home folder.
 * A lock left by a dead one is no lock: the kernel has released it.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { GarrisonError } from '../errors.ts';
import { tryExclusiveLock } from './libc.ts';

/** Takes the home's lock, or throws HOME_BUSY naming the holder. Returns the release. */
export function lockHome(homeDir: string): () => void {
  const file = join(homeDir, 'supervisor.lock');
  const fd = openSync(file, 'a+', 0o600);
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
  ftruncateSync(fd);
  writeSync(fd, `${String(process.pid)}\n`);
  return () => {
    closeSync(fd);
  };
}

/**
 * Makes the folder in which the machine's own supervisor listens, and gives it to the group that may come in.
 * At no moment is it more open than it is meant to be, and one that others could have written in is refused.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  type Stats,
} from 'node:fs';
import { GarrisonError, messageOf } from '../errors.ts';

/** `gid`: null leaves it to root's own group. Throws HOME_UNUSABLE. */
export function prepareControlFolder(
  path: string,
  { mode, gid }: { readonly mode: number; readonly gid: number | null },
): void {
  const fd = openFolder(path);
  try {
    const stats = fstatSync(fd);
    refuseOpen(path, stats);
    const isGiven = stats.gid === (gid ?? 0);
    // First what both allow: the group that it has still must not come in by the mode that the other one is to have.
    const between = isGiven ? stats.mode & mode & 0o777 : 0o700;
    if ((stats.mode & 0o7777) !== between) fchmodSync(fd, between);
    if (!isGiven) fchownSync(fd, stats.uid, gid ?? 0);
    if (between !== mode) fchmodSync(fd, mode);
  } catch (error) {
    if (error instanceof GarrisonError) throw error;
    throw unusable(`${path} cannot be given to whom it is for: ${messageOf(error)}`, path);
  } finally {
    closeSync(fd);
  }
}

/** By its descriptor, so that what is looked at is what is changed. */
function openFolder(path: string): number {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw unusable(`the folder ${path} cannot be made: ${messageOf(error)}`, path);
  }
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    throw unusable(`${path} is not a folder that can be used: ${messageOf(error)}`, path);
  }
}

function refuseOpen(path: string, { uid, mode }: Stats): void {
  const ownUid = process.getuid?.() ?? uid;
  if (uid !== ownUid) throw unusable(`${path} belongs to user ${String(uid)}`, path);
  if ((mode & 0o022) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  throw unusable(`others can write in ${path} (mode ${octal})`, path);
}

function unusable(what: string, path: string): GarrisonError {
  return new GarrisonError('HOME_UNUSABLE', what, {
    cure: `look at what is there (ls -ld ${path}); moved away, it is made anew at the next start`,
  });
}

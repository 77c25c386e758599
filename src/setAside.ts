/**
 * Reads the small files that the home folder keeps, and gives one that is damaged another name, so that everything else can start.
 * It never deletes, never overwrites what was set aside before, and judges no content: whoever reads says what is good.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { wallTime } from './clock.ts';
import { GarrisonError, messageOf } from './errors.ts';

export interface SetAside {
  /** From the home folder, such as `healing.json` or `spool/j-1.3.json`. */
  readonly name: string;
  /** What it is called now, from the home folder too. */
  readonly as: string;
  /** RFC 3339: when that was done. */
  readonly at: string;
  /** What was wrong with it, the end of a sentence that begins with its name; null when an earlier start did it. */
  readonly why: string | null;
}

export type OnSetAside = (done: SetAside) => void;

/** A file or folder of the home folder, and who hears when it is set aside. */
export interface Keeping {
  readonly homeDir: string;
  readonly name: string;
  readonly onSetAside: OnSetAside;
}

export type Kept<T> =
  | { readonly kind: 'missing' }
  | { readonly kind: 'read'; readonly value: T }
  /** `text`: what could be read of it, for what may be saved; empty when nothing could. */
  | { readonly kind: 'damaged'; readonly text: string };

/** `parse` throws on what is no good. Throws HOME_UNUSABLE when it can be neither read nor set aside. */
export function readKept<T>(keeping: Keeping, parse: (text: string) => T): Kept<T> {
  const path = join(keeping.homeDir, keeping.name);
  const fault = faultOf(path, 'r');
  if (fault === 'missing') return { kind: 'missing' };
  if (fault !== null) return damaged(keeping, fault, '');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(`${path} cannot be read`, error);
  }
  try {
    return { kind: 'read', value: parse(text) };
  } catch (error) {
    return damaged(
      keeping,
      text.trim() === '' ? 'is empty' : `is not what it should be (${brief(error)})`,
      text,
    );
  }
}

/** Sets aside what stands in the place of a file and cannot be read, or appended to; a missing file is good. */
export function keepFile(keeping: Keeping, use: 'read' | 'append'): void {
  const fault = faultOf(join(keeping.homeDir, keeping.name), use === 'read' ? 'r' : 'r+');
  if (fault !== null && fault !== 'missing') setAside(keeping, fault);
}

/** Makes a folder of the home folder (0700) when it is missing, and sets aside what is none or cannot be used. */
export function keepFolder(keeping: Keeping): void {
  const path = join(keeping.homeDir, keeping.name);
  const fault = folderFault(path);
  if (fault === null) return;
  if (fault !== 'missing') setAside(keeping, fault);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(`${path} cannot be made`, error);
  }
}

/** Gives it its other name. Throws HOME_UNUSABLE when that cannot be. */
export function setAside({ homeDir, name, onSetAside }: Keeping, why: string): SetAside {
  const at = wallTime();
  const as = freeName(homeDir, `${name}.damaged-${at.replace(/[-:]|\.\d+/g, '')}`);
  try {
    renameSync(join(homeDir, name), join(homeDir, as));
  } catch (error) {
    throw unusable(`${join(homeDir, name)} ${why}, and cannot be set aside`, error);
  }
  const done = { name, as, at, why };
  onSetAside(done);
  return done;
}

/** The folders of the home folder in which single files are set aside. */
export const SET_ASIDE_IN: readonly string[] = ['spool', 'redis'];

/** What earlier starts have set aside and still lies there, in the home folder and the named folders of it. */
export function listSetAside(homeDir: string, folders: readonly string[]): SetAside[] {
  return ['', ...folders].flatMap((folder) =>
    namesIn(join(homeDir, folder)).flatMap((file) => {
      const [, name, day, hour] = /^(.+)\.damaged-(\d{8})T(\d{6})Z(?:-\d+)?$/.exec(file) ?? [];
      if (name === undefined || day === undefined || hour === undefined) return [];
      const at = `${day.replace(/(....)(..)(..)/, '$1-$2-$3')}T${hour.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`;
      return [{ name: join(folder, name), as: join(folder, file), at, why: null }];
    }),
  );
}

function damaged<T>(keeping: Keeping, why: string, text: string): Kept<T> {
  setAside(keeping, why);
  return { kind: 'damaged', text };
}

/** Null: a file that may be used as asked. A link to one is one. */
function faultOf(path: string, flags: 'r' | 'r+'): string | null {
  const stats = statsOf(path);
  if (typeof stats === 'string') return stats;
  if (stats.isDirectory()) return 'is a folder';
  if (!stats.isFile()) return 'is no file';
  return refusal(path, () => {
    closeSync(openSync(path, flags));
  });
}

function folderFault(path: string): string | null {
  const stats = statsOf(path);
  if (typeof stats === 'string') return stats;
  if (!stats.isDirectory()) return 'is no folder';
  return refusal(path, () => {
    readdirSync(path);
    accessSync(path, constants.W_OK | constants.X_OK);
  });
}

function statsOf(path: string): Stats | string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  if (!found.isSymbolicLink()) return found;
  try {
    return statSync(path);
  } catch {
    return 'is a link that leads nowhere';
  }
}

/** Only what its owner and its mode forbid: on a file system that is read-only nothing is wrong with the file. */
function refusal(path: string, use: () => void): string | null {
  try {
    use();
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return null;
    const { uid, mode } = statSync(path);
    return `cannot be used by this user (it belongs to user ${String(uid)}, mode ${(mode & 0o777).toString(8).padStart(4, '0')})`;
  }
}

function freeName(homeDir: string, wanted: string): string {
  let name = wanted;
  for (let number = 2; existsSync(join(homeDir, name)); number += 1) name = `${wanted}-${String(number)}`;
  return name;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Of a schema's complaint, which may be long and quote what it read. */
function brief(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is no JSON';
  return error instanceof GarrisonError ? error.message : 'its content is of another shape';
}

function unusable(what: string, error: unknown): GarrisonError {
  return new GarrisonError('HOME_UNUSABLE', `${what}: ${messageOf(error)}`, {
    cure: 'Mend the disk or the folder (is it full, or read-only?), then start again: nothing was deleted.',
    cause: error,
  });
}

/**
 * Makes the private folder in which the sockets of one worker's kept connections lie, and removes it and those of dead workers.
 * It never follows a link and never removes what is not a folder of this very name, of this user, of a process that is gone.
 */
import { lstatSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, readProcStat } from '../proc.ts';

/** A socket's path has room for 108 bytes, and ssh first makes it with 17 characters more. */
const LONGEST_FOLDER = 70;
const NAME = /^garrison-ssh-(\d+)-(\d+)$/;

/** Mode 0700, made anew; null when it cannot be had, and then no connection is kept. */
export function makeKeptFolder(): string | null {
  const { pid } = process;
  const name = `garrison-ssh-${String(pid)}-${String(readProcStat(pid)?.startTicks ?? 0)}`;
  for (const parent of [process.env['RUNTIME_DIRECTORY'], tmpdir()]) {
    if (parent === undefined || !parent.startsWith('/')) continue;
    const folder = join(parent, name);
    if (folder.length > LONGEST_FOLDER) continue;
    removeLeftIn(parent);
    try {
      // Fails where somebody was here first, so that it is ours alone.
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    } catch {
      continue;
    }
  }
  return null;
}

/** Sockets and the folder; whatever else there is stays, with the folder. */
export function removeKeptFolder(folder: string): void {
  try {
    for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
    rmdirSync(folder);
  } catch {
    // It is a few bytes in a folder for temporary files; the next worker tries again.
  }
}

/** A worker that was killed could not remove its own. */
function removeLeftIn(parent: string): void {
  for (const name of namesIn(parent)) {
    const [, pid, startTicks] = NAME.exec(name) ?? [];
    if (pid === undefined || isAlive({ pid: Number(pid), startTicks: Number(startTicks) })) continue;
    const folder = join(parent, name);
    if (isOwnFolder(folder)) removeKeptFolder(folder);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isOwnFolder(folder: string): boolean {
  try {
    const stat = lstatSync(folder);
    return stat.isDirectory() && stat.uid === process.getuid?.();
  } catch {
    return false;
  }
}

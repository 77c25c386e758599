/**
 * Lists the children of one process, by all of its threads.
 * It never lists anything by name and signals nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Empty when the process is gone or may not be looked at. */
export function childrenOf(pid: number): number[] {
  const folder = `/proc/${String(pid)}/task`;
  let threads: string[];
  try {
    threads = readdirSync(folder);
  } catch {
    return [];
  }
  return threads.flatMap((thread) =>
    read(`${folder}/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The thread ended between the two looks.
    return '';
  }
}

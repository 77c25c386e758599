/**
 * Adds a line of the supervisor's to a job's log.
 * It never changes what is in it, and knows no job.
 */
import { appendFileSync, readFileSync } from 'node:fs';

/** At once: the next attempt, and whoever waits for the end, read it in its place. */
export function addLine(file: string, line: string): void {
  appendFileSync(file, line, { mode: 0o600 });
}

/** For a line that may have been added before, as the last. */
export function addLineOnce(file: string, line: string): void {
  if (!textOf(file).endsWith(line)) addLine(file, line);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}

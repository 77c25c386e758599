/**
 * Runs a short program to its end and gives back how it ended and what it said.
 * It never runs anything that stays, and never throws because a program failed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnProcess } from './spawn.ts';
import type { ExitFact } from './spawn.ts';

export interface Ended extends ExitFact {
  /** The last lines of stdout and stderr together. */
  readonly lines: readonly string[];
}

/** Lines still in the pipe when the exit is seen are read within this time. */
const PIPE_REST_MS = 30;
const KEPT_LINES = 20;

export async function runToEnd(
  file: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<Ended> {
  const lines: string[] = [];
  const hear = (line: string): void => {
    keepLast(lines, line);
    onLine?.(line);
  };
  const child = spawnProcess({ file, args, onLine: hear });
  const fact = await child.exited;
  if (fact.exitCode !== 0) await sleep(PIPE_REST_MS);
  return { ...fact, lines };
}

/** Appends, and forgets the oldest beyond what an error message can use. */
export function keepLast(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > KEPT_LINES) lines.shift();
}

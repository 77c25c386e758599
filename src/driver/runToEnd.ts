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
  readonly stdout: readonly string[];
}

/** Lines still in the pipe when the exit is seen are read within this time. */
const PIPE_REST_MS = 1_000;
const KEPT_LINES = 20;
const MOST_STDOUT_LINES = 1_000;

export interface RunOptions {
  /** It is ended, with all it started, after this long. */
  readonly timeoutMs?: number;
  readonly onLine?: (line: string) => void;
}

export async function runToEnd(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const lines: string[] = [];
  const stdout: string[] = [];
  const hear = (line: string, stream: 'stdout' | 'stderr'): void => {
    keepLast(lines, line);
    if (stream === 'stdout' && stdout.length < MOST_STDOUT_LINES) stdout.push(line);
    options.onLine?.(line);
  };
  const child = spawnProcess({ file, args, onLine: hear });
  const { timeoutMs } = options;
  const timer = timeoutMs === undefined ? null : setTimeout(() => child.signalGroup('SIGKILL'), timeoutMs);
  const fact = await child.exited;
  if (timer !== null) clearTimeout(timer);
  await Promise.race([child.drained, sleep(PIPE_REST_MS, undefined, { ref: false })]);
  return { ...fact, lines, stdout };
}

/** Appends, and forgets the oldest beyond what an error message can use. */
export function keepLast(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > KEPT_LINES) lines.shift();
}

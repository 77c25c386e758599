/**
 * Options that several commands share, read into exact values.
 * It never takes a value it does not understand: commander turns the refusal into a usage error.
 */
import { InvalidArgumentError, type Command } from 'commander';
import { parseDurationMs } from '../units.ts';

export interface WaitOptions {
  /** False with --no-wait. */
  readonly wait: boolean;
  readonly timeout?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
}

export function waitOptions(command: Command, usual: string): Command {
  return command
    .option('--wait', 'wait until it is done and verified (the default)', true)
    .option('--no-wait', 'do not wait')
    .option(
      '--timeout <duration>',
      `wait no longer than this (default: ${usual}); what was begun goes on`,
      durationOption,
    )
    .option('--reason <text>', 'why; kept in the audit journal')
    .option('--dry-run', 'show what would be done, do nothing');
}

export function durationOption(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === null || durationMs === 0 || durationMs > 2 ** 31 - 1)
    throw new InvalidArgumentError('a duration such as 90s or 5m');
  return durationMs;
}

/** `a,b c` and repeated options: one list. */
export function namesOption(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new InvalidArgumentError('names with commas between');
  return [...before, ...names];
}

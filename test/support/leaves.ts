/**
 * Every command there is, for tests that try each: a new one is among them by itself.
 * It runs nothing.
 */
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';

export interface Leaf {
  readonly words: readonly string[];
  readonly command: Command;
}

/** Here the supervisor itself would start, Garrison be put on this very machine, whatever is wrong be treated, and a survey never end that nobody answers. */
export const INSTEAD: Readonly<Record<string, readonly string[]>> = {
  recover: ['recover', '--plan'],
  up: ['up', 'too-much'],
  install: ['install', '--dry-run'],
  uninstall: ['uninstall', '--dry-run'],
  'leftovers list': ['leftovers', 'list', '--on', 'nosuch'],
};

function leavesOf(command: Command, words: readonly string[] = []): Leaf[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((child) => leavesOf(child, [...words, child.name()]));
}

export const LEAVES: readonly Leaf[] = leavesOf(buildProgram());

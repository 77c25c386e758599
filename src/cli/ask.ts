/**
 * Asks a person yes or no.
 * It never asks when nobody can answer: the caller refuses instead.
 */
import { createInterface } from 'node:readline/promises';

/** Both must be a terminal: one to see the question, one to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Anything but y or yes is a no. */
export async function askYesNo(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/**
 * Asks a person on a terminal: yes or no, a word to be typed, or a line that nobody is to see.
 * It never asks when nobody can answer: the caller refuses instead.
 */
import { createInterface } from 'node:readline/promises';
import { GarrisonError } from '../errors.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const BACKSPACE = ['\b', '\u007f'];

/** Both must be a terminal: one to see the question, one to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Anything but y or yes is a no, and so is the end of input; throws INTERRUPTED on Ctrl-C. */
export async function askYesNo(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      // Beside the promise of the question, which is never settled when no answer comes.
      terminal.once('SIGINT', () => {
        process.stderr.write('\n');
        reject(interrupted());
      });
      terminal.once('close', () => resolve(''));
      terminal.question(`${question} [y/N] `).then(resolve, reject);
    });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** For what a mere y is too little: true only for exactly this word. */
export async function askWord(question: string, word: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} [type ${word}] `)).trim() === word;
  } finally {
    terminal.close();
  }
}

function interrupted(): GarrisonError {
  return new GarrisonError('INTERRUPTED', 'interrupted: nothing was done', {
    cure: 'the same command again, when you are ready',
  });
}

/** One line, of which nothing is shown. */
export function askUnseen(question: string): Promise<string> {
  const { stdin, stderr } = process;
  // Before the question: whoever is quick would see what was typed.
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stderr.write(question);
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (settle: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const onData = (data: string): void => {
      for (const key of data) {
        if (key === '\r' || key === '\n' || key === CTRL_D) {
          end(() => resolve(typed));
          return;
        }
        if (key === CTRL_C) {
          end(() => reject(interrupted()));
          return;
        }
        if (key === CTRL_U) typed = '';
        else if (BACKSPACE.includes(key)) typed = Array.from(typed).slice(0, -1).join('');
        else typed += key;
      }
    };
    stdin.on('data', onData);
  });
}

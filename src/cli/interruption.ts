/**
 * What Ctrl-C, SIGTERM or a closed terminal says between the moment an action is handed over and the moment it is waited for.
 * It never stops what was asked: that goes on, and its id is told as soon as it is known.
 */
import { EXIT } from './exitCodes.ts';
import type { Output } from './output.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The answer of the supervisor that takes an action; whoever interrupts it is told that nobody knows yet. */
export async function handOver<T>(output: Output, ask: () => Promise<T>): Promise<T> {
  const end = onInterrupt(() => {
    output.note('garrison: interrupted before the supervisor answered: whether it took this is not known');
    output.note('  next: garrison get operations, garrison get pushes');
  });
  try {
    return await ask();
  } finally {
    end();
  }
}

/** While more is asked about something that was taken: `what` is such as `operation o-1`. */
export async function whileTaken<T>(
  output: Output,
  { what, ask }: { what: string; ask: () => Promise<T> },
): Promise<T> {
  const end = onInterrupt(() => {
    output.note(`garrison: no longer waiting; ${what} goes on`);
    output.note(`  next: garrison describe ${what}`);
  });
  try {
    return await ask();
  } finally {
    end();
  }
}

function onInterrupt(tell: () => void): () => void {
  const interrupt = (): void => {
    tell();
    process.exit(EXIT.interrupted);
  };
  for (const signal of SIGNALS) process.once(signal, interrupt);
  return () => {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  };
}

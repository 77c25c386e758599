/**
 * What Ctrl-C, SIGTERM or a closed terminal says from the moment an action is handed over until it is waited for.
 * It never stops what was asked: that goes on, and its id is told as soon as it is known.
 */
import { unreachable } from '../errors.ts';
import { EXIT } from './exitCodes.ts';
import type { Output } from './output.ts';

export const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Stage =
  | { readonly kind: 'asking' }
  | { readonly kind: 'taken'; readonly what: string }
  /** Whoever waits has its own way to end. */
  | { readonly kind: 'waiting' };

export interface Interruption {
  /** `what` is such as `operation o-1`. */
  readonly taken: (what: string) => void;
  readonly waiting: () => void;
}

/** One listener from first to last: between two, a signal would end this process without a word. */
export async function interruptible<T>(
  output: Output,
  body: (interruption: Interruption) => Promise<T>,
): Promise<T> {
  let stage: Stage = { kind: 'asking' };
  const interrupt = (): void => {
    const told = toldAt(stage);
    if (told === null) return;
    for (const line of told) output.note(line);
    process.exit(EXIT.interrupted);
  };
  for (const signal of INTERRUPTS) process.on(signal, interrupt);
  try {
    return await body({
      taken: (what) => (stage = { kind: 'taken', what }),
      waiting: () => (stage = { kind: 'waiting' }),
    });
  } finally {
    for (const signal of INTERRUPTS) process.off(signal, interrupt);
  }
}

function toldAt(stage: Stage): readonly string[] | null {
  switch (stage.kind) {
    case 'asking':
      return [
        'garrison: interrupted before the supervisor answered: whether it took this is not known',
        '  next: garrison get operations, garrison get pushes',
      ];
    case 'taken':
      return [
        `garrison: no longer waiting; ${stage.what} goes on`,
        `  next: garrison describe ${stage.what}`,
      ];
    case 'waiting':
      return null;
    default:
      return unreachable(stage);
  }
}

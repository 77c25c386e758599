/**
 * Bounds one part of a checkup: it ends in time, and what it comes to is a value whatever happens.
 * It never lets one part's trouble reach another.
 */
import { messageOf } from '../errors.ts';
import type { Part, Unseen } from '../reconciler/checkup.ts';

export function seen<T>(value: T): Part<T> {
  return { kind: 'seen', value };
}

export function unseen(why: Unseen, because: string): Part<never> {
  return { kind: 'unseen', why, because };
}

/** Never rejects. What goes on behind its back after its time is over is forgotten. */
export async function lookWithin<T>(
  what: string,
  withinMs: number,
  look: () => Promise<Part<T>>,
): Promise<Part<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Part<T>>((resolve) => {
    timer = setTimeout(() => {
      resolve(unseen('late', `${what} did not answer within ${String(Math.round(withinMs))} ms.`));
    }, withinMs);
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    return unseen(whyOf(error), `${what}: ${messageOf(error)}.`);
  } finally {
    clearTimeout(timer);
  }
}

export function whyOf(error: unknown): Unseen {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM' ? 'notPermitted' : 'failed';
}

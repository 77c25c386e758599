/**
 * Waits for a fact instead of for a time.
 * It never swallows why the fact did not come: the description and the last error are in what it throws.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/errors.ts';

export interface UntilOptions {
  readonly deadlineMs?: number;
  readonly everyMs?: number;
}

/** Polls until `condition` gives something other than false, null or undefined, and gives that back. */
export async function until<T>(
  description: string,
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadlineMs = options.deadlineMs ?? 10_000;
  const startedMs = performance.now();
  for (;;) {
    let trouble = 'it stayed false';
    try {
      const answer = await condition();
      if (answer !== false && answer !== null && answer !== undefined) {
        return answer as Exclude<T, false | null | undefined>;
      }
    } catch (error) {
      trouble = messageOf(error);
    }
    if (performance.now() - startedMs > deadlineMs) {
      throw new Error(`not within ${String(deadlineMs)} ms: ${description} (${trouble})`);
    }
    await sleep(options.everyMs ?? 20);
  }
}

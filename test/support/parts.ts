/**
 * Ends what a system test started, last first, and then looks for what is left of it.
 * It never hides a test's own failure behind what that failure left behind.
 */
import { watchForLeaks, type LeakWatch } from './leaks.ts';

export interface Parts {
  /** Like a test context's `after`, but the last one added runs first. */
  after(end: () => Promise<void> | void): void;
  readonly leaks: LeakWatch;
}

/** Wraps a test's body; its parts are ended whatever becomes of it. */
export function withParts(body: (parts: Parts) => Promise<void>): () => Promise<void> {
  return async () => {
    const { parts, end } = openParts();
    try {
      await body(parts);
    } catch (error) {
      await end().catch(() => undefined);
      throw error;
    }
    await end();
  };
}

/** The same for parts that several tests share: call `end` in `after`. */
export function openParts(): { parts: Parts; end: () => Promise<void> } {
  const leaks = watchForLeaks();
  const endings: (() => Promise<void> | void)[] = [];
  return {
    parts: { leaks, after: (end) => endings.push(end) },
    end: async () => {
      for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
      await leaks.assertNone();
    },
  };
}

/**
 * Allows each source so many tries at once and then one now and then, in bounded memory.
 * It never looks at what is tried, so that its refusal tells nothing of it.
 */

export interface RateLimit {
  /** 0 when it may; else the milliseconds until it may. */
  take(source: string): number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export interface RateRules {
  readonly atOnce: number;
  readonly oneEachMs: number;
}

const MOST_SOURCES = 4096;

export function createRateLimit({ atOnce, oneEachMs }: RateRules, clock: () => number): RateLimit {
  const buckets = new Map<string, Bucket>();
  return {
    take: (source) => {
      const nowMs = clock();
      const before = buckets.get(source) ?? { tokens: atOnce, atMs: nowMs };
      const tokens = Math.min(atOnce, before.tokens + (nowMs - before.atMs) / oneEachMs);
      buckets.delete(source);
      const isAllowed = tokens >= 1;
      buckets.set(source, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs });
      // Of very many, the one not seen for longest has the most back anyway.
      const [first] = buckets.keys();
      if (buckets.size > MOST_SOURCES && first !== undefined) buckets.delete(first);
      return isAllowed ? 0 : Math.ceil((1 - tokens) * oneEachMs);
    },
  };
}

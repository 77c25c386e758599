/**
 * Lets the supervisor look every few seconds whether the grants still want the pushes that wait: a grant ends by the clock, and nobody tells.
 * It decides nothing and reads nothing: the board reads grants.yaml, and only while granted pushes wait.
 */
import type { Observe } from './observations.ts';

const LOOK_EVERY_MS = 5_000;

/** Returns the function that ends it. */
export function watchGrantEnds(observe: Observe): () => void {
  const timer = setInterval(() => {
    observe({ kind: 'job', observation: { kind: 'grantsChanged' } });
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

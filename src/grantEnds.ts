/**
 * Tells the supervisor when a grant has ended by the clock, so that queued pushes that it alone wanted are dropped at that moment.
 * It decides nothing: which pushes those are, the board asks of the grants itself.
 */
import type { HostBook } from './driver/hostBook.ts';
import { nextEndInMs } from './grantsFile.ts';
import type { Observe } from './observations.ts';

/** A grants.yaml that was changed without a reload is read anew after so long; the wall clock may also be set. */
const LONGEST_WAIT_MS = 60_000;

/** Returns the function that ends the watch. */
export function watchGrantEnds(
  { config, book }: { readonly config: { readonly home: string }; readonly book: HostBook },
  observe: Observe,
): () => void {
  const waitMs = (): number => Math.min(LONGEST_WAIT_MS, nextEndInMs(config.home, book) ?? LONGEST_WAIT_MS);
  const look = (): void => {
    observe({ kind: 'job', observation: { kind: 'grantsChanged' } });
    timer = setTimeout(look, waitMs());
  };
  let timer = setTimeout(look, waitMs());
  return () => {
    clearTimeout(timer);
  };
}

/**
 * Follows what people ask to be done to a container: noted, served, refused, or let go when it could not be begun.
 * It does nothing to a container.
 */
import type { Moment } from '../clock.ts';
import type { Intent } from '../reconciler/heal.ts';
import type { Entry, PendingAsk } from './healEntry.ts';
import type { HealLedger } from './healLedger.ts';

/** What a person asks for; one thing at a time, or the first one would never end. */
export function noteAsk(
  ledger: HealLedger,
  entry: Entry | null,
  { ask, at }: { readonly ask: PendingAsk; readonly at: Moment },
): void {
  const refuse = (detail: string): void => ledger.endAsk(ask, { state: 'failed', detail });
  if (entry === null) {
    refuse('it is gone');
    return;
  }
  const already = entry.ask?.actor ?? entry.record.underWay?.actor;
  if (already !== undefined) {
    refuse(`something is being done to it already, by ${already}`);
    return;
  }
  entry.ask = ask;
  const why = ask.reason === null ? '' : `: ${ask.reason}`;
  ledger.tell(entry, at, { event: 'asked', detail: `asked to ${ask.how} it${why}`, actor: ask.actor });
}

/** What could not be begun for so long would come as a surprise. */
const BEGUN_WITHIN_MS = 300_000;

/** What a person asked for is not done at some later hour, when nobody expects it. */
export function expireAsk(ledger: HealLedger, entry: Entry, nowMs: number): void {
  const { ask, plan } = entry;
  if (ask === null || nowMs - ask.askedAtMs < BEGUN_WITHIN_MS) return;
  entry.ask = null;
  const why = plan === '' ? '' : `: ${plan}`;
  const detail = `it could not be begun within ${String(BEGUN_WITHIN_MS / 60_000)} min, and will not be${why}`;
  ledger.endAsk(ask, { state: 'failed', detail });
}

/** It is not done, or need not be. */
export function endUnserved(
  ledger: HealLedger,
  entry: Entry,
  { kind, why }: Extract<Intent, { kind: 'spare' | 'refuse' }>,
): void {
  const state = kind === 'spare' ? 'done' : 'failed';
  if (entry.ask !== null) ledger.endAsk(entry.ask, { state, detail: why });
  entry.ask = null;
}

/** The treatment that it was served by has ended. */
export function endServed(
  ledger: HealLedger,
  entry: Entry,
  end: { state: 'done' | 'failed'; detail: string },
): void {
  if (entry.servedAsk !== null) ledger.endAsk(entry.servedAsk, end);
  entry.servedAsk = null;
}

/**
 * Says of another supervisor whether it is heard, by this machine's clock alone.
 * It never says that one is down: from here that cannot be seen.
 */
import { stretched, type Awareness } from './awareness.ts';

export type Presence = 'heard' | 'silent';

/** They speak every other second; four missed in a row are no chance. */
export const SILENT_AFTER_MS = 10_000;
/** Longer than its claim on the queue could last, and than its own guards let it go on without Redis. */
export const LEASE_MS = 30_000;

export interface Hearing {
  readonly presence: Presence;
  /** Nothing it holds can be taken for held any more. */
  readonly isLeaseOver: boolean;
  /** Monotonic: when this is worth asking again; null when never. */
  readonly recheckAtMs: number | null;
}

/** `heardAtMs` and `nowMs` are of one monotonic clock; who looks late convicts nobody. */
export function hearingOf(heardAtMs: number, nowMs: number, awareness: Awareness): Hearing {
  const silentAtMs = heardAtMs + stretched(SILENT_AFTER_MS, awareness);
  const overAtMs = heardAtMs + stretched(LEASE_MS, awareness);
  const isLeaseOver = nowMs >= overAtMs;
  if (nowMs < silentAtMs) return { presence: 'heard', isLeaseOver, recheckAtMs: silentAtMs };
  return { presence: 'silent', isLeaseOver, recheckAtMs: isLeaseOver ? null : overAtMs };
}

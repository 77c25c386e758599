/**
 * Decides which open jobs may leave for the queue: one per host, and of those that only look no more than half of the slots can hold.
 * It carries nothing out and knows no worker: what is on the queue may be taken by any of them, in the queue's own order.
 */
import { unreachable } from '../errors.ts';
import type { JobKind } from '../push/job.ts';
import type { OpenJob } from './jobFlow.ts';

export interface DispatchLimits {
  readonly nowMs: number;
  /** Of all workers that take jobs. */
  readonly slots: number;
}

/**
 * The oldest open one of each host only, since one writing job at a time is the rule. A look that must wait still holds its host's
 * place: what was asked for after it comes after it.
 */
export function decideDispatch(
  openInOrder: readonly OpenJob[],
  { nowMs, slots }: DispatchLimits,
): { ready: OpenJob[]; recheckAtMs: number | null } {
  const ready: OpenJob[] = [];
  let recheckAtMs: number | null = null;
  let looksLeft = mostLooks(slots) - looksOut(openInOrder);
  let placesLeft = mostQueued(slots) - queuedNow(openInOrder);
  const busyHosts = new Set<string>();
  for (const open of openInOrder) {
    if (busyHosts.has(open.job.host)) continue;
    busyHosts.add(open.job.host);
    if (open.place.at !== 'home' || placesLeft <= 0) continue;
    if (open.place.notBeforeMs > nowMs)
      recheckAtMs = Math.min(recheckAtMs ?? Infinity, open.place.notBeforeMs);
    else if (!onlyLooks(open.job.kind)) {
      placesLeft -= 1;
      ready.push(open);
    } else if (looksLeft > 0) {
      looksLeft -= 1;
      placesLeft -= 1;
      ready.push(open);
    }
  }
  return { ready, recheckAtMs };
}

/** It changes nothing on its host, so that it may wait for what does. */
export function onlyLooks(kind: JobKind): boolean {
  switch (kind) {
    case 'check':
    case 'plan':
    case 'survey':
      return true;
    case 'push':
    case 'revoke':
    case 'remove':
    case 'undo':
      return false;
    default:
      return unreachable(kind);
  }
}

/** So many looks may hold a slot, or be about to: hosts that hang can never take all slots by them. One where there is one slot. */
export function mostLooks(slots: number): number {
  return Math.max(1, Math.floor(slots / 2));
}

/** No slot is ever empty for want of an entry, and a batch of ten thousand hosts is no more to look after than one of this many. */
export function mostQueued(slots: number): number {
  return Math.max(200, 4 * slots);
}

/** Those that are on the queue or on their way to it, in nobody's hands. */
function queuedNow(open: readonly OpenJob[]): number {
  return open.filter(({ place }) => place.at === 'leaving' || place.at === 'queue').length;
}

/** Those that hold a slot, or are about to; all of one host hold one together. */
export function looksOut(open: readonly OpenJob[]): number {
  const out = open.filter(
    ({ job, place }) => onlyLooks(job.kind) && place.at !== 'home' && place.at !== 'keeping',
  );
  return new Set(out.map(({ job }) => job.host)).size;
}

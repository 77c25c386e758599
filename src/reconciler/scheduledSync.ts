/**
 * Decides what a scheduled sync may do, from what its plans found: push to the hosts that differ, or nothing and say why.
 * It pushes nothing, and it never lets through what a person should see first.
 */
import type { ChangeCode, PlanVerdict } from '../push/plan.ts';

export interface PlannedPair {
  readonly host: string;
  readonly verdict: PlanVerdict;
  readonly changes: readonly { readonly code: ChangeCode }[];
}

export interface SyncLimits {
  /** Account × host pairs. */
  readonly mostPairs: number;
  /** Of a hundred planned pairs: from so many at most may be taken away what they have. One may always. */
  readonly mostTakenPercent: number;
}

export type SyncDecision =
  | { readonly do: 'push'; readonly hosts: readonly string[] }
  | { readonly do: 'nothing' }
  /** `why`: a sentence without its stop. */
  | { readonly do: 'hold'; readonly why: string };

const TAKES_AWAY: readonly ChangeCode[] = [
  'password-removed',
  'shell-set',
  'account-locked',
  'groups-removed',
  'keys-removed',
  'sudo-removed',
];

export function differs(verdict: PlanVerdict | null): boolean {
  return verdict === 'create' || verdict === 'change';
}

export function decideSync(
  planned: readonly PlannedPair[],
  { mostPairs, mostTakenPercent }: SyncLimits,
): SyncDecision {
  const differ = planned.filter(({ verdict }) => differs(verdict));
  const hosts = [...new Set(differ.map(({ host }) => host))];
  if (hosts.length === 0) return { do: 'nothing' };
  const pairs = differ.length;
  if (pairs > mostPairs)
    return {
      do: 'hold',
      why: `it would push ${String(pairs)} accounts (account × host), and more than ${String(mostPairs)} want a person's word`,
    };
  const taken = differ.filter(({ changes }) => changes.some(({ code }) => TAKES_AWAY.includes(code))).length;
  const most = Math.max(1, Math.floor((planned.length * mostTakenPercent) / 100));
  if (taken > most)
    return {
      do: 'hold',
      why: `it would take keys, groups or sudo away from ${String(taken)} of ${String(planned.length)} accounts (account × host), and more than ${String(mostTakenPercent)}% want a person's word`,
    };
  return { do: 'push', hosts };
}

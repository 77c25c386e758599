/**
 * Says which choices a person has for somebody else's account that stands in a push's way: those that would not be refused in turn.
 * It chooses nothing, and names no choice that the host's facts forbid already.
 */
import type { AccountWish } from './account.ts';
import type { Claim } from './claim.ts';
import type { HostFacts } from './hostFacts.ts';
import type { Judged, PlannedKind } from './plan.ts';

export type Choice = Exclude<Claim, 'none'>;

interface Refused {
  readonly wish: AccountWish;
  readonly facts: HostFacts;
  readonly judged: Judged;
}

/** Below it are accounts of the system nearly everywhere; what the host itself says is asked with the choice. */
const USUAL_UID_MIN = 1000;

/** None where the conflict is of another kind. `judge`: what a push with this wish would come to. */
export function openChoices(
  of: PlannedKind,
  { wish, facts, judged }: Refused,
  judge: (wish: AccountWish) => Judged,
): readonly Choice[] {
  const { account } = facts;
  if (of === 'revoke' || account === null) return [];
  const { claim = 'none', privileged = false } = wish;
  if (judged.reason === 'AccountPrivileged' && claim === 'takeOver' && !privileged) return ['takeOver'];
  if (judged.reason !== 'AccountForeign' || claim !== 'none') return [];
  const isOpen = (chosen: AccountWish): boolean => judge(chosen).verdict !== 'conflict';
  const { name, keys } = wish;
  const bare = { name, keys, groups: [], shell: null, sudo: { kind: 'none' }, comment: '' } as const;
  // What no adoption may touch, because it is root's or half made, no take-over may either.
  const isSomebodys = !['AccountForeign', 'AccountInUse'].includes(judge({ ...wish, claim: 'adopt' }).reason);
  return [
    ...(keys.length > 0 && isOpen({ ...bare, claim: 'keysOnly' }) ? ['keysOnly' as const] : []),
    ...(isOpen({ ...wish, claim: 'adopt' }) ? ['adopt' as const] : []),
    ...(isSomebodys && account.uid >= USUAL_UID_MIN ? ['takeOver' as const] : []),
  ];
}

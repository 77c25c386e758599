/**
 * Says whose an account on a host is, and whether what a person chose lets it be touched at all.
 * It never says what is done to it: only whether anything may be.
 */
import { unreachable } from '../errors.ts';
import type { AccountWish } from './account.ts';
import type { Claim } from './claim.ts';
import type { HostFacts, MarkFacts, PresentAccount } from './hostFacts.ts';
import type { AppliedKind, Judged } from './plan.ts';
import { blocked, conflict } from './planStop.ts';

/** `torn`: our record of a useradd that never came to an account. `mismatch`: it was ours once. */
type Standing = 'ours' | 'keysOnly' | 'foreign' | 'torn' | 'mismatch';

/** An account that is not proved ours is touched by nothing that follows, but for an explicit choice. */
export function notOurs(of: AppliedKind, wish: AccountWish, facts: HostFacts): Judged | null {
  const { isInUse, account, mark } = facts;
  if (isInUse) return conflict('AccountInUse');
  if (of === 'revoke' && account === null && mark.mark !== 'ours') return null;
  if (mark.mark === 'damaged') return conflict('AccountMarkDamaged');
  if (mark.mark === 'other') return conflict('AccountOfOtherCluster');
  if (account === null) return of === 'push' && wish.claim === 'keysOnly' ? blocked('AccountMissing') : null;
  if (account.uid === 0) return conflict('AccountForeign');
  const standing = standingOf(account, mark);
  switch (standing) {
    case 'torn':
      return conflict('AccountForeign');
    case 'mismatch':
      return conflict('AccountMarkMismatch');
    case 'foreign':
      return of === 'push' ? unlessChosen(wish, facts, account) : conflict('AccountForeign');
    case 'keysOnly':
      return of === 'push' ? unlessChosen(wish, facts, account) : null;
    case 'ours':
      if (of === 'revoke') return null;
      if (wish.claim === 'keysOnly') return conflict('AccountOurs');
      return isClaimed(wish, facts) ? unlessChosen(wish, facts, account) : null;
    default:
      return unreachable(standing);
  }
}

/** The choice that this push would carry out; `none` where none was made, or it was carried out before. */
export function claimNow(wish: AccountWish, facts: HostFacts): Claim {
  return isClaimed(wish, facts) ? (wish.claim ?? 'none') : 'none';
}

/** What it has of its own stays. */
export function isAdopted(wish: AccountWish, facts: HostFacts): boolean {
  return isClaimed(wish, facts) ? wish.claim === 'adopt' : facts.mark.claim === 'adopt';
}

/** Nothing of its own stays: a take-over now, or one that was not finished. */
export function isStrict(wish: AccountWish, facts: HostFacts): boolean {
  if (isClaimed(wish, facts)) return wish.claim === 'takeOver';
  return facts.mark.claim === 'takeOver' && facts.mark.state === 'claiming';
}

function isClaimed({ claim = 'none' }: AccountWish, { account, mark }: HostFacts): boolean {
  if (claim === 'none' || account === null) return false;
  const standing = standingOf(account, mark);
  if (standing === 'foreign' || standing === 'keysOnly') return true;
  return standing === 'ours' && mark.claim === 'adopt' && claim === 'takeOver';
}

/** A name that was removed and made again by somebody else still has our record, but not our token or our uid. */
function standingOf({ uid, gecos }: PresentAccount, mark: MarkFacts): Standing {
  if (mark.mark === 'none') return 'foreign';
  const isUidRight = mark.uid === uid;
  if (mark.claim === 'keysOnly') return isUidRight ? 'keysOnly' : 'mismatch';
  const isTokenSeen = mark.token !== '' && gecos.includes(`garrison-${mark.token}`);
  if (mark.state === 'creating') {
    if (!isTokenSeen) return 'torn';
    return mark.uid === null || isUidRight ? 'ours' : 'mismatch';
  }
  if (mark.state === 'claiming' && !isTokenSeen) return 'foreign';
  return isTokenSeen && isUidRight ? 'ours' : 'mismatch';
}

function unlessChosen(wish: AccountWish, { taking }: HostFacts, { uid }: PresentAccount): Judged | null {
  const { claim = 'none', privileged = false } = wish;
  switch (claim) {
    case 'none':
      return conflict('AccountForeign');
    case 'adopt':
    case 'keysOnly':
      return null;
    case 'takeOver':
      if (taking === null) return conflict('AccountForeign');
      if (uid < taking.uidMin) return conflict('AccountOfSystem', { uidMin: String(taking.uidMin) });
      return taking.privileges === '' || privileged
        ? null
        : conflict('AccountPrivileged', { privileges: taking.privileges });
    default:
      return unreachable(claim);
  }
}

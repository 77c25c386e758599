/**
 * Says in what an account on a host differs from what is wished: its password, lock, shell, comment, groups, keys and sudo rule.
 * It judges nothing: whether any of it may be changed is the plan's to say.
 */
import { leavesKeys, type AccountWish } from './account.ts';
import type { HostFacts, PresentAccount } from './hostFacts.ts';
import { claimNow, isAdopted, isStrict } from './ownership.ts';
import type { PlannedChange } from './plan.ts';
import { keyName, sudoText } from './planText.ts';

export function ofTheAccount(wish: AccountWish, facts: HostFacts, account: PresentAccount): PlannedChange[] {
  const { mark } = facts;
  const isTakenNow = isStrict(wish, facts);
  const changes = ofTheChoice(wish, facts);
  if (isTakenNow || isAdopted(wish, facts)) {
    if (isTakenNow && facts.taking?.isPasswordFree !== true)
      changes.push({
        code: 'password-removed',
        what: 'its password, lock and end',
        before: account.password,
      });
  }
  const isRemoved = changes.some(({ code }) => code === 'password-removed');
  if (wish.passwordHash !== undefined && (isRemoved || !account.isPasswordWished))
    changes.push(passwordSet(isRemoved ? null : account.password));
  if (!isTakenNow && !isAdopted(wish, facts) && (account.isLocked || account.isExpired))
    changes.push({ code: 'account-unlocked', what: 'locked by a revoke of ours', before: 'locked' });
  if (wish.shell !== null && wish.shell !== account.shell)
    changes.push({ code: 'shell-set', what: wish.shell, before: account.shell });
  const [name = ''] = account.gecos.split(',');
  const tag = `garrison-${mark.token}`;
  const comment = name === tag ? '' : name.endsWith(` ${tag}`) ? name.slice(0, -tag.length - 1) : name;
  const isCommentKept = wish.comment === '' && isAdopted(wish, facts);
  if (!isCommentKept && comment !== wish.comment)
    changes.push({ code: 'comment-set', what: wish.comment, before: comment });
  return changes;
}

/** Neither what it is nor what it was is told: only that it is another. */
export function passwordSet(before: PresentAccount['password'] | null): PlannedChange {
  return { code: 'password-set', what: 'the wished one', before: before === 'set' ? 'another' : before };
}

function ofTheChoice(wish: AccountWish, facts: HostFacts): PlannedChange[] {
  switch (claimNow(wish, facts)) {
    case 'adopt':
      return [{ code: 'account-adopted', what: `account ${wish.name}, with all that it has`, before: null }];
    case 'takeOver':
      return [{ code: 'account-taken', what: `account ${wish.name}, with its home and files`, before: null }];
    default:
      return [];
  }
}

export function ofGroups(wish: AccountWish, facts: HostFacts): PlannedChange[] {
  const { groups } = wish;
  const { memberOf, mark, taking } = facts;
  const added = groups.filter((group) => !memberOf.includes(group));
  const ours = mark.groups.filter((group) => !groups.includes(group) && memberOf.includes(group));
  const others = isStrict(wish, facts) ? (taking?.otherGroups ?? []) : [];
  const removed = [...new Set([...ours, ...others])];
  return [
    ...added.map((what) => ({ code: 'groups-added' as const, what, before: null })),
    ...removed.map((what) => ({ code: 'groups-removed' as const, what, before: what })),
  ];
}

export function ofKeys(wish: AccountWish, facts: HostFacts): PlannedChange[] {
  const { keys, mark } = facts;
  if (leavesKeys(wish) && !isStrict(wish, facts)) return [];
  const wished = wish.keys.map(keyIdentity);
  const added = wish.keys.filter((key) => !keys.includes(keyIdentity(key)));
  const removed = mark.keysThere.filter((key) => !wished.includes(key));
  const others = isStrict(wish, facts) ? (facts.taking?.otherKeys ?? 0) : 0;
  return [
    ...added.map((key) => ({ code: 'keys-added' as const, what: keyName(key), before: null })),
    ...removed.map((key) => ({ code: 'keys-removed' as const, what: keyName(key), before: keyName(key) })),
    ...(others > 0
      ? [{ code: 'keys-removed' as const, what: `all ${String(others)} that are not wished`, before: null }]
      : []),
  ];
}

export function sudoOfOld(wish: AccountWish, { sudo }: HostFacts): PlannedChange | null {
  if (wish.sudo.kind === 'none') {
    return sudo.file === 'ours' ? { code: 'sudo-removed', what: 'our rule', before: 'our rule' } : null;
  }
  if (sudo.file === 'ours' && sudo.isRight) return null;
  const before = sudo.file === 'ours' ? 'another rule of ours, or one that was changed by hand' : null;
  return { code: 'sudo-written', what: sudoText(wish), before };
}

export function sudoOfNew(wish: AccountWish, file: HostFacts['sudo']['file']): PlannedChange[] {
  if (wish.sudo.kind !== 'none') return [{ code: 'sudo-written', what: sudoText(wish), before: null }];
  return file === 'ours'
    ? [{ code: 'sudo-removed', what: 'a rule that outlived its account', before: null }]
    : [];
}

/** `type base64` of a key line. */
function keyIdentity(key: string): string {
  return key.split(' ', 2).join(' ');
}

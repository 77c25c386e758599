/**
 * Compares what a host has with what is wished, and says exactly what a push or a revoke would do there, or why it would do nothing.
 * It changes nothing and asks nobody: facts and a wish in, a plan out; the script on the host must come to the same before it acts.
 */
import { unreachable } from '../errors.ts';
import type { AccountWish } from './account.ts';
import type { HostFacts, PresentAccount } from './hostFacts.ts';
import { keyName, notesOf, sudoText } from './planText.ts';
import type { Reason } from './reason.ts';

export type PlannedKind = 'push' | 'revoke';

/** `blocked`: the host lacks something, or has something in the way, and the reason names the cure. */
export type PlanVerdict = 'create' | 'change' | 'unchanged' | 'conflict' | 'blocked';

/** The same words as in worker/remote. */
export type ChangeCode =
  | 'account-created'
  | 'account-unlocked'
  | 'account-locked'
  | 'shell-set'
  | 'comment-set'
  | 'groups-added'
  | 'groups-removed'
  | 'keys-added'
  | 'keys-removed'
  | 'sudo-written'
  | 'sudo-removed';

/** One thing that would be done. */
export interface PlannedChange {
  readonly code: ChangeCode;
  /** What it is about: a shell, a group, a key, a rule. */
  readonly what: string;
  /** What was there, where that is told. */
  readonly before: string | null;
}

export interface AccountPlan {
  readonly of: PlannedKind;
  readonly verdict: PlanVerdict;
  /** The reason that the push itself would answer with. */
  readonly reason: Reason;
  /** Fills the reason's sentence. */
  readonly words: Readonly<Record<string, string>>;
  readonly changes: readonly PlannedChange[];
  /** What is there and stays, or should be known before: sentences. */
  readonly notes: readonly string[];
  /** Somebody changed on the host what a push had made; never where the wish is another than at that push. Plans of earlier versions lack it. */
  readonly isDrift?: boolean;
  /** Of the facts it was made from. */
  readonly digest: string;
}

type Judged = Pick<AccountPlan, 'verdict' | 'reason'> & Partial<Pick<AccountPlan, 'words' | 'changes'>>;

export function planAccount(of: PlannedKind, wish: AccountWish, facts: HostFacts): AccountPlan {
  const judged = notOurs(of, facts) ?? (of === 'push' ? planPush(wish, facts) : planRevoke(facts));
  return {
    of,
    words: {},
    changes: [],
    ...judged,
    notes: notesOf(of, judged.verdict, facts),
    ...(isDrift(of, judged, facts) ? { isDrift: true } : {}),
    digest: facts.digest,
  };
}

/** A revoke of ours, or a wish that is new, is no drift. */
function isDrift(of: PlannedKind, { verdict }: Judged, { mark }: HostFacts): boolean {
  return (
    of === 'push' &&
    verdict !== 'unchanged' &&
    mark.mark === 'ours' &&
    mark.state === 'ready' &&
    mark.isSameWish
  );
}

/** The codes of what would be done, each once and in their order: what apply must come to as well. */
export function changeCodes(changes: readonly PlannedChange[]): readonly ChangeCode[] {
  return [...new Set(changes.map(({ code }) => code))];
}

const conflict = (reason: Reason, words: Readonly<Record<string, string>> = {}): Judged => ({
  verdict: 'conflict',
  reason,
  words,
});
const blocked = (reason: Reason, words: Readonly<Record<string, string>> = {}): Judged => ({
  verdict: 'blocked',
  reason,
  words,
});

/** An account that is not proved ours is touched by nothing that follows. */
function notOurs(of: PlannedKind, { isInUse, account, mark }: HostFacts): Judged | null {
  if (isInUse) return conflict('AccountInUse');
  if (of === 'revoke' && account === null && mark.mark !== 'ours') return null;
  switch (mark.mark) {
    case 'damaged':
      return conflict('AccountMarkDamaged');
    case 'other':
      return conflict('AccountOfOtherCluster');
    case 'none':
      return account === null ? null : conflict('AccountForeign');
    case 'ours':
      return account === null ? null : foreignDespiteMark(account, mark);
    default:
      return unreachable(mark.mark);
  }
}

/** A name that was removed and made again by somebody else still has our record, but not our token or our uid. */
function foreignDespiteMark({ uid, gecos }: PresentAccount, mark: HostFacts['mark']): Judged | null {
  if (uid === 0) return conflict('AccountForeign');
  const isTokenSeen = mark.token !== '' && gecos.includes(`garrison-${mark.token}`);
  const isUidRight = mark.uid === uid;
  if (mark.state === 'creating') {
    if (!isTokenSeen) return conflict('AccountForeign');
    return mark.uid === null || isUidRight ? null : conflict('AccountMarkMismatch');
  }
  return isTokenSeen && isUidRight ? null : conflict('AccountMarkMismatch');
}

function planPush(wish: AccountWish, facts: HostFacts): Judged {
  const { account } = facts;
  if (facts.lacking.length > 0) return blocked('HostToolMissing', { tools: facts.lacking.join(' ') });
  return account === null || account.isHalfMade
    ? planCreation(wish, facts)
    : planUpdate(wish, facts, account);
}

function planCreation(wish: AccountWish, facts: HostFacts): Judged {
  const { place, sudo } = facts;
  const problem =
    missingGroup(facts) ??
    (sudo.file === 'foreign' ? conflict('SudoFileForeign') : null) ??
    missingMeans(wish, facts, wish.sudo.kind !== 'none') ??
    (place?.isGroupTaken === true ? conflict('GroupNameTaken') : null) ??
    (place?.isHomeTaken === true ? conflict('HomeExists', { home: place.home }) : null) ??
    missingRoom(facts);
  if (problem !== null) return problem;
  const changes: PlannedChange[] = [
    { code: 'account-created', what: `account ${wish.name}, home ${place?.home ?? ''}`, before: null },
    ...wish.groups.map((what) => ({ code: 'groups-added' as const, what, before: null })),
    ...wish.keys.map((key) => ({ code: 'keys-added' as const, what: keyName(key), before: null })),
    ...sudoOfNew(wish, sudo.file),
  ];
  return { verdict: 'create', reason: 'AccountPushed', changes };
}

function sudoOfNew(wish: AccountWish, file: HostFacts['sudo']['file']): PlannedChange[] {
  if (wish.sudo.kind !== 'none') return [{ code: 'sudo-written', what: sudoText(wish), before: null }];
  return file === 'ours'
    ? [{ code: 'sudo-removed', what: 'a rule that outlived its account', before: null }]
    : [];
}

function planUpdate(wish: AccountWish, facts: HostFacts, account: PresentAccount): Judged {
  const sudoChange = sudoOfOld(wish, facts);
  const problem =
    lockedByHand(account) ??
    unusableHome(account) ??
    missingGroup(facts) ??
    unusableKeys(account) ??
    (facts.sudo.file === 'foreign' && wish.sudo.kind !== 'none' ? conflict('SudoFileForeign') : null) ??
    missingMeans(wish, facts, sudoChange?.code === 'sudo-written');
  if (problem !== null) return problem;
  const changes = [
    ...ofTheAccount(wish, facts, account),
    ...ofGroups(wish, facts),
    ...ofKeys(wish, facts),
    ...(sudoChange === null ? [] : [sudoChange]),
  ];
  if (changes.length === 0) return { verdict: 'unchanged', reason: 'AlreadyAsWished' };
  return missingRoom(facts) ?? { verdict: 'change', reason: 'AccountPushed', changes };
}

function lockedByHand({ isLocked, isExpired, isLockOurs }: PresentAccount): Judged | null {
  return (isLocked || isExpired) && !isLockOurs ? conflict('AccountLockedByHand') : null;
}

function unusableHome({ homeOwner, uid }: PresentAccount): Judged | null {
  if (homeOwner === null) return blocked('HomeMissing');
  return homeOwner === uid ? null : blocked('HomeNotOwned');
}

function unusableKeys({ keysFile }: PresentAccount): Judged | null {
  switch (keysFile) {
    case 'odd':
      return blocked('KeysUnusual');
    case 'nohome':
      return blocked('HomeMissing');
    case 'unreadable':
      return blocked('KeysUnreadable');
    case 'none':
    case 'file':
      return null;
    default:
      return unreachable(keysFile);
  }
}

function missingGroup({ groupsMissing }: HostFacts): Judged | null {
  const [group] = groupsMissing;
  return group === undefined ? null : blocked('GroupMissing', { group });
}

function missingMeans(wish: AccountWish, { isShellUsable, sudo }: HostFacts, writes: boolean): Judged | null {
  if (!isShellUsable) return blocked('ShellMissing');
  if (wish.sudo.kind === 'none') return null;
  if (sudo.means === 'missing') return blocked('SudoMissing');
  if (!writes) return null;
  if (sudo.means === 'notIncluded') return blocked('SudoersNotIncluded');
  return sudo.isSound === false ? blocked('SudoersBroken', { said: sudo.said }) : null;
}

function missingRoom({ isReadOnly, isDiskFull }: HostFacts): Judged | null {
  if (isReadOnly) return blocked('HostReadOnly');
  return isDiskFull ? blocked('HostDiskFull') : null;
}

function ofTheAccount(wish: AccountWish, { mark }: HostFacts, account: PresentAccount): PlannedChange[] {
  const changes: PlannedChange[] = [];
  if (account.isLocked || account.isExpired)
    changes.push({ code: 'account-unlocked', what: 'locked by a revoke of ours', before: 'locked' });
  if (wish.shell !== null && wish.shell !== account.shell)
    changes.push({ code: 'shell-set', what: wish.shell, before: account.shell });
  const [name = ''] = account.gecos.split(',');
  const tag = `garrison-${mark.token}`;
  const comment = name === tag ? '' : name.endsWith(` ${tag}`) ? name.slice(0, -tag.length - 1) : name;
  if (comment !== wish.comment) changes.push({ code: 'comment-set', what: wish.comment, before: comment });
  return changes;
}

function ofGroups({ groups }: AccountWish, { memberOf, mark }: HostFacts): PlannedChange[] {
  const added = groups.filter((group) => !memberOf.includes(group));
  const removed = mark.groups.filter((group) => !groups.includes(group) && memberOf.includes(group));
  return [
    ...added.map((what) => ({ code: 'groups-added' as const, what, before: null })),
    ...removed.map((what) => ({ code: 'groups-removed' as const, what, before: what })),
  ];
}

function ofKeys(wish: AccountWish, { keys, mark }: HostFacts): PlannedChange[] {
  const wished = wish.keys.map(keyIdentity);
  const added = wish.keys.filter((key) => !keys.includes(keyIdentity(key)));
  const removed = mark.keysThere.filter((key) => !wished.includes(key));
  return [
    ...added.map((key) => ({ code: 'keys-added' as const, what: keyName(key), before: null })),
    ...removed.map((key) => ({ code: 'keys-removed' as const, what: keyName(key), before: keyName(key) })),
  ];
}

function sudoOfOld(wish: AccountWish, { sudo }: HostFacts): PlannedChange | null {
  if (wish.sudo.kind === 'none') {
    return sudo.file === 'ours' ? { code: 'sudo-removed', what: 'our rule', before: 'our rule' } : null;
  }
  if (sudo.file === 'ours' && sudo.isRight) return null;
  const before = sudo.file === 'ours' ? 'another rule of ours, or one that was changed by hand' : null;
  return { code: 'sudo-written', what: sudoText(wish), before };
}

function planRevoke(facts: HostFacts): Judged {
  const { account, sudo, mark } = facts;
  const dropRule: readonly PlannedChange[] =
    sudo.file === 'ours' && mark.mark === 'ours'
      ? [{ code: 'sudo-removed', what: 'our rule', before: 'our rule' }]
      : [];
  if (account === null)
    return dropRule.length === 0
      ? { verdict: 'unchanged', reason: 'AccountAbsent' }
      : { verdict: 'change', reason: 'AccountRevoked', changes: dropRule };
  const isLocked = account.isLocked && account.isExpired;
  const keys = mark.keysThere.map((key) => ({
    code: 'keys-removed' as const,
    what: keyName(key),
    before: keyName(key),
  }));
  const lock: readonly PlannedChange[] = isLocked
    ? []
    : [{ code: 'account-locked', what: 'password locked, account expired', before: 'open' }];
  const changes = [...dropRule, ...lock, ...keys];
  return changes.length === 0 && mark.state === 'revoked'
    ? { verdict: 'unchanged', reason: 'AlreadyRevoked', words: liveWords(account) }
    : { verdict: 'change', reason: 'AccountRevoked', changes, words: liveWords(account) };
}

function liveWords({ processes }: PresentAccount): Readonly<Record<string, string>> {
  return { liveProcesses: String(processes) };
}

/** `type base64` of a key line. */
function keyIdentity(key: string): string {
  return key.split(' ', 2).join(' ');
}

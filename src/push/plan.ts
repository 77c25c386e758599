/**
 * Compares what a host has with what is wished, and says exactly what a push or a revoke would do there, or why it would do nothing.
 * It changes nothing and asks nobody: facts and a wish in, a plan out; the script on the host must come to the same before it acts.
 */
import { unreachable } from '../errors.ts';
import { leavesKeys, type AccountWish } from './account.ts';
import type { HostFacts, PresentAccount } from './hostFacts.ts';
import { blocked, conflict } from './planStop.ts';
import { planRevoke } from './revokePlan.ts';
import { isAdopted, isStrict, claimNow, notOurs } from './ownership.ts';
import { choiceNotes, keyName, notesOf, passwordNotes, sudoText } from './planText.ts';
import type { Reason } from './reason.ts';

export type PlannedKind = AppliedKind | 'undo';

/** What a plan binds when it is applied; an undo is bound by what the push left. */
export type AppliedKind = 'push' | 'revoke';

/** `blocked`: the host lacks something, or has something in the way, and the reason names the cure. */
export type PlanVerdict = 'create' | 'change' | 'unchanged' | 'conflict' | 'blocked';

/** The same words as in worker/remote. */
export type ChangeCode =
  | 'account-created'
  | 'account-adopted'
  | 'account-taken'
  | 'password-removed'
  | 'password-set'
  | 'account-unlocked'
  | 'account-locked'
  | 'shell-set'
  | 'comment-set'
  | 'groups-added'
  | 'groups-removed'
  | 'keys-added'
  | 'keys-removed'
  | 'keys-restored'
  | 'access-restored'
  | 'sudo-written'
  | 'sudo-removed'
  | 'home-archived'
  | 'account-removed'
  | 'home-removed'
  | 'crontab-removed';

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
  /** Of the facts it was made from; empty of an undo. */
  readonly digest: string;
}

export type Judged = Pick<AccountPlan, 'verdict' | 'reason'> &
  Partial<Pick<AccountPlan, 'words' | 'changes'>>;

export function planAccount(of: AppliedKind, wish: AccountWish, facts: HostFacts): AccountPlan {
  const judged = notOurs(of, wish, facts) ?? (of === 'push' ? planPush(wish, facts) : planRevoke(facts));
  return {
    of,
    words: {},
    changes: [],
    ...judged,
    notes: [
      ...choiceNotes(wish, judged.verdict, facts),
      ...(of === 'push' ? passwordNotes(wish, judged.verdict, facts) : []),
      ...notesOf(of, judged.verdict, facts),
    ],
    ...(isDrift(of, judged, facts) ? { isDrift: true } : {}),
    digest: facts.digest,
  };
}

/** A revoke of ours, or a wish that is new, is no drift. */
function isDrift(of: AppliedKind, { verdict }: Judged, { mark }: HostFacts): boolean {
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

function planPush(wish: AccountWish, facts: HostFacts): Judged {
  const { account } = facts;
  if (facts.lacking.length > 0) return blocked('HostToolMissing', { tools: facts.lacking.join(' ') });
  if (account !== null && wish.claim === 'keysOnly') return planKeysOnly(wish, facts, account);
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
    ...(wish.passwordHash === undefined ? [] : [passwordSet(null)]),
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
    (isStrict(wish, facts) ? null : lockedByHand(account, isAdopted(wish, facts))) ??
    (wish.passwordHash !== undefined && isAdopted(wish, facts) ? conflict('PasswordKept') : null) ??
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

/** Its keys and nothing else of it; what was added before stays until a revoke. */
function planKeysOnly(wish: AccountWish, facts: HostFacts, account: PresentAccount): Judged {
  const problem = lockedByHand(account, true) ?? unusableHome(account) ?? unusableKeys(account);
  if (problem !== null) return problem;
  const changes = ofKeys(wish, facts).filter(({ code }) => code === 'keys-added');
  if (changes.length === 0) return { verdict: 'unchanged', reason: 'AlreadyAsWished' };
  return missingRoom(facts) ?? { verdict: 'change', reason: 'AccountPushed', changes };
}

/** An account that was somebody's may have been made with a lock on no password. */
function lockedByHand(account: PresentAccount, isSomebodys: boolean): Judged | null {
  const { isLocked, isExpired, isLockOurs, isLockBare } = account;
  if (isSomebodys) return isExpired || (isLocked && !isLockBare) ? conflict('AccountLockedByHand') : null;
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

function ofTheAccount(wish: AccountWish, facts: HostFacts, account: PresentAccount): PlannedChange[] {
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
function passwordSet(before: PresentAccount['password'] | null): PlannedChange {
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

function ofGroups(wish: AccountWish, facts: HostFacts): PlannedChange[] {
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

function ofKeys(wish: AccountWish, facts: HostFacts): PlannedChange[] {
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

function sudoOfOld(wish: AccountWish, { sudo }: HostFacts): PlannedChange | null {
  if (wish.sudo.kind === 'none') {
    return sudo.file === 'ours' ? { code: 'sudo-removed', what: 'our rule', before: 'our rule' } : null;
  }
  if (sudo.file === 'ours' && sudo.isRight) return null;
  const before = sudo.file === 'ours' ? 'another rule of ours, or one that was changed by hand' : null;
  return { code: 'sudo-written', what: sudoText(wish), before };
}

/** `type base64` of a key line. */
function keyIdentity(key: string): string {
  return key.split(' ', 2).join(' ');
}

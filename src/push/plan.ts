/**
 * Compares what a host has with what is wished, and says exactly what a push or a revoke would do there, or why it would do nothing.
 * It changes nothing and asks nobody: facts and a wish in, a plan out; the script on the host must come to the same before it acts.
 */
import { unreachable } from '../errors.ts';
import type { AccountWish } from './account.ts';
import { openChoices, type Choice } from './choices.ts';
import { ofGroups, ofKeys, ofTheAccount, passwordSet, sudoOfNew, sudoOfOld } from './difference.ts';
import type { HostFacts, PresentAccount } from './hostFacts.ts';
import { blocked, conflict } from './planStop.ts';
import { planRevoke } from './revokePlan.ts';
import { isAdopted, isStrict, notOurs } from './ownership.ts';
import { choiceNotes, keyName, notesOf, passwordNotes } from './planText.ts';
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
  /** Where somebody else's account stands in the way: what a person may choose; not there where nothing. */
  readonly choices?: readonly Choice[];
  /** Of the facts it was made from; empty of an undo. */
  readonly digest: string;
}

export type Judged = Pick<AccountPlan, 'verdict' | 'reason'> &
  Partial<Pick<AccountPlan, 'words' | 'changes'>>;

export function planAccount(of: AppliedKind, wish: AccountWish, facts: HostFacts): AccountPlan {
  const judge = (wished: AccountWish): Judged =>
    notOurs(of, wished, facts) ?? (of === 'push' ? planPush(wished, facts) : planRevoke(facts));
  const judged = judge(wish);
  const choices = openChoices(of, { wish, facts, judged }, judge);
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
    ...(choices.length === 0 ? {} : { choices }),
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

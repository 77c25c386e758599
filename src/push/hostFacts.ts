/**
 * Reads what a host told of one account, line by line, into facts that a plan can go by.
 * It trusts nothing of it: an unknown line is left out, a missing or impossible one makes the whole unusable, and it judges nothing.
 */
import { printable } from './answer.ts';
import { isClaim, type Claim } from './claim.ts';
import { readTelling, type Told } from './telling.ts';

export type Mark = 'none' | 'ours' | 'other' | 'damaged';
export type MarkState =
  '' | 'creating' | 'claiming' | 'ready' | 'revoking' | 'revoked' | 'removing' | 'removed';
export type KeysFile = 'none' | 'file' | 'nohome' | 'odd' | 'unreadable';

/** What the host's own record says of the account. */
export interface MarkFacts {
  readonly mark: Mark;
  readonly state: MarkState;
  /** What a person chose when it was somebody else's; `none` of an account that we made. */
  readonly claim: Claim;
  readonly token: string;
  /** As it was when we made it; null while it was not known yet. */
  readonly uid: number | null;
  readonly hasSudo: boolean;
  /** The password that is there, or was before somebody changed it, was set by us. */
  readonly hasPassword: boolean;
  /** `type base64`. */
  readonly keys: readonly string[];
  /** Of these keys, those that are still in its authorized_keys. */
  readonly keysThere: readonly string[];
  readonly groups: readonly string[];
  readonly jobId: string | null;
  /** The same as this was wished when it was last pushed to its end: what differs, differs by somebody's hand on the host. */
  readonly isSameWish: boolean;
}

/** What /etc/passwd and /etc/shadow say, and the home. */
export interface PresentAccount {
  readonly uid: number;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
  readonly password: 'set' | 'locked' | 'none';
  /** It is the wished one, but for a lock before it; false also where none is wished. */
  readonly isPasswordWished: boolean;
  readonly isLocked: boolean;
  readonly isExpired: boolean;
  /** The lock is on no password: so an account without one is made. */
  readonly isLockBare: boolean;
  /** The lock and the expiry were made by a revoke of ours, on top of none. */
  readonly isLockOurs: boolean;
  /** Null where the home is no folder. */
  readonly homeOwner: number | null;
  /** A useradd of ours that was killed left it. */
  readonly isHalfMade: boolean;
  readonly keysFile: KeysFile;
  readonly processes: number;
  /** Every group it is in. */
  readonly groups: readonly string[];
  /** Lines in its authorized_keys that are no comments. */
  readonly keyLines: number;
}

/** Of an account that is not there: what would stand in its way. */
export interface FreePlace {
  readonly home: string;
  readonly isHomeTaken: boolean;
  readonly isGroupTaken: boolean;
}

/** What a take-over goes by, and what it takes away. */
export interface TakingFacts {
  /** Below it are accounts of the system. */
  readonly uidMin: number;
  /** By what it can become root, or belongs to those who can; empty where by nothing. */
  readonly privileges: string;
  /** Of /etc/group, without the wished. */
  readonly otherGroups: readonly string[];
  /** Lines in its authorized_keys that are not wished. */
  readonly otherKeys: number;
  /** It has neither an end nor a password but a wished one. */
  readonly isPasswordFree: boolean;
}

export interface HostFacts {
  /** Root, or the account that the login came by. */
  readonly isInUse: boolean;
  readonly account: PresentAccount | null;
  /** Null where no take-over is asked for or under way. */
  readonly taking: TakingFacts | null;
  readonly place: FreePlace | null;
  readonly mark: MarkFacts;
  /** Of the wished keys, `type base64`: those that are there. */
  readonly keys: readonly string[];
  readonly groupsMissing: readonly string[];
  /** Of the wished groups and those we once added. */
  readonly memberOf: readonly string[];
  readonly sudo: {
    readonly file: 'absent' | 'ours' | 'foreign';
    readonly isRight: boolean;
    readonly means: 'missing' | 'notIncluded' | 'ok';
    /** Null where nobody asked. */
    readonly isSound: boolean | null;
    readonly said: string;
    /** Rules of others that name the account. */
    readonly lines: readonly string[];
  };
  readonly lacking: readonly string[];
  readonly isShellUsable: boolean;
  readonly isReadOnly: boolean;
  readonly isDiskFull: boolean;
  /** Of all that a push goes by: the same digest, the same host. */
  readonly digest: string;
}

const MARKS: readonly string[] = ['none', 'ours', 'other', 'damaged'] satisfies Mark[];
const MARK_STATES: readonly string[] = [
  '',
  'creating',
  'claiming',
  'ready',
  'revoking',
  'revoked',
  'removing',
  'removed',
] satisfies MarkState[];
const KEYS_FILES: readonly string[] = ['none', 'file', 'nohome', 'odd', 'unreadable'] satisfies KeysFile[];

/** Null where the text is not what our script tells. `base64` is what came after `know`, line after line. */
export function readHostFacts(base64: string): HostFacts | null {
  const told = readTelling(base64);
  return told === null ? null : factsOf(told);
}

function factsOf(told: Told): HostFacts | null {
  const presence = told.one('account');
  const account = presence === 'present' ? presentAccount(told) : null;
  const mark = markOf(told);
  const sudo = sudoOf(told);
  const digest = told.one('digest');
  const isKnown = presence === 'absent' || account !== null;
  if (!isKnown || mark === null || sudo === null || !/^[0-9a-f]{6,64}$/.test(digest)) return null;
  return {
    isInUse: told.yes('inUse'),
    account,
    place: account === null ? placeOf(told) : null,
    taking: takingOf(told),
    mark,
    keys: told.all('key'),
    groupsMissing: told.all('groupMissing').map(printable),
    memberOf: [...new Set(told.all('memberOf'))].map(printable),
    sudo,
    lacking: told.words('lacking'),
    isShellUsable: told.yes('shellUsable'),
    isReadOnly: told.yes('readOnly'),
    isDiskFull: told.yes('diskFull'),
    digest,
  };
}

function presentAccount(told: Told): PresentAccount | null {
  const uid = told.number('uid');
  const password = told.one('password');
  const keysFile = told.one('keysFile');
  if (uid === null || !KEYS_FILES.includes(keysFile)) return null;
  if (password !== 'set' && password !== 'locked' && password !== 'none') return null;
  return {
    uid,
    gecos: printable(told.one('gecos')),
    home: printable(told.one('home')),
    shell: printable(told.one('shell')),
    password,
    isPasswordWished: told.one('passwordIs') === 'same',
    isLocked: told.yes('locked'),
    isExpired: told.yes('expired'),
    isLockBare: told.yes('lockBare'),
    isLockOurs: told.yes('lockIsOurs'),
    homeOwner: told.number('homeOwner'),
    isHalfMade: told.yes('halfMade'),
    keysFile: keysFile as KeysFile,
    processes: told.number('processes') ?? 0,
    groups: told.words('groups'),
    keyLines: told.number('keyLines') ?? 0,
  };
}

function takingOf(told: Told): TakingFacts | null {
  const [uidMin, otherKeys] = [told.number('uidMin'), told.number('otherKeys')];
  if (uidMin === null || otherKeys === null) return null;
  return {
    uidMin,
    otherKeys,
    privileges: printable(told.one('privileges')),
    otherGroups: told.all('otherGroup').map(printable),
    isPasswordFree: told.yes('passwordFree'),
  };
}

function placeOf(told: Told): FreePlace {
  return {
    home: printable(told.one('home')),
    isHomeTaken: told.yes('homeTaken'),
    isGroupTaken: told.yes('groupTaken'),
  };
}

function markOf(told: Told): MarkFacts | null {
  const [mark, state, claim] = [told.one('mark'), told.one('markState'), told.one('markClaim') || 'none'];
  if (!MARKS.includes(mark) || !MARK_STATES.includes(state) || !isClaim(claim)) return null;
  return {
    mark: mark as Mark,
    state: state as MarkState,
    claim,
    token: told.one('markToken'),
    uid: told.number('markUid'),
    hasSudo: told.yes('markSudo'),
    hasPassword: told.yes('markPassword'),
    keys: told.all('markKey'),
    keysThere: told.all('markKeyThere'),
    groups: told.all('markGroup').map(printable),
    jobId: told.one('markJob') === '' ? null : printable(told.one('markJob')),
    isSameWish: told.one('markWish') === 'same',
  };
}

function sudoOf(told: Told): HostFacts['sudo'] | null {
  const [file, means] = [told.one('sudoFile'), told.one('sudoMeans')];
  if (file !== 'absent' && file !== 'ours' && file !== 'foreign') return null;
  if (means !== 'missing' && means !== 'notIncluded' && means !== 'ok') return null;
  return {
    file,
    means,
    isRight: told.yes('sudoRight'),
    isSound: told.one('sudoersSound') === '' ? null : told.yes('sudoersSound'),
    said: printable(told.one('sudoersSaid')),
    lines: told.all('sudoLine').map(printable),
  };
}

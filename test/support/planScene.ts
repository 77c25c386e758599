/**
 * Made-up facts of a host and wishes for tests of plans: an account of somebody else's, unless told otherwise.
 * It plans nothing.
 */
import type { AccountWish } from '../../src/push/account.ts';
import type { HostFacts, MarkFacts, PresentAccount } from '../../src/push/hostFacts.ts';
import type { UndoFacts } from '../../src/push/undoFacts.ts';

export const TOKEN = 'feedbeef';

export function wishOf(change: Partial<AccountWish> = {}): AccountWish {
  return {
    ...{ name: 'eva', keys: ['ssh-ed25519 AAAA1 eva@laptop'], groups: ['audio'], shell: '/bin/sh' },
    ...{ sudo: { kind: 'all' }, comment: 'Eva', ...change },
  };
}

export function accountOf(change: Partial<PresentAccount> = {}): PresentAccount {
  return {
    ...{ uid: 1001, gecos: 'Eva', home: '/home/eva', shell: '/bin/bash', password: 'set' },
    ...{ isLocked: false, isExpired: false, isLockBare: false, isLockOurs: false, homeOwner: 1001 },
    ...{
      isHalfMade: false,
      keysFile: 'file',
      processes: 2,
      groups: ['eva', 'wheel'],
      keyLines: 3,
      isPasswordWished: false,
    },
    ...change,
  };
}

export function markOf(change: Partial<MarkFacts> = {}): MarkFacts {
  return {
    ...{
      mark: 'none',
      state: '',
      claim: 'none',
      token: '',
      uid: null,
      hasSudo: false,
      hasPassword: false,
      keys: [],
      keysThere: [],
    },
    ...{ groups: [], jobId: null, isSameWish: false, ...change },
  };
}

export const OURS = markOf({
  ...{ mark: 'ours', state: 'ready', token: TOKEN, uid: 1001, groups: ['games'], isSameWish: true },
  ...{ keys: ['ssh-rsa BBBB'], keysThere: ['ssh-rsa BBBB'], hasSudo: true },
});

export function factsOf(change: Partial<HostFacts> = {}): HostFacts {
  return {
    ...{ isInUse: false, account: accountOf(), taking: null, place: null, mark: markOf(), keys: [] },
    ...{ groupsMissing: [], memberOf: [], lacking: [], isShellUsable: true, isReadOnly: false },
    sudo: {
      file: 'absent',
      isRight: false,
      means: 'ok',
      isSound: true,
      said: '',
      lines: ['eva ALL=(ALL) ALL'],
    },
    ...{ isDiskFull: false, digest: 'abcdef', ...change },
  };
}

export const TAKING = {
  ...{ uidMin: 1000, privileges: '', otherGroups: ['wheel'], otherKeys: 2, isPasswordFree: false },
};

/** Of a push that made the account, and that nobody has changed anything since. */
export function undoFactsOf(change: Partial<UndoFacts> = {}): UndoFacts {
  return {
    ...{ isInUse: false, mark: 'ours', isThere: true, record: 'left', differs: '' },
    takesAway: { home: '/home/eva', processes: 0, running: '', isBare: false, hasCrontab: false },
    ...{ sudo: 'remove', isAccessBack: false, shell: null, comment: null, join: [], leave: [] },
    ...{ keyLines: null, isReadOnly: false, ...change },
  };
}

/**
 * What a push or revoke finds and is to make of it, for faults at every step: each scene leads through other commands of the host's script.
 * It only describes: who does the faults and judges what is left is cutSweep.ts.
 */
import type { AccountWish } from '../../src/push/account.ts';

export interface CutScene {
  readonly what: string;
  readonly kind: 'push' | 'revoke';
  /** Run as root before; `$n` is the account. */
  readonly make?: string;
  /** Pushed before. */
  readonly first?: (keys: TwoKeys) => Partial<AccountWish>;
  /** Revoked before, after that. */
  readonly isRevoked?: true;
  readonly wish: (keys: TwoKeys) => Partial<AccountWish>;
}

export interface TwoKeys {
  readonly one: string;
  readonly two: string;
}

const FULL = { groups: ['games'], shell: '/bin/bash', sudo: { kind: 'all' }, comment: 'Ada L.' } as const;
/** Somebody else's: a password, groups, a key, a comment and a shell of its own. */
const SOMEBODYS = `useradd -m -s /bin/dash -c 'Lee, room 7' -G audio,video $n; echo "$n:secret" | chpasswd; mkdir -m 700 /home/$n/.ssh; echo "ssh-ed25519 ${'A'.repeat(68)} own" >/home/$n/.ssh/authorized_keys; chown -R $n: /home/$n/.ssh`;

export const CUT_SCENES: readonly CutScene[] = [
  { what: 'a new account', kind: 'push', wish: ({ one }) => ({ ...FULL, keys: [one] }) },
  {
    what: 'other keys, groups, shell, comment and a rule',
    kind: 'push',
    first: ({ one }) => ({ keys: [one], groups: ['games'], comment: 'Old', shell: '/bin/dash' }),
    wish: ({ two }) => ({ ...FULL, keys: [two], groups: ['audio'] }),
  },
  {
    what: 'less of everything',
    kind: 'push',
    first: ({ one, two }) => ({ ...FULL, keys: [one, two] }),
    wish: ({ one }) => ({ keys: [one] }),
  },
  {
    what: 'an account that was revoked',
    kind: 'push',
    first: ({ one }) => ({ ...FULL, keys: [one] }),
    isRevoked: true,
    wish: ({ one }) => ({ ...FULL, keys: [one] }),
  },
  {
    what: "somebody else's account to adopt",
    kind: 'push',
    make: SOMEBODYS,
    wish: ({ one }) => ({ ...FULL, keys: [one], claim: 'adopt' }),
  },
  {
    what: "somebody else's account to give keys only",
    kind: 'push',
    make: SOMEBODYS,
    wish: ({ one }) => ({ keys: [one], claim: 'keysOnly' }),
  },
  {
    what: "somebody else's account to take over",
    kind: 'push',
    make: SOMEBODYS,
    wish: ({ one }) => ({ ...FULL, keys: [one], claim: 'takeOver' }),
  },
  {
    what: 'an account to revoke',
    kind: 'revoke',
    first: ({ one }) => ({ ...FULL, keys: [one] }),
    wish: () => ({ keys: [] }),
  },
  {
    what: 'an adopted account to revoke',
    kind: 'revoke',
    make: SOMEBODYS,
    first: ({ one }) => ({ ...FULL, keys: [one], claim: 'adopt' }),
    wish: () => ({ keys: [] }),
  },
];

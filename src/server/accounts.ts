/**
 * Puts together what belongs to the accounts of the page: who there is, their sessions, their passwords, and the desk where they sign in.
 * Both doors have the same ones.
 */
import { monoMs } from '../clock.ts';
import type { LoginSettings } from '../pageSettings.ts';
import type { OnSetAside } from '../setAside.ts';
import type { Door } from '../supervisor/door.ts';
import { LoginDesk } from './loginDesk.ts';
import { openLockFile } from './lockFile.ts';
import type { LoginFailures } from './loginFailures.ts';
import type { ServerLogger } from './newApp.ts';
import { createPasswords, type Passwords } from './password.ts';
import { cookieNameOf, createSessions, type Sessions } from './session.ts';
import { openUserStore, type UserStore } from './userStore.ts';

export interface Accounts {
  readonly users: UserStore;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly desk: LoginDesk;
  readonly login: LoginSettings;
  /** What is not on the disk yet is written there. */
  end(): void;
}

export interface AccountNeeds {
  readonly door: Door;
  readonly homeDir: string;
  readonly failures: LoginFailures;
  readonly login?: LoginSettings;
  readonly logger: ServerLogger;
  readonly onSetAside: OnSetAside;
}

const USUAL: LoginSettings = { explainTo: ['loopback'], tries: 7, lockMs: 15 * 60_000 };

export function openAccounts(needs: AccountNeeds): Accounts {
  const { door, homeDir, failures, login = USUAL, logger, onSetAside } = needs;
  const users = openUserStore(homeDir, onSetAside);
  const sessions = createSessions(cookieNameOf(homeDir));
  const passwords = createPasswords();
  const times = { clock: monoMs, wallIn: (ms: number) => new Date(Date.now() + ms).toISOString() };
  const locks = openLockFile(homeDir, { users, lockMs: login.lockMs, logger, onSetAside, ...times });
  const desk = new LoginDesk({
    ...{ users, sessions, passwords, failures, door },
    rules: login,
    ...{ earlier: locks.earlier, keep: locks.keep, ...times },
  });
  return { users, sessions, passwords, desk, login, end: locks.flush };
}

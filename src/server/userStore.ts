/**
 * Keeps the accounts of the page, with hashed passwords, in users.json (0600) of the home folder.
 * It never sees a password, and changes nothing before its change is in the audit journal.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { wallTime } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { Keeping, OnSetAside } from '../setAside.ts';
import { PasswordHash } from './password.ts';
import { readPrivate, writePrivate } from './privateFile.ts';

export const ROLES = ['view', 'operate', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const USER_NAME = /^[a-z0-9][a-z0-9._@-]{0,62}$/;

export interface UserView {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly passwordChangedAt: string;
}

interface NewUser {
  readonly name: string;
  readonly role: Role;
  readonly hash: PasswordHash;
}

/** Called when a change is found possible, before it is made; what it throws keeps it from being made. */
type Keep = () => void;

export interface UserStore {
  list(): readonly UserView[];
  names(): readonly string[];
  find(name: string): UserView | null;
  hashOf(name: string): PasswordHash | null;
  /** Throws CONFLICTING_STATE when there is one of this name. */
  add(user: NewUser, keep: Keep): UserView;
  /** The others throw NOT_FOUND when there is none. */
  remove(name: string, keep: Keep): void;
  setPassword(name: string, hash: PasswordHash, keep: Keep): UserView;
  setRole(name: string, role: Role, keep: Keep): UserView;
  rename(name: string, to: string, keep: Keep): UserView;
}

const MOST_USERS = 500;

const StoredUser = z.strictObject({
  name: z.string().regex(USER_NAME),
  role: z.enum(ROLES),
  createdAt: z.string(),
  passwordChangedAt: z.string(),
  password: PasswordHash,
});
const UserFile = z.strictObject({ users: z.array(StoredUser) });
const FILE = 'users.json';
type Stored = z.output<typeof StoredUser>;

export function openUserStore(homeDir: string, onSetAside: OnSetAside): UserStore {
  return new StoredUsers({ homeDir, name: FILE, onSetAside });
}

class StoredUsers implements UserStore {
  readonly #file: string;
  readonly #users: Map<string, Stored>;

  constructor(keeping: Keeping) {
    this.#file = join(keeping.homeDir, keeping.name);
    const users = readPrivate(keeping, UserFile)?.users ?? [];
    this.#users = new Map(users.map((user) => [user.name, user]));
  }

  list(): readonly UserView[] {
    return sorted(this.#users.values()).map(viewOf);
  }

  names(): readonly string[] {
    return [...this.#users.keys()];
  }

  find(name: string): UserView | null {
    const user = this.#users.get(name);
    return user === undefined ? null : viewOf(user);
  }

  hashOf(name: string): PasswordHash | null {
    return this.#users.get(name)?.password ?? null;
  }

  add({ name, role, hash }: NewUser, keep: Keep): UserView {
    this.#refuseTaken(name);
    if (this.#users.size >= MOST_USERS)
      throw new GarrisonError('CONFLICTING_STATE', `there are ${String(MOST_USERS)} accounts already`, {
        cure: 'garrison user remove',
      });
    const at = wallTime();
    const user = { name, role, createdAt: at, passwordChangedAt: at, password: hash };
    this.#replace(name, user, keep);
    return viewOf(user);
  }

  remove(name: string, keep: Keep): void {
    this.#replace(this.#known(name).name, null, keep);
  }

  setPassword(name: string, hash: PasswordHash, keep: Keep): UserView {
    return this.#change(name, { password: hash, passwordChangedAt: wallTime() }, keep);
  }

  setRole(name: string, role: Role, keep: Keep): UserView {
    return this.#change(name, { role }, keep);
  }

  rename(name: string, to: string, keep: Keep): UserView {
    this.#known(name);
    this.#refuseTaken(to);
    return this.#change(name, { name: to }, keep);
  }

  #change(name: string, changed: Partial<Stored>, keep: Keep): UserView {
    const after = { ...this.#known(name), ...changed };
    this.#replace(name, after, keep);
    return viewOf(after);
  }

  /** `after` null removes; one of another name takes the old one's place. */
  #replace(before: string, after: Stored | null, keep: Keep): void {
    const others = [...this.#users.values()].filter(({ name }) => name !== before);
    keep();
    writePrivate(this.#file, { users: sorted(after === null ? others : [...others, after]) });
    this.#users.delete(before);
    if (after !== null) this.#users.set(after.name, after);
  }

  #known(name: string): Stored {
    const user = this.#users.get(name);
    if (user !== undefined) return user;
    throw new GarrisonError('NOT_FOUND', `there is no account ${name}`, { cure: 'garrison user list' });
  }

  #refuseTaken(name: string): void {
    if (!this.#users.has(name)) return;
    throw new GarrisonError('CONFLICTING_STATE', `there is an account ${name} already`, {
      cure: 'choose another name',
    });
  }
}

function sorted(users: Iterable<Stored>): Stored[] {
  return [...users].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function viewOf({ name, role, createdAt, passwordChangedAt }: Stored): UserView {
  return { name, role, createdAt, passwordChangedAt };
}

/**
 * What the page knows of its accounts, who is locked out and which names were tried; and what an administrator does to them.
 * It never keeps a password longer than the request that carries it.
 */
import { signal } from '@preact/signals';
import { apiPath, get, post, remove, type ListDocument } from './api.ts';

export const ROLES = ['view', 'operate', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What `GET /api/v1/users` gives. */
export interface User {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly passwordChangedAt: string;
}

/** What `GET /api/v1/logins` gives. */
export interface Logins {
  readonly locks: readonly Lock[];
  readonly unknownNames: readonly UnknownName[];
  readonly impossibleNames: number;
}

export interface Lock {
  readonly account: string;
  readonly source: string;
  readonly tries: number;
  readonly until: string;
}

export interface UnknownName {
  readonly name: string;
  readonly tries: number;
  readonly addresses: readonly string[];
  readonly firstAt: string;
  readonly lastAt: string;
  readonly nearest: string | null;
}

/** What is about to be done to an account. */
export type Deed =
  | { readonly kind: 'add' }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'password'; readonly name: string }
  | { readonly kind: 'rename'; readonly name: string }
  | { readonly kind: 'role'; readonly name: string; readonly role: Role }
  | { readonly kind: 'unlock'; readonly name: string; readonly source: string };

/** What the question about it was answered with; what it does not ask for stays empty. */
export interface Answers {
  readonly name: string;
  readonly role: Role;
  readonly password: string;
  readonly reason: string;
}

export const users = signal<readonly User[] | null>(null);
export const logins = signal<Logins | null>(null);
export const usersTrouble = signal<unknown>(null);

export const deed = signal<Deed | null>(null);

export async function readUsers(): Promise<void> {
  try {
    const [list, tried] = await Promise.all([
      get<ListDocument<User>>(apiPath('users')),
      get<{ item: Logins }>(apiPath('logins')),
    ]);
    users.value = list.items;
    logins.value = tried.item;
    usersTrouble.value = null;
  } catch (error) {
    usersTrouble.value = error;
  }
}

export async function perform(what: Deed, answers: Answers): Promise<void> {
  const why = answers.reason.trim() === '' ? {} : { reason: answers.reason.trim() };
  await send(what, answers, why);
  await readUsers();
}

async function send(what: Deed, { name, role, password }: Answers, why: { reason?: string }): Promise<void> {
  switch (what.kind) {
    case 'add':
      await post(apiPath('users'), { name: name.trim(), role, password, ...why });
      return;
    case 'remove':
      await remove(`${apiPath('users', what.name)}?${new URLSearchParams(why).toString()}`);
      return;
    case 'password':
      await post(apiPath('users', what.name, 'password'), { password, ...why });
      return;
    case 'rename':
      await post(apiPath('users', what.name, 'rename'), { to: name.trim(), ...why });
      return;
    case 'role':
      await post(apiPath('users', what.name, 'role'), { role: what.role, ...why });
      return;
    case 'unlock':
      await post(apiPath('users', what.name, 'unlock'), { from: what.source, ...why });
      return;
  }
}

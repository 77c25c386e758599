/**
 * What somebody should know before something is done to an account: that it is the own one, or the last that looks after the others.
 * It only warns: the server decides.
 */

/** What is about to be done, as far as it matters here. */
interface Deed {
  readonly kind: 'add' | 'remove' | 'password' | 'rename' | 'role' | 'unlock';
  readonly name?: string;
  readonly role?: string;
}

interface Account {
  readonly name: string;
  readonly role: string;
}

/** Keys of the words for it. */
export type Warning = 'users.warn.ownSession' | 'users.warn.ownRole' | 'users.warn.lastAdmin';

/** `me`: as `GET /api/v1/me` names who is signed in. */
export function warningsOf(
  { kind, name, role }: Deed,
  { me, accounts }: { readonly me: string; readonly accounts: readonly Account[] },
): readonly Warning[] {
  const admins = accounts.filter((account) => account.role === 'admin');
  const isOwn = me === `user:${name ?? ''}`;
  const isAdmin = admins.some((account) => account.name === name);
  const losesRole = isAdmin && kind === 'role' && role !== 'admin';
  const endsSessions = kind === 'remove' || kind === 'password' || kind === 'rename';
  const warnings: Warning[] = [];
  if (isOwn && endsSessions) warnings.push('users.warn.ownSession');
  if (isOwn && losesRole) warnings.push('users.warn.ownRole');
  if (admins.length === 1 && (losesRole || (isAdmin && kind === 'remove')))
    warnings.push('users.warn.lastAdmin');
  return warnings;
}

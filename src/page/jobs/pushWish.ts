/**
 * What somebody fills into the form of a push, what is missing in it, and the request it makes.
 * It never makes a request of what could be a private key.
 */
import type { PushRequest } from '../../supervisor/door.ts';
import { isPrivateKey, keysIn, type PushField } from './keyCheck.ts';

export interface PushWish {
  readonly kind: PushRequest['kind'];
  readonly name: string;
  readonly keys: string;
  readonly groups: string;
  readonly shell: string;
  readonly sudo: 'none' | 'all' | 'commands';
  readonly commands: string;
  readonly comment: string;
  readonly hosts: readonly string[];
  readonly reason: string;
}

export const EMPTY_WISH: PushWish = {
  kind: 'push',
  name: '',
  keys: '',
  groups: '',
  shell: '',
  sudo: 'none',
  commands: '',
  comment: '',
  hosts: [],
  reason: '',
};

export type Missing = 'push.needHosts' | 'push.needName' | 'push.needKeys' | 'push.private';

/** By field, what keeps the form from being sent; the server judges the rest. */
export function missingIn({ kind, name, keys, hosts }: PushWish): Partial<Record<PushField, Missing>> {
  return {
    ...(kind !== 'check' && name.trim() === '' ? { name: 'push.needName' as const } : {}),
    ...(kind === 'push' && keysIn(keys).length === 0 ? { keys: 'push.needKeys' as const } : {}),
    ...(isPrivateKey(keys) ? { keys: 'push.private' as const } : {}),
    ...(hosts.length === 0 ? { hosts: 'push.needHosts' as const } : {}),
  };
}

/** The body of `POST /api/v1/pushes`. */
export function bodyOf(wish: PushWish, dryRun: boolean): object {
  const { kind, hosts, reason } = wish;
  if (isPrivateKey(wish.keys)) throw new Error('a private key is never sent');
  const why = reason.trim() === '' ? {} : { reason: reason.trim() };
  return { kind, account: accountOf(wish), hosts, dryRun, ...why };
}

/** The same as a plan, which asks each host what is there and changes nothing. */
export function planBodyOf(wish: PushWish): object {
  return { ...bodyOf(wish, false), kind: 'plan', planOf: wish.kind };
}

function accountOf({ kind, name, keys, groups, shell, sudo, commands, comment }: PushWish): object | null {
  if (kind === 'check') return null;
  if (kind === 'revoke') return { name: name.trim() };
  const names = groups
    .split(/[\s,]+/)
    .map((group) => group.trim())
    .filter((group) => group !== '');
  return {
    name: name.trim(),
    keys: keysIn(keys),
    ...(names.length === 0 ? {} : { groups: names }),
    ...(shell.trim() === '' ? {} : { shell: shell.trim() }),
    ...(sudo === 'none' ? {} : { sudo: sudo === 'all' ? 'all' : commands }),
    ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
  };
}

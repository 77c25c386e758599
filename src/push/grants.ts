/**
 * Works out from the grants and the hosts what is wanted now: which account on which host, with what, and why.
 * It keeps nothing: what a grant no longer says is gone from the next answer.
 */
import { parseAccountWish, type AccountWish } from './account.ts';

/** Of grants.yaml. */
export interface GrantedAccount {
  readonly keys: readonly string[];
  readonly shell?: string | undefined;
  readonly comment?: string | undefined;
}

export interface Grant {
  readonly accounts: readonly string[];
  readonly hosts?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly sudo: 'none' | 'all' | readonly string[];
  readonly memberOf: readonly string[];
  /** As it was written: a day or a moment. */
  readonly until?: string | undefined;
  /** Milliseconds since 1970; null for never. */
  readonly endsAtMs: number | null;
  readonly by?: string | undefined;
}

export interface Grants {
  readonly accounts: Readonly<Record<string, GrantedAccount>>;
  readonly grants: readonly Grant[];
}

/** A host as grants name it. */
export interface GrantedHost {
  readonly name: string;
  readonly groups: readonly string[];
}

/** One grant that wants an account on a host. */
export interface GrantedBy {
  /** Its place in grants.yaml, from 1 on. */
  readonly grant: number;
  /** The group by which it reaches the host; null where it names the host. */
  readonly group: string | null;
  readonly by: string | null;
  /** As it was written: a day or a moment. */
  readonly until: string | null;
}

export interface Wanted {
  readonly host: string;
  readonly account: AccountWish;
  /** Sentences: which grant, by which group, by whom, until when. */
  readonly because: readonly string[];
  /** The same, to be put in columns. */
  readonly grants: readonly GrantedBy[];
}

export interface GrantProblem {
  /** Where in grants.yaml. */
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly cure: string;
}

/** In the order of the hosts, then of the accounts. `nowWallMs` is the wall clock's: an `until` is a date of people's. */
export function wantedBy(
  grants: Grants,
  hosts: readonly GrantedHost[],
  nowWallMs: number,
): readonly Wanted[] {
  const names = Object.keys(grants.accounts);
  return hosts.flatMap((host) =>
    names.flatMap((name) => {
      const granting = grants.grants.flatMap((grant, index) => {
        const way = wayTo(host, grant);
        const isOpen = grant.accounts.includes(name) && isInForce(grant, nowWallMs);
        return way !== null && isOpen ? [{ grant, by: grantedBy(grant, index, way) }] : [];
      });
      if (granting.length === 0) return [];
      const account = wishOf(
        name,
        grants.accounts[name],
        granting.map(({ grant }) => grant),
      );
      const by = granting.map((each) => each.by);
      return [{ host: host.name, account, because: by.map((each) => reasonOf(name, each)), grants: by }];
    }),
  );
}

/** When the answer of `wantedBy` changes by the clock alone; null where it does not. */
export function nextGrantEndMs({ grants }: Grants, nowWallMs: number): number | null {
  const ends = grants.flatMap(({ endsAtMs }) => endsAtMs ?? []).filter((endMs) => endMs > nowWallMs);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** What a schema cannot see: names of nobody and of no host, and accounts that no push would take. */
export function grantProblems(
  { accounts, grants }: Grants,
  hosts: readonly GrantedHost[],
): readonly GrantProblem[] {
  const hostNames = hosts.map(({ name }) => name);
  const groups = hosts.flatMap((host) => host.groups);
  return [
    ...Object.keys(accounts).flatMap((name) => accountProblem(name, accounts[name])),
    ...grants.flatMap((grant, index) => [
      ...unknownNames(grant.accounts, Object.keys(accounts), {
        path: ['grants', index, 'accounts'],
        cure: 'describe it under accounts:',
      }),
      ...unknownNames(grant.hosts ?? [], hostNames, {
        path: ['grants', index, 'hosts'],
        cure: 'name a host of inventory.yaml',
      }),
      ...unknownNames(grant.groups ?? [], groups, {
        path: ['grants', index, 'groups'],
        cure: 'name a group that a host of inventory.yaml is in',
      }),
      ...reachesNobody(grant, index),
    ]),
  ];
}

function unknownNames(
  names: readonly string[],
  known: readonly string[],
  { path, cure }: Pick<GrantProblem, 'path' | 'cure'>,
): readonly GrantProblem[] {
  return names.flatMap((name, at) =>
    known.includes(name) ? [] : [{ path: [...path, at], what: `${name} is not known`, cure }],
  );
}

function reachesNobody({ hosts = [], groups = [] }: Grant, index: number): readonly GrantProblem[] {
  if (hosts.length > 0 || groups.length > 0) return [];
  const what = 'it names neither hosts nor groups';
  return [{ path: ['grants', index], what, cure: 'name hosts: [...] or groups: [...]' }];
}

/** In the words that a push would be refused with. */
function accountProblem(name: string, account: GrantedAccount | undefined): GrantProblem[] {
  try {
    wishOf(name, account, []);
    return [];
  } catch (error) {
    const { message, cure } = error as { message: string; cure?: string };
    return [{ path: ['accounts', name], what: message, cure: cure ?? 'correct it' }];
  }
}

function isInForce({ endsAtMs }: Grant, nowWallMs: number): boolean {
  return endsAtMs === null || endsAtMs > nowWallMs;
}

/** How the grant reaches the host: by name, or by this group; null where it does not. */
function wayTo(host: GrantedHost, { hosts = [], groups = [] }: Grant): { group: string | null } | null {
  if (hosts.includes(host.name)) return { group: null };
  const group = groups.find((each) => host.groups.includes(each));
  return group === undefined ? null : { group };
}

function grantedBy({ by, until }: Grant, index: number, way: { group: string | null }): GrantedBy {
  return { grant: index + 1, group: way.group, by: by ?? null, until: until ?? null };
}

function reasonOf(name: string, { grant, group, by, until }: GrantedBy): string {
  const way = group === null ? 'by name' : `by group ${group}`;
  const person = by === null ? '' : `, granted by ${by}`;
  const end = until === null ? '' : `, until ${until}`;
  return `grant ${String(grant)} names ${name} and this host ${way}${person}${end}`;
}

/** All that the grants give together: the strongest sudo, every group. */
function wishOf(name: string, account: GrantedAccount | undefined, grants: readonly Grant[]): AccountWish {
  const { keys = [], shell, comment } = account ?? {};
  const lists = grants.flatMap(({ sudo }) => (typeof sudo === 'string' ? [] : sudo));
  const isAll = grants.some(({ sudo }) => sudo === 'all');
  const sudo = isAll ? 'all' : lists.length === 0 ? 'none' : [...new Set(lists)].join(',');
  return parseAccountWish({
    name,
    keys,
    sudo,
    groups: [...new Set(grants.flatMap(({ memberOf }) => memberOf))],
    ...(shell === undefined ? {} : { shell }),
    ...(comment === undefined ? {} : { comment }),
  });
}

/**
 * Works out which accounts and grants of grants.yaml stand for what a JumpServer pushes.
 * A grant of its making reaches just the hosts that JumpServer's own does, and gives no more; a key or a password never comes from there.
 */
import { USER_PATTERN } from '../names.ts';
import { parseAccountWish } from './account.ts';
import type { Grant, Grants } from './grants.ts';
import type { AssetFacts, JumpserverFacts, NodeFacts, PushFacts } from './jumpserverAnswer.ts';
import { nodesAbove, type ExistingHost, type HostsFound } from './jumpserverHosts.ts';
import type { Remark } from './jumpserverRemark.ts';
import { plainName } from './jumpserverSource.ts';

export interface NewAccount {
  readonly name: string;
  readonly keys: readonly string[];
  readonly shell: string | null;
}

export interface NewGrant {
  readonly account: string;
  readonly hosts: readonly string[];
  readonly groups: readonly string[];
  readonly sudo: 'none' | 'all' | readonly string[];
  readonly memberOf: readonly string[];
  readonly until: string | null;
  readonly by: string;
}

export interface GrantsFound {
  readonly accounts: readonly NewAccount[];
  readonly grants: readonly NewGrant[];
  readonly remarks: readonly Remark[];
}

export interface GrantsAsked {
  readonly facts: JumpserverFacts;
  readonly hosts: HostsFound;
  readonly existingHosts: readonly ExistingHost[];
  readonly existing: Grants;
  /** Public keys by account, as they were given. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** The JumpServer's name, which each grant bears. */
  readonly from: string;
}

/** JumpServer's default, which gives nothing that anybody could use. */
const SUDO_OF_NOTHING = '/bin/whoami';

export function grantsIn(asked: GrantsAsked): GrantsFound {
  const reach = reachOf(asked);
  const accounts = new Map<string, NewAccount>();
  const grants: NewGrant[] = [];
  const remarks: Remark[] = [];
  const refused = new Map<string, string>();
  const seen = new Set<string>();
  for (const push of asked.facts.pushes) {
    const { account: name } = push;
    const why = whyNoAccount(name, asked);
    if (why !== null) refused.set(name, why);
    const by = `JumpServer ${asked.from}: ${push.source}`;
    seen.add(by);
    const hosts = reach.hostsOf(push);
    if (why !== null) continue;
    if (hosts.size === 0) {
      remarks.push({
        kind: 'leftOut',
        what: 'grant',
        name: push.source,
        why: `no host for ${name} is in the inventory`,
      });
      continue;
    }
    const wish = takeable(push);
    remarks.push(...wish.remarks);
    const grant = { ...wish.grant, account: name, ...reach.named(push, hosts), until: push.until, by };
    const there = compare(grant, asked.existing.grants);
    remarks.push(remarkOf(there, push, name));
    if (there !== 'added') continue;
    grants.push(grant);
    if (!Object.hasOwn(asked.existing.accounts, name) && !accounts.has(name))
      accounts.set(name, { name, keys: asked.keys.get(name) ?? [], shell: wish.shell });
  }
  return {
    accounts: [...accounts.values()],
    grants,
    remarks: [...accountRemarks(accounts, refused, asked), ...remarks, ...goneRemarks(asked, seen)],
  };
}

function accountRemarks(
  added: ReadonlyMap<string, NewAccount>,
  refused: ReadonlyMap<string, string>,
  { facts, existing, keys }: GrantsAsked,
): readonly Remark[] {
  const wanted = new Set(facts.pushes.map(({ account }) => account));
  const kept = [...wanted].filter((name) => Object.hasOwn(existing.accounts, name) && !refused.has(name));
  return [
    ...[...added.values()].map(({ name, keys: { length } }): Remark => ({
      ...{ kind: 'added', what: 'account', name },
      why: `with ${String(length)} ${length === 1 ? 'key' : 'keys'} of --keys`,
    })),
    ...kept.map((name): Remark => {
      const has = existing.accounts[name]?.keys ?? [];
      const others = (keys.get(name) ?? []).filter((key) => !has.some((line) => isSameKey(line, key)));
      return others.length === 0
        ? { kind: 'kept', what: 'account', name, why: 'it is there' }
        : { kind: 'differs', what: 'account', name, why: 'a key of --keys is not among its keys' };
    }),
    ...[...refused].map(([name, why]): Remark => ({ kind: 'leftOut', what: 'account', name, why })),
  ];
}

function isSameKey(one: string, other: string): boolean {
  const bare = (line: string): string => line.split(/\s+/, 2).join(' ');
  return bare(one) === bare(other);
}

/** Grants that this JumpServer gave once. They are a person's to take out. */
function goneRemarks({ existing, from }: GrantsAsked, seen: ReadonlySet<string>): readonly Remark[] {
  const ours = existing.grants
    .flatMap(({ by }) => by ?? [])
    .filter((by) => by.startsWith(`JumpServer ${from}: `));
  return [...new Set(ours)]
    .filter((by) => !seen.has(by))
    .map((by) => ({
      ...{ kind: 'gone', what: 'grant', name: by.slice(`JumpServer ${from}: `.length) },
      why: 'JumpServer does not want it any more; take it out of grants.yaml, then look at garrison leftovers',
    }));
}

function whyNoAccount(name: string, { existing, keys }: GrantsAsked): string | null {
  if (name === '' || name.startsWith('@')) return 'it is no one account, but whoever logs in';
  if (!USER_PATTERN.test(name) || name.startsWith('__'))
    return 'it is no POSIX user name (a-z, 0-9, _ and -, at most 32)';
  const why = refusal({ name, keys: [] });
  if (why !== null) return why;
  if (Object.hasOwn(existing.accounts, name) || (keys.get(name) ?? []).length > 0) return null;
  return `its public key is not known, and JumpServer tells none: put ${name}.pub into a folder and name that with --keys`;
}

/** In the words that a push would be refused with; null where it would not. */
function refusal(wish: Parameters<typeof parseAccountWish>[0]): string | null {
  try {
    parseAccountWish(wish);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Takeable {
  readonly grant: Pick<NewGrant, 'sudo' | 'memberOf'>;
  readonly shell: string | null;
  readonly remarks: readonly Remark[];
}

/** Of what JumpServer gives beside the account: what Garrison can give, too. Never more. */
function takeable({ source, account: name, sudo, shell, groups }: PushFacts): Takeable {
  const rule = sudoOf(sudo);
  const asText = typeof rule === 'string' ? rule : rule.join(',');
  const isRule = refusal({ name, keys: [], sudo: asText }) === null;
  const named = wordsOf(groups);
  const taken = named.filter(
    (group) => USER_PATTERN.test(group) && refusal({ name, keys: [], groups: [group] }) === null,
  );
  const isShell = shell !== '' && refusal({ name, keys: [], shell }) === null;
  const note = (what: string): Remark => ({
    kind: 'note',
    what: 'grant',
    name: source,
    why: `${what} cannot be taken over; ${name} gets none of that`,
  });
  return {
    grant: { sudo: isRule ? rule : 'none', memberOf: taken },
    shell: isShell ? shell : null,
    remarks: [
      ...(isRule ? [] : [note(`its sudo rule "${plainName(sudo)}"`)]),
      ...named.filter((group) => !taken.includes(group)).map((group) => note(`group "${plainName(group)}"`)),
      ...(isShell || shell === '' ? [] : [note(`its shell "${plainName(shell)}"`)]),
    ],
  };
}

function sudoOf(written: string): NewGrant['sudo'] {
  const commands = wordsOf(written);
  if (commands.includes('ALL')) return 'all';
  return commands.length === 0 || written.trim() === SUDO_OF_NOTHING ? 'none' : commands;
}

function wordsOf(written: string): readonly string[] {
  return [...new Set(written.split(',').map((word) => word.trim()))].filter((word) => word !== '');
}

interface Reach {
  readonly hostsOf: (push: PushFacts) => ReadonlySet<string>;
  readonly named: (push: PushFacts, hosts: ReadonlySet<string>) => Pick<NewGrant, 'hosts' | 'groups'>;
}

/** Which hosts a push reaches, and how a grant names just these. */
function reachOf({ facts, hosts, existingHosts }: GrantsAsked): Reach {
  const assetsIn = assetsByNode(facts.nodes, facts.assets);
  const members = new Map<string, string[]>();
  for (const { name, groups } of [...existingHosts, ...hosts.added])
    for (const group of groups) members.set(group, [...(members.get(group) ?? []), name]);
  return {
    hostsOf: ({ account, assetIds, nodeIds, onlyAssetIds }) => {
      const ids = [...assetIds, ...nodeIds.flatMap((id) => assetsIn.get(id) ?? [])];
      const meant = ids.filter(
        (id) => (onlyAssetIds?.has(id) ?? true) && !facts.untouchable.has(`${id}/${account}`),
      );
      return new Set(meant.flatMap((id) => hosts.nameOf.get(id) ?? []));
    },
    named: ({ nodeIds }, wanted) => {
      const groups = nodeIds
        .flatMap((id) => hosts.groupOf.get(id) ?? [])
        .filter((group) => {
          const all = members.get(group) ?? [];
          return all.length > 0 && all.every((name) => wanted.has(name));
        });
      const covered = new Set(groups.flatMap((group) => members.get(group) ?? []));
      const rest = [...wanted].filter((name) => !covered.has(name));
      return { hosts: rest.sort(), groups: [...new Set(groups)].sort() };
    },
  };
}

function assetsByNode(
  nodes: readonly NodeFacts[],
  assets: readonly AssetFacts[],
): ReadonlyMap<string, readonly string[]> {
  const above = nodesAbove(nodes);
  const found = new Map<string, string[]>();
  for (const { id, nodeIds } of assets)
    for (const nodeId of new Set(nodeIds.flatMap((each) => above.get(each) ?? [each]))) {
      const list = found.get(nodeId) ?? [];
      list.push(id);
      found.set(nodeId, list);
    }
  return found;
}

/** By whom it is and for whom says which grant it is; all else may differ. */
function compare(grant: NewGrant, existing: readonly Grant[]): 'added' | 'kept' | 'differs' {
  const same = existing.filter(({ by, accounts }) => by === grant.by && accounts.includes(grant.account));
  if (same.length === 0) return 'added';
  return same.some((each) => contentOf(each) === contentOf(grant)) ? 'kept' : 'differs';
}

function contentOf({
  hosts = [],
  groups = [],
  sudo,
  memberOf,
  until,
}: Omit<Grant, 'accounts' | 'endsAtMs'> | NewGrant): string {
  const rule = typeof sudo === 'string' ? sudo : [...sudo].sort();
  return JSON.stringify([[...hosts].sort(), [...groups].sort(), rule, [...memberOf].sort(), until ?? null]);
}

function remarkOf(there: 'added' | 'kept' | 'differs', { source }: PushFacts, account: string): Remark {
  const why = {
    added: `for ${account}`,
    kept: `for ${account}: it is there`,
    differs: `for ${account}: JumpServer's is not like the one in the file any more; compare them, or take that one out and import again`,
  }[there];
  return { kind: there, what: 'grant', name: source, why };
}

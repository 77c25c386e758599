/**
 * Reads the answers of a JumpServer of v3 or v4, where accounts stand on assets and automations push them.
 * A permission alone pushes nothing there: it counts only for accounts that were made from a template for it.
 */
import {
  choiceOf,
  fieldsOf,
  idOf,
  idsOf,
  listOf,
  nameOf,
  nodesIn,
  objectsIn,
  protocolsOf,
  textOf,
  whyNotInForce,
  type AssetFacts,
  type Fields,
  type JumpserverAnswers,
  type JumpserverFacts,
  type LeftOut,
  type PushFacts,
} from './jumpserverAnswer.ts';
import { momentMs } from './jumpserverMoment.ts';
import { sourceOf, untilOf } from './jumpserverSource.ts';

interface Account {
  readonly assetId: string;
  readonly name: string;
  readonly isPrivileged: boolean;
  readonly isActive: boolean;
  readonly isFromTemplate: boolean;
}

export function factsOfV3(answers: JumpserverAnswers, nowMs: number): JumpserverFacts {
  const accounts = objectsIn(answers.accounts).map(accountOf);
  const privileged = accounts.filter(({ isPrivileged }) => isPrivileged);
  const inactive = accounts.filter(({ isActive, isPrivileged }) => !isActive && !isPrivileged);
  const made = assetsByName(accounts.filter(({ isFromTemplate }) => isFromTemplate));
  const ways = namesByAsset(privileged);
  const read = [
    ...objectsIn(answers.automations).map(pushesOfAutomation),
    ...objectsIn(answers.permissions).map((permission) => pushesOfPermission(permission, made, nowMs)),
  ];
  return {
    nodes: nodesIn(answers.nodes),
    assets: objectsIn(answers.assets).map((asset) => assetOf(asset, ways)),
    pushes: read.flatMap(({ pushes }) => pushes),
    untouchable: new Set([...privileged, ...inactive].map(({ assetId, name }) => `${assetId}/${name}`)),
    leftOut: [
      ...counted(privileged, 'privileged: the way in to the hosts, not an account for people'),
      ...counted(inactive, 'switched off in JumpServer'),
      ...read.flatMap(({ leftOut }) => leftOut),
    ],
  };
}

function accountOf(account: Fields): Account {
  return {
    assetId: idOf(account['asset']),
    name: textOf(account['username']),
    isPrivileged: account['privileged'] === true,
    isActive: account['is_active'] !== false,
    isFromTemplate: choiceOf(account['source']) === 'template',
  };
}

type Index = ReadonlyMap<string, ReadonlySet<string>>;

function assetsByName(accounts: readonly Account[]): Index {
  return indexed(accounts.map(({ name, assetId }) => [name, assetId]));
}

function namesByAsset(accounts: readonly Account[]): Index {
  return indexed(accounts.map(({ name, assetId }) => [assetId, name]));
}

function indexed(pairs: readonly (readonly [string, string])[]): Index {
  const index = new Map<string, Set<string>>();
  for (const [key, value] of pairs) {
    const values = index.get(key) ?? new Set();
    index.set(key, values.add(value));
  }
  return index;
}

/** One line for an account, on however many hosts it is so. */
function counted(accounts: readonly Account[], why: string): readonly LeftOut[] {
  const hosts = new Map<string, number>();
  for (const { name } of accounts) hosts.set(name, (hosts.get(name) ?? 0) + 1);
  return [...hosts].map(([name, count]) => ({
    what: 'account',
    name,
    why: `${why}, on ${String(count)} ${count === 1 ? 'host' : 'hosts'}`,
  }));
}

function assetOf(asset: Fields, privileged: Index): AssetFacts {
  const id = idOf(asset);
  const ways = [...(privileged.get(id) ?? [])];
  const [way = null] = ways;
  const gateway = nameOf(asset['zone'] ?? asset['domain']);
  const type = choiceOf(asset['type']);
  return {
    id,
    name: textOf(asset['name']),
    address: textOf(asset['address']),
    protocols: protocolsOf(asset),
    isActive: asset['is_active'] !== false,
    platform: type === '' ? nameOf(asset['platform']) : type,
    nodeIds: idsOf(asset['nodes']),
    gateway: gateway === '' ? null : gateway,
    loginUser: ways.length === 1 ? way : null,
  };
}

interface Read {
  readonly pushes: readonly PushFacts[];
  readonly leftOut: readonly LeftOut[];
}

function pushesOfAutomation(automation: Fields): Read {
  const name = `push automation ${textOf(automation['name'])}`;
  if (automation['is_active'] === false)
    return { pushes: [], leftOut: [{ what: 'grant', name, why: 'it is switched off in JumpServer' }] };
  const params = fieldsOf(automation['params']);
  const posix = fieldsOf(params['push_account_posix'] ?? params);
  const named = listOf(automation['accounts']).map(textOf);
  // The first versions of v3 had one user name instead of the list.
  const users = named.length > 0 ? named : [textOf(automation['username'])];
  const pushes = distinct(users).map((account): PushFacts => ({
    source: sourceOf('push automation', automation),
    account,
    assetIds: idsOf(automation['assets']),
    nodeIds: idsOf(automation['nodes']),
    onlyAssetIds: null,
    sudo: textOf(posix['sudo']),
    shell: textOf(posix['shell']),
    groups: textOf(posix['groups']),
    until: null,
  }));
  const none: LeftOut = { what: 'grant', name, why: 'it names no account' };
  return { pushes, leftOut: pushes.length === 0 ? [none] : [] };
}

function pushesOfPermission(permission: Fields, templated: Index, nowMs: number): Read {
  const name = `permission ${textOf(permission['name'])}`;
  const why = whyNotInForce(permission, nowMs, momentMs);
  if (why !== null) return { pushes: [], leftOut: [{ what: 'grant', name, why }] };
  // Those that begin otherwise are no names: @ALL, @USER, @SPEC, %TEMPLATE, !EXCLUDED.
  const users = distinct(listOf(permission['accounts']).map(textOf)).filter((user) => /^\w/.test(user));
  const pushes = users.flatMap((account): readonly PushFacts[] => {
    const made = templated.get(account);
    if (made === undefined) return [];
    return [
      {
        source: sourceOf('permission', permission),
        account,
        assetIds: idsOf(permission['assets']),
        nodeIds: idsOf(permission['nodes']),
        onlyAssetIds: made,
        ...{ sudo: '', shell: '', groups: '' },
        until: untilOf(permission, nowMs),
      },
    ];
  });
  const none: LeftOut = { what: 'grant', name, why: 'it lets people log in, and pushes no account' };
  return { pushes, leftOut: pushes.length === 0 ? [none] : [] };
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => name !== '');
}

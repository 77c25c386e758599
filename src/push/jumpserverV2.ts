/**
 * Reads the answers of a JumpServer of v2, where *system users* are pushed to the assets that permissions give them.
 * It believes permissions alone: v2 keeps pushing what was revoked, and that is not to be carried over.
 */
import {
  fieldsOf,
  idOf,
  idsOf,
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

export function factsOfV2(answers: JumpserverAnswers, nowMs: number): JumpserverFacts {
  const systemUsers = new Map(objectsIn(answers.systemUsers).map((user) => [idOf(user), user]));
  const admins = new Map(
    [...objectsIn(answers.adminUsers), ...systemUsers.values()].map((user) => [
      idOf(user),
      textOf(user['username']),
    ]),
  );
  const assets = objectsIn(answers.assets).map((asset) => assetOf(asset, admins));
  const refused = [...systemUsers.values()].flatMap((user): readonly LeftOut[] => {
    const why = whyNotPushed(user);
    return why === null ? [] : [{ what: 'account', name: labelOf(user), why }];
  });
  const read = objectsIn(answers.permissions).map((permission) => pushesOf(permission, systemUsers, nowMs));
  return {
    nodes: nodesIn(answers.nodes),
    assets,
    pushes: read.flatMap(({ pushes }) => pushes),
    untouchable: new Set(
      assets.flatMap(({ id, loginUser }) => (loginUser === null ? [] : [`${id}/${loginUser}`])),
    ),
    leftOut: [...refused, ...read.flatMap(({ leftOut }) => leftOut)],
  };
}

function assetOf(asset: Fields, admins: ReadonlyMap<string, string>): AssetFacts {
  const admin = admins.get(idOf(asset['admin_user'])) ?? '';
  const domain = asset['domain_display'] ?? asset['domain'];
  const gateway = nameOf(domain);
  return {
    id: idOf(asset),
    name: textOf(asset['hostname']),
    address: textOf(asset['ip']),
    protocols: protocolsOf(asset),
    isActive: asset['is_active'] !== false,
    platform: nameOf(asset['platform']),
    nodeIds: idsOf(asset['nodes']),
    gateway: gateway === '' ? null : gateway,
    loginUser: admin === '' ? null : admin,
  };
}

function labelOf(systemUser: Fields): string {
  return `system user ${textOf(systemUser['name'])}`;
}

/** Why JumpServer itself pushes nobody by it; null where it does. */
function whyNotPushed(user: Fields): string | null {
  const type = textOf(user['type']);
  if (type === 'admin') return 'it is privileged: the way in to the hosts, not an account for people';
  const protocol = textOf(user['protocol']);
  if (protocol !== 'ssh') return `its protocol is ${protocol === '' ? 'not told' : protocol}, not ssh`;
  if (user['username_same_with_user'] === true)
    return 'it is named like whoever logs in, so it is no one account; name those people in grants.yaml by hand';
  if (textOf(user['login_mode']) === 'manual')
    return 'people type its password themselves; nothing is pushed';
  const isPushed = user['auto_push_account'] === true || user['auto_push'] === true;
  return isPushed ? null : 'JumpServer does not push it (auto push is off)';
}

interface Read {
  readonly pushes: readonly PushFacts[];
  readonly leftOut: readonly LeftOut[];
}

function pushesOf(permission: Fields, systemUsers: ReadonlyMap<string, Fields>, nowMs: number): Read {
  const name = `permission ${textOf(permission['name'])}`;
  const why = whyNotInForce(permission, nowMs, momentMs);
  if (why !== null) return { pushes: [], leftOut: [{ what: 'grant', name, why }] };
  const users = idsOf(permission['system_users']).map((id) => fieldsOf(systemUsers.get(id)));
  const pushes = users
    .filter((user) => idOf(user) !== '' && whyNotPushed(user) === null)
    .map((user): PushFacts => ({
      source: sourceOf('permission', permission, textOf(user['name'])),
      account: textOf(user['username']),
      assetIds: idsOf(permission['assets']),
      nodeIds: idsOf(permission['nodes']),
      onlyAssetIds: null,
      sudo: textOf(user['sudo']),
      shell: textOf(user['shell']),
      groups: textOf(user['system_groups']),
      until: untilOf(permission, nowMs),
    }));
  const none: LeftOut = { what: 'grant', name, why: 'none of its system users is pushed' };
  return { pushes, leftOut: pushes.length === 0 ? [none] : [] };
}

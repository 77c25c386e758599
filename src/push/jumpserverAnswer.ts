/**
 * What is read from a JumpServer, whatever its version, and how its answers are taken apart without trusting their shape.
 * It holds no secret: no field that could carry one is ever looked at.
 */

/** Which API answered: `system users` are v2, `accounts` v3 and v4. */
export type JumpserverVersion = 'v2' | 'v3' | 'v4';

/** The items of each list as they came. */
export interface JumpserverAnswers {
  readonly version: JumpserverVersion;
  readonly nodes: readonly unknown[];
  readonly assets: readonly unknown[];
  readonly permissions: readonly unknown[];
  /** Of v2 alone. */
  readonly systemUsers: readonly unknown[];
  /** Of v2 before its admin users became system users. */
  readonly adminUsers: readonly unknown[];
  /** Of v3 and v4 alone. */
  readonly accounts: readonly unknown[];
  /** Of v3 and v4 alone: automations that push accounts. */
  readonly automations: readonly unknown[];
}

export interface NodeFacts {
  readonly id: string;
  /** `1:4:2`: a node's key begins with that of the node above it. */
  readonly key: string;
  /** From below the root on; empty for the root itself. */
  readonly path: readonly string[];
}

export interface AssetFacts {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly protocols: readonly { readonly name: string; readonly port: number }[];
  readonly isActive: boolean;
  readonly platform: string;
  readonly nodeIds: readonly string[];
  /** The name of what stands before it (a domain or zone), or null. */
  readonly gateway: string | null;
  /** Whom JumpServer itself logs in as to make accounts there; null where that is not one account. */
  readonly loginUser: string | null;
}

/** One account that JumpServer pushes, and where. */
export interface PushFacts {
  /** What says so, such as `permission web (id)`. */
  readonly source: string;
  readonly account: string;
  readonly assetIds: readonly string[];
  readonly nodeIds: readonly string[];
  /** Of those, only these; null for all. */
  readonly onlyAssetIds: ReadonlySet<string> | null;
  /** As JumpServer has it: `ALL`, or commands with commas. */
  readonly sudo: string;
  readonly shell: string;
  /** With commas. */
  readonly groups: string;
  /** As a moment of grants.yaml; null for never. */
  readonly until: string | null;
}

export interface LeftOut {
  readonly what: 'host' | 'group' | 'account' | 'grant';
  readonly name: string;
  readonly why: string;
}

export interface JumpserverFacts {
  readonly nodes: readonly NodeFacts[];
  readonly assets: readonly AssetFacts[];
  readonly pushes: readonly PushFacts[];
  /** `asset id/user name` of accounts that are JumpServer's own way in, or switched off. */
  readonly untouchable: ReadonlySet<string>;
  readonly leftOut: readonly LeftOut[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** Those of the items that are objects, each id once; what else a server may send there says nothing. */
export function objectsIn(items: readonly unknown[]): readonly Fields[] {
  const seen = new Set<string>();
  return items.filter(isObject).filter((item) => {
    const id = idOf(item);
    if (id === '') return true;
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew;
  });
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Longer than any name or address there is. */
const LONGEST_TEXT = 1024;

/** Empty where there is none. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : '';
}

/** A choice is a word, or since v3 `{ value, label }`. */
export function choiceOf(value: unknown): string {
  return isObject(value) ? textOf(value['value']) : textOf(value);
}

/** What a field refers to: an id, or since v3 `{ id, name }`. */
export function idOf(value: unknown): string {
  return isObject(value) ? textOf(value['id']) : textOf(value);
}

export function nameOf(value: unknown): string {
  return isObject(value) ? textOf(value['name']) : textOf(value);
}

export function idsOf(value: unknown): readonly string[] {
  return listOf(value)
    .map(idOf)
    .filter((id) => id !== '');
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** v2 `["ssh/22"]` or, through a fault of some of its versions, one text with that in it; before that two fields; since v3 a list of objects. */
export function protocolsOf(asset: Fields): AssetFacts['protocols'] {
  const { protocols } = asset;
  const written = typeof protocols === 'string' ? [protocols] : listOf(protocols);
  const found = written.flatMap((one) =>
    isObject(one)
      ? [{ name: textOf(one['name']).toLowerCase(), port: Number(textOf(one['port'])) }]
      : [...textOf(one).matchAll(/([a-z][a-z0-9]*)\/(\d{1,5})/g)].map(([, name = '', port]) => ({
          name,
          port: Number(port),
        })),
  );
  const old = textOf(asset['protocol']).toLowerCase();
  return found.length > 0 || old === '' ? found : [{ name: old, port: Number(textOf(asset['port'])) }];
}

/** Of `nodes`; where a list keeps back the names above a node, its full name has them. */
export function nodesIn(items: readonly unknown[]): readonly NodeFacts[] {
  const nodes = objectsIn(items).filter((node) => idOf(node) !== '');
  const names = new Map(nodes.map((node) => [textOf(node['key']), textOf(node['value'] ?? node['name'])]));
  return nodes.map((node) => {
    const key = textOf(node['key']);
    const full = textOf(node['full_value']);
    const steps = key.split(':');
    const above = steps.map((_, index) => names.get(steps.slice(0, index + 1).join(':')) ?? '');
    const path = full.startsWith('/') ? full.split('/').slice(2) : above.slice(1);
    return { id: idOf(node), key, path };
  });
}

/** Whether JumpServer lets it hold now; else why not. */
export function whyNotInForce(
  permission: Fields,
  nowMs: number,
  momentOf: (text: string) => number,
): string | null {
  if (permission['is_active'] === false) return 'it is switched off in JumpServer';
  const end = momentOf(textOf(permission['date_expired']));
  if (permission['is_expired'] === true || end <= nowMs) return 'it has expired';
  if (momentOf(textOf(permission['date_start'])) > nowMs) return 'it has not begun';
  return permission['is_valid'] === false ? 'JumpServer calls it not valid' : null;
}

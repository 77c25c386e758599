/**
 * Works out which assets of a JumpServer become hosts of inventory.yaml, under which name, and in which groups.
 * It changes nothing that the file has, invents no host key, and takes no two names for one machine.
 */
import { ADDRESS_PATTERN, NAME_PATTERN, USER_PATTERN } from '../names.ts';
import type { AssetFacts, JumpserverFacts, NodeFacts } from './jumpserverAnswer.ts';
import type { Remark } from './jumpserverRemark.ts';

/** A host that inventory.yaml has. */
export interface ExistingHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly groups: readonly string[];
  /** Reached over another host, so that its address says nothing of which machine it is. */
  readonly isBehind: boolean;
}

export interface NewHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly groups: readonly string[];
}

export interface HostsFound {
  readonly added: readonly NewHost[];
  /** Asset id → its name in inventory.yaml. */
  readonly nameOf: ReadonlyMap<string, string>;
  /** Node id → its name as a group. */
  readonly groupOf: ReadonlyMap<string, string>;
  readonly remarks: readonly Remark[];
}

export type NameBy = 'name' | 'address';

export function hostsIn(
  facts: Pick<JumpserverFacts, 'nodes' | 'assets'>,
  existing: readonly ExistingHost[],
  nameBy: NameBy,
): HostsFound {
  const groups = groupNames(facts.nodes);
  const above = nodesAbove(facts.nodes);
  const book = new Book(existing, facts.assets, nameBy);
  for (const asset of facts.assets) {
    const ids = new Set(asset.nodeIds.flatMap((id) => above.get(id) ?? []));
    const inGroups = [...ids].flatMap((id) => groups.nameOf.get(id) ?? []);
    book.enter(asset, [...new Set(inGroups)].sort());
  }
  const { added, nameOf, remarks } = book;
  return { added, nameOf, groupOf: groups.nameOf, remarks: [...groups.remarks, ...remarks] };
}

/** What is taken, as the assets come one after the other. */
class Book {
  readonly added: NewHost[] = [];
  readonly nameOf = new Map<string, string>();
  readonly remarks: Remark[] = [];
  readonly #byName: Map<string, Pick<ExistingHost, 'name' | 'address' | 'port' | 'groups'>>;
  /** `address:port` → the name it has. */
  readonly #byMachine = new Map<string, string>();
  readonly #assets: ReadonlyMap<string, readonly AssetFacts[]>;
  readonly #nameBy: NameBy;

  constructor(existing: readonly ExistingHost[], assets: readonly AssetFacts[], nameBy: NameBy) {
    this.#byName = new Map(existing.map((host) => [host.name, host]));
    for (const host of existing) if (!host.isBehind) this.#byMachine.set(machineOf(host), host.name);
    this.#assets = byMachine(assets);
    this.#nameBy = nameBy;
  }

  enter(asset: AssetFacts, groups: readonly string[]): void {
    const name = asset[this.#nameBy];
    const port = sshPortOf(asset);
    const why = whyNoHost(asset, name, port);
    if (why !== null || port === null) {
      this.#remark('leftOut', asset.name === '' ? asset.address : asset.name, why ?? 'it has no ssh');
      return;
    }
    const { address } = asset;
    const there = this.#byName.get(name);
    const same = this.#byMachine.get(machineOf({ address, port }));
    if (there !== undefined) this.#compare(asset, there, { port, groups });
    else if (same !== undefined) this.#sameMachine(asset, same, machineOf({ address, port }));
    else this.#add(asset, { name, address, port, user: loginOf(asset), groups });
  }

  #compare(
    asset: AssetFacts,
    there: Pick<ExistingHost, 'name' | 'address' | 'port' | 'groups'>,
    { port, groups }: { readonly port: number; readonly groups: readonly string[] },
  ): void {
    const { name } = there;
    const machine = machineOf({ address: asset.address, port });
    if (machineOf(there) !== machine) {
      const why = `JumpServer has ${machine} under this name, the inventory ${machineOf(there)}; no grant is imported for it`;
      this.#remark('differs', name, why);
      return;
    }
    this.nameOf.set(asset.id, name);
    const missing = groups.filter((group) => !there.groups.includes(group));
    if (missing.length === 0) this.#remark('kept', name, 'it is there');
    else this.#remark('differs', name, `JumpServer also has it in ${missing.join(', ')}`);
  }

  /** The same address behind two gateways is two machines; what is decided here must not depend on which came first. */
  #sameMachine(asset: AssetFacts, taken: string, machine: string): void {
    const others = this.#assets.get(machine) ?? [];
    const isSame =
      others.every(({ gateway }) => gateway === asset.gateway) &&
      (asset.gateway === null || others.some((other) => other[this.#nameBy] === taken));
    if (!isSame) {
      const why = `${taken} has ${machine}, too, and may be another machine behind another gateway`;
      this.#remark('leftOut', asset.name, why);
      return;
    }
    this.nameOf.set(asset.id, taken);
    this.#remark('kept', asset.name, `it is there as ${taken}, which is ${machine}`);
  }

  #add(asset: AssetFacts, host: NewHost): void {
    this.added.push(host);
    this.nameOf.set(asset.id, host.name);
    this.#byName.set(host.name, host);
    this.#byMachine.set(machineOf(host), host.name);
    this.#remark('added', host.name, `${host.user}@${machineOf(host)}`);
    if (asset.gateway === null) return;
    const why = 'JumpServer goes there over a gateway; where Garrison must, too, give it jump:';
    this.#remark('note', host.name, why);
  }

  #remark(kind: Remark['kind'], name: string, why: string): void {
    this.remarks.push({ kind, what: 'host', name, why });
  }
}

function byMachine(assets: readonly AssetFacts[]): ReadonlyMap<string, readonly AssetFacts[]> {
  const found = new Map<string, AssetFacts[]>();
  for (const asset of assets) {
    const machine = machineOf({ address: asset.address, port: sshPortOf(asset) ?? 0 });
    found.set(machine, [...(found.get(machine) ?? []), asset]);
  }
  return found;
}

function sshPortOf({ protocols }: AssetFacts): number | null {
  return protocols.find(({ name }) => name === 'ssh')?.port ?? null;
}

function machineOf({ address, port }: Pick<NewHost, 'address' | 'port'>): string {
  return `${address.toLowerCase()}:${String(port)}`;
}

function loginOf({ loginUser }: AssetFacts): string {
  return loginUser !== null && USER_PATTERN.test(loginUser) ? loginUser : 'root';
}

function whyNoHost(
  asset: Pick<AssetFacts, 'id' | 'address' | 'platform' | 'isActive'>,
  name: string,
  port: number | null,
): string | null {
  const { address, platform, isActive } = asset;
  if (asset.id === '') return 'JumpServer gives it no id';
  if (!isActive) return 'it is switched off in JumpServer';
  if (/^windows/i.test(platform)) return 'it is a Windows, and accounts are pushed to POSIX hosts only';
  if (port === null) return 'it has no ssh among its protocols';
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'its ssh has no port';
  if (!ADDRESS_PATTERN.test(address)) return 'its address is no IP address and no DNS name';
  if (NAME_PATTERN.test(name)) return null;
  return 'its name is no host name (letters, digits, dots, _ and -, at most 63); rename it there, or use --name-by address';
}

/** Two nodes that would be one group are none: a grant to the one would reach the hosts of the other. */
function groupNames(nodes: readonly NodeFacts[]): {
  readonly nameOf: ReadonlyMap<string, string>;
  readonly remarks: readonly Remark[];
} {
  const written = nodes
    .filter(({ path }) => path.length > 0)
    .map(({ id, path }) => ({
      id,
      path,
      name: path.map((step) => step.trim().replace(/\s+/g, '-')).join('.'),
    }));
  const uses = new Map<string, number>();
  for (const { name } of written) uses.set(name, (uses.get(name) ?? 0) + 1);
  const nameOf = new Map<string, string>();
  const remarks: Remark[] = [];
  for (const { id, path, name } of written) {
    const isGood = NAME_PATTERN.test(name);
    if (isGood && uses.get(name) === 1) nameOf.set(id, name);
    else {
      const why = isGood ? 'another node would be the same group' : 'its name is no group name';
      const then = `${why}; grants to it name its hosts instead`;
      remarks.push({ kind: 'leftOut', what: 'group', name: path.join('/'), why: then });
    }
  }
  return { nameOf, remarks };
}

/** Each node with all above it: a host of `web/front` is one of `web`, too. */
export function nodesAbove(nodes: readonly NodeFacts[]): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map(nodes.filter(({ key }) => key !== '').map(({ key, id }) => [key, id]));
  return new Map(
    nodes.map(({ id, key }) => {
      const steps = key.split(':').slice(0, -1);
      const above = steps.flatMap((_, index) => byKey.get(steps.slice(0, index + 1).join(':')) ?? []);
      return [id, [...new Set([...above, id])]];
    }),
  );
}

/**
 * Puts what the grants want into rows: an account with one wish by the same grants is one row, with all its hosts.
 * It judges no grant.
 */
import type { GrantedBy, Wanted } from '../../supervisor/door.ts';

export interface GrantRow {
  readonly key: string;
  readonly account: Wanted['account'];
  readonly grants: readonly GrantedBy[];
  readonly hosts: readonly string[];
}

export function grantRows(wanted: readonly Wanted[]): readonly GrantRow[] {
  const rows = new Map<string, Omit<GrantRow, 'hosts'> & { hosts: string[] }>();
  for (const { host, account, grants } of wanted) {
    const key = JSON.stringify([account, grants]);
    const row = rows.get(key) ?? { key, account, grants, hosts: [] };
    row.hosts.push(host);
    rows.set(key, row);
  }
  return [...rows.values()];
}

/** By account, host, group, or whoever granted it. */
export function fitsGrant({ account, grants, hosts }: GrantRow, text: string): boolean {
  const said = [
    account.name,
    ...hosts,
    ...account.groups,
    ...grants.map(({ by, group }) => `${by ?? ''} ${group ?? ''}`),
  ];
  return said.join(' ').toLowerCase().includes(text.trim().toLowerCase());
}

/**
 * Knows the hosts of the inventory and the practice hosts, and which of them have an accepted key.
 * It accepts a key only when given the fingerprint that was shown, and never connects to run anything.
 */
import { GarrisonError } from '../errors.ts';
import type { HostAddress } from '../push/job.ts';
import {
  acceptedKeys,
  acceptHostKey,
  inventoryFile,
  scanHostKeys,
  trustedFile,
  writeInventoryKeys,
  type HostKey,
} from './hostKeys.ts';

export interface BookHost extends HostAddress {
  readonly hostKeys: readonly string[];
  readonly groups: readonly string[];
  readonly practice: boolean;
}

export interface ListedHost extends HostAddress {
  readonly groups: readonly string[];
  readonly state: 'trusted' | 'untrusted';
  readonly detail: string;
  readonly practice: boolean;
}

export class HostBook {
  readonly #homeDir: string;
  readonly #timeoutMs: number;
  #hosts: ReadonlyMap<string, BookHost>;
  #trusted = new Map<string, string[]>();

  /** Call `load` before use. */
  constructor(homeDir: string, hosts: readonly BookHost[], timeoutMs: number) {
    this.#homeDir = homeDir;
    this.#timeoutMs = timeoutMs;
    this.#hosts = new Map(hosts.map((host) => [host.name, host]));
  }

  get knownHostsFiles(): string[] {
    return [inventoryFile(this.#homeDir), trustedFile(this.#homeDir)];
  }

  async load(): Promise<void> {
    await this.replace(this.hosts());
  }

  hosts(): readonly BookHost[] {
    return [...this.#hosts.values()];
  }

  /** All of them, in place of those before; rejects when their keys cannot be written, and then nothing has changed. */
  async replace(hosts: readonly BookHost[]): Promise<void> {
    await writeInventoryKeys(this.#homeDir, hosts);
    this.#trusted = await acceptedKeys(this.knownHostsFiles);
    this.#hosts = new Map(hosts.map((host) => [host.name, host]));
  }

  address(name: string): HostAddress | null {
    return this.#hosts.get(name) ?? null;
  }

  list(): ListedHost[] {
    return [...this.#hosts.values()].map((host): ListedHost => {
      const { name, address, port, user, groups, practice } = host;
      const trusted = this.#trusted.has(name);
      const detail = trusted
        ? practice
          ? 'A sandbox on this machine; it goes away with the supervisor.'
          : 'Its host key is known and checked at every connection.'
        : `Its host key is not known yet: garrison trust ${name}`;
      return {
        name,
        address,
        port,
        user,
        groups,
        practice,
        state: trusted ? 'trusted' : 'untrusted',
        detail,
      };
    });
  }

  async scan(name: string): Promise<(HostKey & { alreadyTrusted: boolean })[]> {
    const keys = await scanHostKeys(this.#find(name), this.#timeoutMs);
    const known = this.#trusted.get(name) ?? [];
    return keys.map((key) => ({ ...key, alreadyTrusted: known.includes(key.line) }));
  }

  /** The host is asked again: only a key that it shows now and that has this fingerprint is accepted. */
  async trust(name: string, fingerprint: string): Promise<void> {
    const key = (await this.scan(name)).find((each) => each.fingerprint === fingerprint);
    if (key === undefined) {
      throw new GarrisonError(
        'HOST_KEY_UNAVAILABLE',
        `host ${name} shows no key with the fingerprint ${fingerprint}; nothing was accepted`,
        {
          cure: `Look at what it shows now: garrison trust ${name}`,
        },
      );
    }
    if (key.alreadyTrusted) return;
    await acceptHostKey(this.#homeDir, name, key);
    this.#trusted = await acceptedKeys(this.knownHostsFiles);
  }

  #find(name: string): BookHost {
    const host = this.#hosts.get(name);
    if (host === undefined)
      throw new GarrisonError('HOST_UNKNOWN', `host ${name} is not in the inventory`, {
        cure: 'Add it to inventory.yaml.',
      });
    return host;
  }
}

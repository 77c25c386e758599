/**
 * Asks hosts for their keys and keeps the accepted ones in known_hosts files under the hosts' inventory names.
 * It accepts nothing by itself: a key becomes trusted by a person's word or by the inventory.
 */
import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GarrisonError } from '../errors.ts';
import type { HostAddress } from '../push/job.ts';
import { keepFile, setAside, type Keeping } from '../setAside.ts';
import { readEnd } from './fileEnd.ts';
import { runToEnd } from './runToEnd.ts';
import { writeDurably } from './durableFile.ts';

const TRUSTED = 'known_hosts';
const INVENTORY = 'known_hosts.inventory';
const LOOKED_AT_BYTES = 256 * 1024;

export interface HostKey {
  readonly type: string;
  /** `SHA256:…`, as ssh-keygen -l prints it. */
  readonly fingerprint: string;
  /** `type base64`. */
  readonly line: string;
}

/** Keys accepted with `garrison trust`. */
export function trustedFile(homeDir: string): string {
  return join(homeDir, TRUSTED);
}

/** Keys that the inventory names (and those of practice hosts); written anew at each start. */
export function inventoryFile(homeDir: string): string {
  return join(homeDir, INVENTORY);
}

/** Sets aside what is no file of keys: no host is trusted by it then. Throws HOME_UNUSABLE. */
export function keepHostKeys(keeping: Omit<Keeping, 'name'>): void {
  keepFile({ ...keeping, name: INVENTORY }, 'read');
  keepFile({ ...keeping, name: TRUSTED }, 'read');
  const { text } = readEnd(trustedFile(keeping.homeDir), LOOKED_AT_BYTES);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // One broken line among good ones is passed over, as ssh does.
  if (lines.length > 0 && !lines.some(isKeyLine))
    setAside({ ...keeping, name: TRUSTED }, 'holds no host key that can be read');
}

function isKeyLine(line: string): boolean {
  return line.startsWith('#') || /^(?:@\S+ )?\S+ (?:ssh|ecdsa|sk)-[\w@.-]+ [\w+/=]{40,}/.test(line);
}

/** Asks the host for its keys. Throws HOST_KEY_UNAVAILABLE when it gives none within the limit. */
export async function scanHostKeys(host: HostAddress, timeoutMs: number): Promise<HostKey[]> {
  const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
  const args = ['-T', seconds, '-p', String(host.port), '-t', 'ed25519,ecdsa,rsa', '--', host.address];
  const { stdout } = await runToEnd('ssh-keyscan', args, { timeoutMs: timeoutMs + 2_000 });
  const keys = stdout.flatMap((line) => {
    const [, type, base64] = line.startsWith('#') ? [] : line.split(' ');
    return type === undefined || base64 === undefined ? [] : [hostKey(`${type} ${base64}`)];
  });
  if (keys.length > 0) return keys;
  throw new GarrisonError(
    'HOST_KEY_UNAVAILABLE',
    `host ${host.name} (${host.address} port ${String(host.port)}) showed no host key`,
    {
      cure: 'Check its address and port in inventory.yaml, and that sshd runs there and a firewall lets this machine in.',
    },
  );
}

/** The names that have at least one accepted key, with their keys. */
export async function acceptedKeys(files: readonly string[]): Promise<Map<string, string[]>> {
  const accepted = new Map<string, string[]>();
  for (const file of files) {
    for (const line of (await readOrEmpty(file)).split('\n')) {
      const [name, type, base64] = line.split(' ');
      if (name === undefined || type === undefined || base64 === undefined) continue;
      accepted.set(name, [...(accepted.get(name) ?? []), `${type} ${base64}`]);
    }
  }
  return accepted;
}

export async function acceptHostKey(homeDir: string, hostName: string, key: HostKey): Promise<void> {
  const file = trustedFile(homeDir);
  const { text: last } = readEnd(file, 1);
  // A crash may have left half a line, to which nothing may be joined.
  const start = last === '' || last === '\n' ? '' : '\n';
  await appendFile(file, `${start}${hostName} ${key.line}\n`, { mode: 0o600 });
}

/** Writes the inventory's keys, one `name type base64` line each. */
export async function writeInventoryKeys(
  homeDir: string,
  hosts: readonly { readonly name: string; readonly hostKeys: readonly string[] }[],
): Promise<void> {
  const lines = hosts.flatMap(({ name, hostKeys }) =>
    hostKeys.map((key) => `${name} ${key.split(' ').slice(0, 2).join(' ')}\n`),
  );
  await writeDurably(inventoryFile(homeDir), lines.join(''));
}

export function hostKey(line: string): HostKey {
  const [type = '', base64 = ''] = line.split(' ');
  const digest = createHash('sha256')
    .update(Buffer.from(base64, 'base64'))
    .digest('base64')
    .replace(/=+$/, '');
  return { type, line: `${type} ${base64}`, fingerprint: `SHA256:${digest}` };
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

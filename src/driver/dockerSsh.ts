/**
 * Says how docker-modem reaches a Docker over SSH: as whom, with which key, and that the host must show a key that is known.
 * It trusts no host by itself; docker-modem alone would trust every one.
 */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { knownKeys } from './knownHosts.ts';

export interface SshTarget {
  readonly kind: 'ssh';
  /** `ssh://[user@]host[:port]`. */
  readonly url: string;
  readonly identityFile: string;
  readonly knownHostsFiles: readonly string[];
  /** Names in the inventory of the same address and port: `garrison trust` keeps keys under these. */
  readonly aliases: readonly string[];
}

export interface SshWay {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly sshOptions: object;
  /** A sentence: why the host's key was not accepted; null while it was. */
  readonly refusal: () => string | null;
}

export function sshWay(target: SshTarget): SshWay {
  const { username, hostname, port } = new URL(target.url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const at = { host, port: Number(port || 22) };
  let refusal: string | null = null;
  return {
    ...at,
    username: username === '' ? userInfo().username : decodeURIComponent(username),
    sshOptions: {
      privateKey: readFileSync(target.identityFile),
      readyTimeout: READY_WITHIN_MS,
      ...algorithmsFor(knownTo(target, at).accepted),
      hostVerifier: (key: Buffer): boolean => {
        refusal = refusalOf(key, target, at);
        return refusal === null;
      },
    },
    refusal: () => refusal,
  };
}

const READY_WITHIN_MS = 8_000;

interface At {
  readonly host: string;
  readonly port: number;
}

/** In every call: somebody may have accepted the key meanwhile. */
function knownTo({ knownHostsFiles, aliases }: SshTarget, { host, port }: At): ReturnType<typeof knownKeys> {
  const name = port === 22 ? host : `[${host}]:${String(port)}`;
  return knownKeys(knownHostsFiles, [name, ...aliases]);
}

/** A host shows one of its keys, and it should be one of those that are known. */
function algorithmsFor(accepted: readonly string[]): object {
  const types = accepted.map((key) => key.split(' ')[0] ?? '');
  const wanted = [...new Set(types)].flatMap((type) =>
    type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type],
  );
  const usable = wanted.filter((type) => HOST_KEY_TYPES.includes(type));
  return usable.length === 0 ? {} : { algorithms: { serverHostKey: usable } };
}

/** What ssh2 can check. */
const HOST_KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

function refusalOf(key: Buffer, target: SshTarget, at: At): string | null {
  const { accepted, revoked } = knownTo(target, at);
  const base64 = key.toString('base64');
  const isIn = (keys: readonly string[]): boolean => keys.some((line) => line.split(' ')[1] === base64);
  const where = `${at.host} port ${String(at.port)}`;
  if (isIn(revoked)) return `The host ${where} showed a key that is marked as revoked.`;
  if (isIn(accepted)) return null;
  const cure =
    target.aliases.length > 0
      ? `run garrison trust ${target.aliases[0] ?? ''}`
      : `put it into known_hosts in Garrison's home folder with ssh-keyscan -p ${String(at.port)} ${at.host}`;
  return accepted.length > 0
    ? `The host ${where} showed another key than the one that is known: it was set up anew, or somebody stands in between. If it was set up anew, remove its old key from known_hosts, check the new one and ${cure}.`
    : `The key of the host ${where} is not known. Check it and ${cure}.`;
}

/**
 * Says where the configuration has Docker: at a socket of this machine, at an address, or behind SSH.
 * It opens no connection.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { GarrisonConfig } from '../config.ts';
import type { DockerTarget } from './dockerTarget.ts';
import { inventoryFile, trustedFile } from './hostKeys.ts';

export function dockerTarget({ containers, home, ssh, hosts }: GarrisonConfig): DockerTarget {
  const { socket, host, certPath } = containers;
  if (host === null) return { kind: 'socket', path: socket };
  if (!host.startsWith('ssh:')) return { kind: 'host', url: host, certPath };
  const { hostname, port } = new URL(host);
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const same = hosts.filter((known) => known.address === address && known.port === Number(port || 22));
  return {
    kind: 'ssh',
    url: host,
    identityFile: ssh.identityFile,
    knownHostsFiles: [trustedFile(home), inventoryFile(home), join(homedir(), '.ssh', 'known_hosts')],
    aliases: same.map(({ name }) => name),
  };
}

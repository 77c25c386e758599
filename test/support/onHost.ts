/**
 * Logs in to a practice host the way a person would: the plain ssh client, one key, strict host key checking.
 * It never uses the machine's own ssh configuration, keys or known hosts.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  readonly identityFile: string;
  /** `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
}

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes a key pair in `folder` (once: a second call with the same name gives the same pair). */
export function makeKeyPair(folder: string, name = 'id_test'): KeyPair {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const identityFile = join(folder, name);
  if (!existsSync(`${identityFile}.pub`)) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', identityFile], {
      stdio: 'ignore',
    });
  }
  return { identityFile, publicKey: readFileSync(`${identityFile}.pub`, 'utf8').trim() };
}

export interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly hostKey: string;
}

export interface Login {
  readonly identityFile: string;
  readonly user?: string;
  readonly knownHostKey?: string;
}

/** What `ssh` is called with to run a shell that reads its script from standard input. */
export function sshShellArguments(host: Target, login: Login): string[] {
  const knownHosts = `${login.identityFile}.known-${host.name}-${String(host.port)}`;
  writeFileSync(knownHosts, `${host.name} ${login.knownHostKey ?? host.hostKey}\n`);
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    'LogLevel=ERROR',
    'ConnectTimeout=10',
  ];
  return [
    ...['-F', 'none', '-i', login.identityFile, '-p', String(host.port)],
    ...[...options, `HostKeyAlias=${host.name}`, `UserKnownHostsFile=${knownHosts}`].flatMap((option) => [
      '-o',
      option,
    ]),
    ...[`${login.user ?? 'root'}@${host.address}`, 'sh -s'],
  ];
}

/** Runs a script on the host (as root unless `user` is told) and gives back what it said; it never throws because of it. */
export function runOnHost(host: Target, script: string, login: Login): Promise<Said> {
  const args = sshShellArguments(host, login);
  return new Promise((resolve) => {
    const child = execFile('ssh', args, { timeout: 60_000 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ exitCode, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(script);
  });
}

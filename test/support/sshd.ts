/**
 * A real sshd of a test's own, on loopback, that lets one key in as root and gives it a PATH to find programs in.
 * It is nobody's host: what is run through it runs on this machine.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { tethered } from '../../src/tether.ts';
import { freePort } from './dockerImages.ts';
import { makeKeyPair } from './onHost.ts';
import { makeTempHome } from './tempHome.ts';
import { until } from './until.ts';

export interface TestSshd {
  readonly port: number;
  /** `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** How often a key was accepted so far. */
  logins(): number;
}

interface Context {
  after(end: () => Promise<void> | void): void;
}

export async function startTestSshd(
  parts: Context,
  { authorizedKey, path }: { readonly authorizedKey: string; readonly path: string },
): Promise<TestSshd> {
  const home = makeTempHome();
  const folder = home.path;
  const host = makeKeyPair(folder, 'host');
  const port = await freePort();
  const log = join(folder, 'log');
  mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(join(folder, 'authorized_keys'), `${authorizedKey}\n`, { mode: 0o600 });
  writeFileSync(log, '');
  const settings = [
    `ListenAddress 127.0.0.1:${String(port)}`,
    `HostKey ${host.identityFile}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `SetEnv PATH=${path}:${process.env.PATH ?? ''}`,
    ...['PidFile none', 'UsePAM no', 'StrictModes no', 'PasswordAuthentication no', 'PermitRootLogin yes'],
    ...['MaxStartups 100', 'LogLevel VERBOSE'],
  ];
  writeFileSync(join(folder, 'config'), `${settings.join('\n')}\n`);
  const command = tethered({
    file: '/usr/sbin/sshd',
    args: ['-D', '-f', join(folder, 'config'), '-E', log],
  });
  const child = spawn(command.file, command.args, { stdio: 'ignore', detached: true });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  parts.after(async () => {
    child.kill('SIGTERM');
    await exited;
    home.remove();
  });
  await until('sshd answers', () => answers(port));
  return {
    port,
    hostKey: host.publicKey.split(' ').slice(0, 2).join(' '),
    logins: () => readFileSync(log, 'utf8').split('Accepted publickey').length - 1,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('data', () => settle(true)).once('error', () => settle(false));
  });
}

/**
 * Writes what a practice host's sshd is started with: its host key, its configuration and the keys that may log in.
 * It never starts anything that stays, and never reads a private key.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { GarrisonError } from '../errors.ts';
import { runToEnd } from './runToEnd.ts';

/** The folder of one practice host, and what is known of it before it starts. */
export interface PracticeStage {
  readonly name: string;
  readonly folder: string;
  /** `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
}

/** Makes `<homeDir>/practice/<name>/` ready; the host key of an earlier start is kept, so that it stays trusted. */
export async function prepareStage(request: {
  homeDir: string;
  name: string;
  authorizedKeys: readonly string[];
}): Promise<PracticeStage> {
  const folder = join(request.homeDir, 'practice', request.name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keyFile = join(folder, 'host_key');
  if (!existsSync(`${keyFile}.pub`)) await makeHostKey(keyFile);
  writeFileSync(join(folder, 'authorized_keys'), `${request.authorizedKeys.join('\n')}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'pam_sshd'), PAM_SSHD);
  const [type, key] = readFileSync(`${keyFile}.pub`, 'utf8').split(' ');
  return { name: request.name, folder, hostKey: `${type ?? ''} ${key?.trim() ?? ''}` };
}

export function writeSshdConfig(stage: PracticeStage, port: number): void {
  writeFileSync(join(stage.folder, 'sshd_config'), sshdConfig(port));
}

/** Takes away what `prepareStage` and `writeSshdConfig` wrote; the host key stays. */
export function clearStage(stage: PracticeStage): void {
  for (const file of ['authorized_keys', 'pam_sshd', 'sshd_config'])
    rmSync(join(stage.folder, file), { force: true });
}

/** Only what key login needs: the machine's own list would run its message of the day and look for a session manager. */
const PAM_SSHD = `auth required pam_unix.so
account required pam_nologin.so
account required pam_unix.so
password required pam_unix.so
session required pam_unix.so
`;

async function makeHostKey(keyFile: string): Promise<void> {
  rmSync(keyFile, { force: true });
  const ended = await runToEnd('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    'practice',
    '-f',
    keyFile,
  ]);
  if (ended.exitCode === 0) return;
  throw new GarrisonError(
    'PRACTICE_UNAVAILABLE',
    `ssh-keygen could not make ${keyFile}: ${ended.lines.join(' ')}`,
    {
      cure: 'Install the package openssh-client and look whether the folder can be written to.',
    },
  );
}

function sshdConfig(port: number): string {
  return `ListenAddress 127.0.0.1
Port ${String(port)}
HostKey /etc/ssh/practice_host_key
PidFile none
LogLevel INFO
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
PrintMotd no
PrintLastLog no
UseDNS no
X11Forwarding no
AcceptEnv LANG LC_*
KexAlgorithms curve25519-sha256
LoginGraceTime 30
MaxStartups 500
MaxSessions 100
Subsystem sftp internal-sftp
`;
}

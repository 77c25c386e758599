/**
 * Says with which arguments the OpenSSH client is run for a task.
 * It leaves nothing to configuration files, agents or questions; no data of an account is ever among the arguments.
 */
import type { PushTask } from '../push/job.ts';

/**
 * `command` is what the host's login shell runs. The task has passed push/wire.ts taskProblem.
 * With a `controlPath` the connection that is open there is used, and a new one made when nobody listens there.
 */
export function sshArguments(task: PushTask, command: string, controlPath: string | null = null): string[] {
  return [
    ...connectionArguments(task, { controlMaster: 'no', controlPath }),
    ...['--', task.host.address, command],
  ];
}

/** The connection alone, which others may then use over `controlPath`; it runs nothing and stays in the foreground. */
export function masterArguments(task: PushTask, controlPath: string): string[] {
  return [...connectionArguments(task, { controlMaster: 'yes', controlPath }), '-N', '--', task.host.address];
}

interface Sharing {
  readonly controlMaster: 'yes' | 'no';
  readonly controlPath: string | null;
}

function connectionArguments(task: PushTask, sharing: Sharing): string[] {
  const { host, ssh } = task;
  const options = [
    'BatchMode=yes',
    'LogLevel=ERROR',
    `ConnectTimeout=${String(wholeSeconds(ssh.connectTimeoutMs))}`,
    'ConnectionAttempts=1',
    `ServerAliveInterval=${String(Math.min(15, wholeSeconds(ssh.idleTimeoutMs / 3)))}`,
    'ServerAliveCountMax=3',
    `ControlMaster=${sharing.controlMaster}`,
    `ControlPath=${sharing.controlPath === null ? 'none' : quotedPath(sharing.controlPath)}`,
    'ControlPersist=no',
    'ProxyCommand=none',
    'PermitLocalCommand=no',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'ForwardX11=no',
    'IdentityAgent=none',
    'IdentitiesOnly=yes',
    // Not -i: that one looks for the file before it expands %, and so never finds a path with % in it.
    `IdentityFile=${quotedPath(ssh.identityFile)}`,
    'PreferredAuthentications=publickey',
    'PubkeyAuthentication=yes',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    'GSSAPIAuthentication=no',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${ssh.knownHostsFiles.map(quotedPath).join(' ') || 'none'}`,
    'GlobalKnownHostsFile=/dev/null',
    `HostKeyAlias=${host.name}`,
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    'CheckHostIP=no',
    ...(ssh.kex === undefined || ssh.kex === null ? [] : [`KexAlgorithms=${ssh.kex}`]),
  ];
  return [
    ...['-F', 'none', '-T', '-x', '-a'],
    ...options.flatMap((option) => ['-o', option]),
    ...['-p', String(host.port), '-l', host.user],
  ];
}

/** ssh splits these options at blanks and expands % in them. */
function quotedPath(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('%', '%%')}"`;
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

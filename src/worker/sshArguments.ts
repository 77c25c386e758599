/**
 * Says with which arguments the OpenSSH client is run for a task.
 * It leaves nothing to questions, and nothing to configuration files or agents but where the inventory says so of a host; no data of an account is ever among the arguments.
 */
import { agentOf, type PushTask, type SshLimits } from '../push/job.ts';
import { tethered } from '../tether.ts';

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
  const { controlMaster, controlPath } = sharing;
  const options = [
    // The first that ssh is told counts: what the inventory says of this host, then our own, then its defaults.
    ...Object.entries(host.way?.options ?? {}).map(([name, value]) => `${name}=${value}`),
    `ControlMaster=${controlMaster}`,
    `ControlPath=${controlPath === null ? 'none' : quotedPath(controlPath)}`,
    'ControlPersist=no',
    ...proxyOptions(task),
    ...loginOptions(ssh, agentOf(task)),
    `HostKeyAlias=${host.name}`,
  ];
  return [
    ...(host.way?.sshConfig === true ? [] : ['-F', 'none']),
    ...['-T', '-x', '-a'],
    ...options.flatMap((option) => ['-o', option]),
    ...['-p', String(host.port), '-l', host.user],
  ];
}

/** With sshConfig the way is its to say. Otherwise there is none, or one over the jump host, with the same login and the same check of its key. */
function proxyOptions({ host: { way }, ssh }: PushTask): string[] {
  if (way?.sshConfig === true) return [];
  if (way?.jump === undefined) return ['ProxyCommand=none'];
  const { name, address, port, user } = way.jump;
  const options = [
    ...['ControlMaster=no', 'ControlPath=none', 'ProxyCommand=none'],
    ...loginOptions(ssh, ssh.agent ?? null),
    `HostKeyAlias=${name}`,
  ];
  const { file, args } = tethered({
    file: 'ssh',
    args: [
      ...['-F', 'none', '-T', '-x', '-a'],
      ...options.flatMap((option) => (option === 'ClearAllForwardings=yes' ? [] : ['-o', option])),
      ...['-p', String(port), '-l', user],
    ],
  });
  // -W ends with its standard input, and so with the ssh that it serves. %h and %p are for that one to fill in.
  const words = [file, ...args].map((word) => shellQuoted(word).replaceAll('%', '%%'));
  return [`ProxyCommand=${words.join(' ')} -W '[%h]:%p' -- ${shellQuoted(address)}`];
}

function loginOptions(ssh: SshLimits, agent: string | null): string[] {
  return [
    'BatchMode=yes',
    'LogLevel=ERROR',
    `ConnectTimeout=${String(wholeSeconds(ssh.connectTimeoutMs))}`,
    'ConnectionAttempts=1',
    `ServerAliveInterval=${String(Math.min(15, wholeSeconds(ssh.idleTimeoutMs / 3)))}`,
    'ServerAliveCountMax=3',
    'PermitLocalCommand=no',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'ForwardX11=no',
    `IdentityAgent=${agent === null ? 'none' : quotedPath(agent)}`,
    // An agent that is named is asked for all that it has.
    `IdentitiesOnly=${agent === null ? 'yes' : 'no'}`,
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
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    'CheckHostIP=no',
    ...(ssh.kex === undefined || ssh.kex === null ? [] : [`KexAlgorithms=${ssh.kex}`]),
  ];
}

/** ssh runs a ProxyCommand in /bin/sh: its environment names no other shell. */
function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** ssh splits these options at blanks and expands % in them. */
function quotedPath(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('%', '%%')}"`;
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/**
 * Looks for a checkup at the way in: which sshd listens, who is logged in, and whether its configuration is good.
 * It opens no connection to it and signals nobody.
 */
import { existsSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import type { Part, SshdSeen } from '../reconciler/checkup.ts';
import { seen, unseen } from './checkupPart.ts';
import type { Machine } from './machineLook.ts';
import { socketInodesOf, tcpSocketsOf } from './netTable.ts';
import { commandLineOf } from './processSeen.ts';
import { runToEnd } from './runToEnd.ts';

const SERVERS = ['sshd', 'sshd-session', 'sshd-auth', 'dropbear'];
const PROGRAMS = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'];

export async function checkupSshd(machine: Machine, withinMs: number): Promise<Part<SshdSeen>> {
  const program = PROGRAMS.find((path) => existsSync(path)) ?? null;
  const servers = machine.processes.filter(({ command }) => SERVERS.includes(command));
  if (program === null && servers.length === 0) return unseen('absent', 'There is no sshd on this machine.');
  const asked = await configurationOf(program, withinMs);
  return seen({
    ...portsOf(
      servers.map(({ pid }) => pid),
      machine,
    ),
    logins: new Set(machine.logins.map(({ local, remote }) => JSON.stringify([local, remote]))).size,
    startups: servers.filter(({ pid }) => isStartup(commandLineOf(pid).join(' '))).length,
    ...asked,
    isOurWayIn: (process.env['SSH_CONNECTION'] ?? '') !== '',
  });
}

function portsOf(pids: readonly number[], machine: Machine): Pick<SshdSeen, 'ports' | 'isSure'> {
  const ports = new Set<number>();
  let isSure = machine.limited === null;
  for (const pid of pids) {
    const inodes = socketInodesOf(pid);
    if (inodes === null) isSure = false;
    else
      for (const { state, inode, local } of tcpSocketsOf(pid) ?? [])
        if (state === 'listening' && inodes.has(inode)) ports.add(local.port);
  }
  return { ports: [...ports].sort((one, other) => one - other), isSure };
}

/** As sshd names its processes before anybody is logged in: `sshd: [accepted]`, `sshd: eva [priv]`, `sshd-session: unknown [preauth]`. */
function isStartup(title: string): boolean {
  return /^sshd(?:-session|-auth)?: .*\[(?:accepted|preauth|net)\]/.test(title);
}

type Asked = Pick<SshdSeen, 'complaint' | 'maxStartups' | 'unasked'>;

/** -T tests as -t does, and then tells what is in effect. */
async function configurationOf(program: string | null, withinMs: number): Promise<Asked> {
  const notAsked = (unasked: string): Asked => ({ complaint: null, maxStartups: null, unasked });
  if (program === null) return notAsked('its program is not where it usually is.');
  if (process.getuid?.() !== 0) return notAsked('only root may read its keys, which it needs to tell.');
  const ended = await runToEnd(program, ['-T'], { timeoutMs: withinMs }).catch(messageOf);
  // Who listens and who is logged in is told all the same.
  if (typeof ended === 'string') return notAsked(`${ended}.`);
  const { exitCode, lines, stdout } = ended;
  if (exitCode === null) return notAsked(`sshd -T did not end within ${String(Math.round(withinMs))} ms.`);
  if (exitCode === 0) {
    const maxStartups = stdout.find((line) => line.startsWith('maxstartups '))?.split(' ')[1] ?? null;
    return { complaint: null, maxStartups, unasked: null };
  }
  const said = complaintIn(lines);
  // What systemd makes before it starts sshd says nothing about the configuration.
  if (said.includes('privilege separation')) return notAsked(`it was never started here (${said}).`);
  return { complaint: said, maxStartups: null, unasked: null };
}

/** Which line is wrong comes first; that it therefore ends is nothing new. */
export function complaintIn(lines: readonly string[]): string {
  const told = lines.filter((line) => line.trim() !== '' && !/: terminating, \d+ bad /.test(line));
  return told.length === 0 ? (lines.at(-1) ?? 'it said nothing') : told.join('; ');
}

/**
 * Looks through /proc once: which process lies in which container, who is logged in and by which connection, and what of docker compose runs.
 * It signals nothing, judges nothing, and never keeps the event loop from turning.
 */
import { readdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { ancestorsOf, parseProcStat, readEnvironment, variableIn } from '../proc.ts';
import { inSlices } from './inSlices.ts';
import {
  isSame,
  networkOf,
  plainAddress,
  socketInodesOf,
  tcpSocketsOf,
  type Endpoint,
  type TcpSocket,
} from './netTable.ts';
import { procLimit } from './procLimit.ts';

export interface MachineProcess {
  readonly pid: number;
  readonly command: string;
  readonly startTicks: number;
  readonly cgroup: string;
}

/** A connection by which somebody is logged in. */
export interface Login {
  /** The process that holds it, or that was started in it. */
  readonly pid: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

export interface Machine {
  readonly processes: readonly MachineProcess[];
  readonly logins: readonly Login[];
  /** We ourselves, and all above us. */
  readonly own: ReadonlySet<number>;
  /** What cannot be seen from here and why, in a sentence; null when everything can. */
  readonly limited: string | null;
}

export async function lookAtMachine(): Promise<Machine> {
  const look = new Look();
  const pids = await readdir('/proc').then(
    (names) => names.filter((name) => /^\d+$/.test(name)),
    () => [],
  );
  await inSlices(pids, (pid) => look.at(Number(pid)));
  const own = new Set([process.pid, ...ancestorsOf(process.pid)]);
  return {
    processes: look.processes,
    logins: look.logins,
    own,
    limited: procLimit(look.denied) === null ? null : LIMITED,
  };
}

/** Of the processes in its cgroup, whose path names the container in every layout that Docker has. */
export function processesIn(machine: Machine, containerId: string): readonly MachineProcess[] {
  return machine.processes.filter(({ cgroup }) => cgroup.includes(containerId));
}

const LIMITED =
  'Not every process of this machine may be looked at, so a session or a docker compose at work may be missed. Run Garrison as root to see all.';
/** The names that OpenSSH's and Dropbear's processes for one login have. */
const LOGIN_SERVERS = ['sshd', 'sshd-session', 'dropbear'];

class Look {
  readonly processes: MachineProcess[] = [];
  readonly logins: Login[] = [];
  denied = 0;
  /** By network namespace. */
  readonly #tables = new Map<string, readonly TcpSocket[]>();

  at(pid: number): void {
    const text = this.#read(pid, 'stat');
    const stat = text === null ? null : parseProcStat(text);
    if (text === null || stat === null) return;
    const command = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const { startTicks, session } = stat;
    this.processes.push({ pid, command, startTicks, cgroup: this.#read(pid, 'cgroup') ?? '' });
    if (LOGIN_SERVERS.includes(command)) this.#loginsHeldBy(pid);
    else if (session === pid) this.#loginAround(pid);
  }

  #loginsHeldBy(pid: number): void {
    const inodes = socketInodesOf(pid);
    const table = this.#table(pid);
    // A port that it forwards is no login: nobody came in by that.
    const doors = new Set(table.filter(({ state }) => state === 'listening').map(({ local }) => local.port));
    if (inodes === null) this.denied += 1;
    else
      for (const { state, inode, local, remote } of table)
        if (state === 'established' && inodes.has(inode) && doors.has(local.port))
          this.logins.push({ pid, local, remote });
  }

  /** A session's first process was told by which connection it came; what it was told may be long over. */
  #loginAround(pid: number): void {
    const told = variableIn(readEnvironment(pid) ?? [], 'SSH_CONNECTION')?.split(' ') ?? [];
    const [from, fromPort, to, toPort] = told;
    const remote = { address: plainAddress(from ?? '') ?? '', port: Number(fromPort) };
    const local = { address: plainAddress(to ?? '') ?? '', port: Number(toPort) };
    if (remote.address === '' || local.address === '') return;
    const isOpen = this.#table(pid).some(
      (socket) =>
        socket.state === 'established' && isSame(socket.local, local) && isSame(socket.remote, remote),
    );
    if (isOpen) this.logins.push({ pid, local, remote });
  }

  #table(pid: number): readonly TcpSocket[] {
    const network = networkOf(pid);
    if (network === null) return [];
    const table = this.#tables.get(network) ?? tcpSocketsOf(pid) ?? [];
    this.#tables.set(network, table);
    return table;
  }

  /** Null when it is gone, or may not be read. */
  #read(pid: number, file: 'stat' | 'cgroup'): string | null {
    try {
      return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') this.denied += 1;
      return null;
    }
  }
}

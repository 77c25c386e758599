/**
 * Counts whom doing something to a container would cut off, and finds out whether somebody's login goes through it.
 * It counts what it sees at one moment and says so where it sees nothing; it asks Docker nothing.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { processesIn, type Machine } from './machineLook.ts';
import {
  isAnyAddress,
  isSame,
  networkOf,
  plainAddress,
  socketInodesOf,
  tcpSocketsOf,
  type TcpSocket,
} from './netTable.ts';

export interface SeenSessions {
  readonly connections: number | null;
  readonly carriesLogin: boolean;
  /** Sentences. */
  readonly gaps: readonly string[];
}

export function sessionsOf(facts: ContainerFacts, machine: Machine, isHere: boolean): SeenSessions {
  if (facts.pid === 0) return { connections: 0, carriesLogin: false, gaps: [] };
  if (!isHere)
    return {
      connections: null,
      carriesLogin: false,
      gaps: ['Its connections, and logins through it, cannot be seen: Docker is on another machine.'],
    };
  const pids = processesIn(machine, facts.id).map(({ pid }) => pid);
  const view = pids.length === 0 ? null : viewOf(facts, pids);
  const carriesLogin = isLoginThrough(facts, machine, { pids: new Set(pids), view });
  if (view === null) {
    const isGone = facts.process === 'gone';
    return {
      connections: isGone ? 0 : null,
      carriesLogin,
      gaps: isGone ? [] : [UNSEEN],
    };
  }
  if (view.inodes === null && view.isShared)
    return {
      connections: null,
      carriesLogin,
      gaps: ['Its connections cannot be counted: which sockets are its own is for root to see.'],
    };
  return { connections: connectionsIn(view), carriesLogin, gaps: [] };
}

/** Do we run in it ourselves? */
export function isOwnContainer(id: string): boolean {
  if (hostname() === id.slice(0, 12)) return true;
  const mounts = read('/proc/self/mountinfo').split('\n');
  // On the host the mounts of all containers are listed, but none of them at one of these.
  const isMounted = mounts.some((line) => {
    const [, , , root = '', at = ''] = line.split(' ');
    return DOCKER_FILES.includes(at) && root.includes(id);
  });
  return isMounted || read('/proc/self/cgroup').includes(id);
}

const UNSEEN =
  'Its connections, logins through it and a docker compose at work on it cannot be seen: its processes are hidden from Garrison.';
/** Docker puts its own into every container. */
const DOCKER_FILES = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

/** The network that it lives in. */
interface View {
  readonly sockets: readonly TcpSocket[];
  /** Of the sockets that its processes hold; null when that may not be seen. */
  readonly inodes: ReadonlySet<number> | null;
  /** Others live there, too: the host, or another container. */
  readonly isShared: boolean;
}

function viewOf(facts: ContainerFacts, pids: readonly number[]): View | null {
  const [first = 0] = pids.includes(facts.pid) ? [facts.pid] : pids;
  const sockets = tcpSocketsOf(first);
  if (sockets === null) return null;
  const inodes = new Set<number>();
  let isDenied = false;
  for (const pid of pids) {
    const held = socketInodesOf(pid);
    if (held === null) isDenied = true;
    for (const inode of held ?? []) inodes.add(inode);
  }
  const isShared =
    networkOf(first) === networkOf('self') || facts.shares.some(({ what }) => what === 'network');
  return { sockets, inodes: isDenied ? null : inodes, isShared };
}

function connectionsIn({ sockets, inodes, isShared }: View): number {
  const isOwn = ({ inode }: TcpSocket): boolean => !isShared || inodes?.has(inode) === true;
  const doors = sockets.filter((socket) => socket.state === 'listening' && isOwn(socket));
  const established = sockets.filter(({ state }) => state === 'established');
  const accepted = established.filter(({ local }) =>
    doors.some(
      (door) =>
        door.local.port === local.port &&
        (isAnyAddress(door.local.address) || door.local.address === local.address),
    ),
  );
  // A container that asks itself is nobody's session.
  const fromWithin = new Set(established.filter(isOwn).map(({ local, remote }) => key(local, remote)));
  return accepted.filter(({ local, remote }) => !fromWithin.has(key(remote, local))).length;
}

function key(from: TcpSocket['local'], to: TcpSocket['local']): string {
  return `${from.address} ${String(from.port)} ${to.address} ${String(to.port)}`;
}

function isLoginThrough(
  { addresses }: ContainerFacts,
  { logins, own }: Machine,
  { pids, view }: { readonly pids: ReadonlySet<number>; readonly view: View | null },
): boolean {
  if ([...own].some((pid) => pids.has(pid))) return true;
  const known = addresses.map(plainAddress).filter((address) => address !== null);
  const held = (view?.sockets ?? []).filter(
    ({ state, inode }) => state === 'established' && view?.inodes?.has(inode) === true,
  );
  return logins.some(
    ({ pid, local, remote }) =>
      pids.has(pid) ||
      known.includes(remote.address) ||
      held.some((socket) => isSame(socket.local, remote) && isSame(socket.remote, local)),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

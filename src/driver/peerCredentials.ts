/**
 * Reads who is at the other end of a Unix socket, as the kernel noted it when that process connected, and the names of users and groups.
 * It permits nothing, and believes nothing that the peer says itself.
 */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import type { Peer } from '../detector/peerRole.ts';
import { readSocketOption } from './libc.ts';

const SO_PEERCRED = 17;
/** Linux 4.13. */
const SO_PEERGROUPS = 59;
/** struct ucred: pid, uid, gid. */
const CREDENTIALS_BYTES = 12;
const GROUP_BYTES = 4;
/** Enough for nearly everybody; NGROUPS_MAX for the rest. */
const ROOMS_BYTES = [64 * GROUP_BYTES, 65_536 * GROUP_BYTES];
/** What the kernel gives where it knows of no process. */
const NOBODY_KNOWN = 0xff_ff_ff_ff;

/** `fd`: of an accepted connection. Null when the kernel does not tell all of it: to a half-known peer nothing may be granted. */
export function readPeer(fd: number): Peer | null {
  // Past the end of what there is, libc is not asked: a closed connection has -1.
  if (!Number.isSafeInteger(fd) || fd < 0) return null;
  const credentials = readSocketOption(fd, SO_PEERCRED, CREDENTIALS_BYTES);
  if (credentials?.length !== CREDENTIALS_BYTES) return null;
  // A pid of another namespace is 0 here: its user is known all the same.
  const [pid = 0, uid = NOBODY_KNOWN, gid = NOBODY_KNOWN] = numbersIn(credentials);
  const groups = groupsOf(fd);
  // Another kind of socket answers too, with nobody.
  if (uid === NOBODY_KNOWN || groups === null) return null;
  return { pid, uid, gid, groups };
}

function groupsOf(fd: number): readonly number[] | null {
  for (const roomBytes of ROOMS_BYTES) {
    const groups = readSocketOption(fd, SO_PEERGROUPS, roomBytes);
    if (groups !== null) return numbersIn(groups);
  }
  return null;
}

function numbersIn(bytes: Buffer): number[] {
  const read = endianness() === 'LE' ? bytes.readUInt32LE.bind(bytes) : bytes.readUInt32BE.bind(bytes);
  return Array.from({ length: Math.floor(bytes.length / GROUP_BYTES) }, (_, index) =>
    read(index * GROUP_BYTES),
  );
}

/** As /etc/passwd has it; null for one that a directory service knows, or nobody. */
export function userName(uid: number): string | null {
  return rowsOf('/etc/passwd').find(([, , id]) => id === String(uid))?.[0] ?? null;
}

/** As /etc/group has it; null when there is none of that name. */
export function groupId(name: string): number | null {
  const id = rowsOf('/etc/group').find(([group]) => group === name)?.[2];
  return id === undefined || !/^\d+$/.test(id) ? null : Number(id);
}

export function groupName(gid: number): string | null {
  return rowsOf('/etc/group').find(([, , id]) => id === String(gid))?.[0] ?? null;
}

/** Without a readable file nobody has a name, and nobody is a member. */
function rowsOf(file: string): string[][] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

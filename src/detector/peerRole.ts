/**
 * Says what whoever connects to the control socket may do there, from what the kernel tells of that process.
 * It never looks at the machine: who the peer is and what the configuration allows are arguments.
 */

/** The process at the other end, as it was when it connected. */
export interface Peer {
  /** 0 where it cannot be seen from here. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Its supplementary groups. */
  readonly groups: readonly number[];
}

/** `operate`: all that Garrison can; `read`: look, and nothing else; `none`: not even that. */
export type PeerRole = 'operate' | 'read' | 'none';

export interface PeerPolicy {
  /** Of the supervisor itself. */
  readonly ownUid: number;
  /** Of the group whose members give commands; null where there is none. */
  readonly groupGid: number | null;
  /** What everybody else on the machine may. */
  readonly others: 'read' | 'none';
}

export function peerRole({ uid, gid, groups }: Omit<Peer, 'pid'>, policy: PeerPolicy): PeerRole {
  const { ownUid, groupGid, others } = policy;
  if (uid === 0 || uid === ownUid) return 'operate';
  if (groupGid !== null && (gid === groupGid || groups.includes(groupGid))) return 'operate';
  return others;
}

/** Permission bits of the control socket and of the folder it lies in. */
export interface DoorModes {
  readonly socket: number;
  readonly folder: number;
}

/** Of the machine's own installation. The kernel keeps out whom the policy gives nothing, before a byte is read of them. */
export function doorModes({ groupGid, others }: Omit<PeerPolicy, 'ownUid'>): DoorModes {
  if (others === 'read') return { socket: 0o666, folder: 0o755 };
  return groupGid === null ? { socket: 0o600, folder: 0o700 } : { socket: 0o660, folder: 0o750 };
}

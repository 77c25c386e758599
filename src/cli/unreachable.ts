/**
 * Says why the supervisor could not be asked: there is none, its socket was left behind, or it is not for this user.
 * It asks nothing itself: it only looks at who owns the socket and its folder.
 */
import { lstatSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { groupName, userName } from '../driver/peerCredentials.ts';
import { GarrisonError } from '../errors.ts';
import { CONTROL_FOLDER, type ControlDoor } from '../home.ts';

/** Nobody listens: there is none, or one that has ended left its socket. */
export function away(cause: NodeJS.ErrnoException, door: ControlDoor): GarrisonError {
  const { home, socketPath } = door;
  const isLeft = cause.code === 'ECONNREFUSED';
  const left = isLeft ? `: one that has ended left ${socketPath} behind, which the next one replaces` : '';
  const cure = isOthers(door)
    ? 'ask root to start it (systemctl start garrison), or start one of your own with: garrison up'
    : 'start one with: garrison up (or name its folder with --home)';
  return new GarrisonError('NO_SUPERVISOR', `no supervisor runs in ${home}${left}`, { cure, cause });
}

/** Which socket, who may, and how to become one of those. */
export function notPermitted(cause: unknown, { home, socketPath }: ControlDoor): GarrisonError {
  if (!socketPath.startsWith(`${CONTROL_FOLDER}/`)) {
    const owner = nameOf(statOf(home)?.uid);
    const may = owner === 'root' ? 'root' : `${owner} and root`;
    return new GarrisonError('NOT_PERMITTED', `${socketPath} is not for you: only ${may} may use it`, {
      cure: `run the command as ${owner} (sudo${owner === 'root' ? '' : ` -u ${owner}`})`,
      cause,
    });
  }
  const { gid = 0 } = statOf(dirname(socketPath)) ?? {};
  const group = gid === 0 ? null : (groupName(gid) ?? String(gid));
  const may = group === null ? 'only root may' : `only root and members of the group ${group} may`;
  const join =
    group === null
      ? ''
      : `, or have root make you a member: usermod -aG ${group} ${ownName()}, then log in anew`;
  return new GarrisonError('NOT_PERMITTED', `${socketPath} is not for you: ${may} use it`, {
    cure: `run the command with sudo${join}; garrison up starts a supervisor of your own`,
    cause,
  });
}

function isOthers({ socketPath }: ControlDoor): boolean {
  return socketPath.startsWith(`${CONTROL_FOLDER}/`) && process.getuid?.() !== 0;
}

function nameOf(uid: number | undefined): string {
  if (uid === undefined) return 'its owner';
  return userName(uid) ?? `uid ${String(uid)}`;
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry in /etc/passwd.
    return 'YOU';
  }
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

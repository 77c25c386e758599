/**
 * Joins the control socket with the hands that know its peers: where it lies, whom it is open to, and who may do what.
 * It serves nothing.
 */
import type { GarrisonConfig } from './config.ts';
import { doorModes } from './detector/peerRole.ts';
import { prepareControlFolder } from './driver/controlFolder.ts';
import { groupId, readPeer, userName } from './driver/peerCredentials.ts';
import { CONTROL_FOLDER, controlSocketOf, isOfMachine } from './home.ts';
import type { Logger } from './logger.ts';
import type { ControlAccess } from './server/controlGuard.ts';

export interface Control {
  readonly socketPath: string;
  readonly access: ControlAccess;
}

/** Needs the home folder's lock: makes the folder of the socket. Throws HOME_UNUSABLE. */
export function openControl({ home, control }: GarrisonConfig, logger: Logger): Control {
  const socketPath = controlSocketOf(home);
  const hands = { peerOf: readPeer, nameOf: userName };
  const ownUid = process.getuid?.() ?? 0;
  if (!isOfMachine(home)) {
    const policy = { ownUid, group: null, groupGid: null, others: 'none' } as const;
    return { socketPath, access: { ...hands, policy, opening: null } };
  }
  const groupGid = groupId(control.group);
  if (groupGid === null) tellMissing(control.group, logger);
  const { others } = control;
  const modes = doorModes({ groupGid, others });
  prepareControlFolder(CONTROL_FOLDER, { mode: modes.folder, gid: groupGid });
  const policy = { ownUid, group: groupGid === null ? null : control.group, groupGid, others };
  return { socketPath, access: { ...hands, policy, opening: { mode: modes.socket, gid: groupGid ?? 0 } } };
}

function tellMissing(group: string, logger: Logger): void {
  logger.warn(
    { event: 'controlGroupMissing', group },
    `/etc/group has no group ${group}: until the next start with one, only root may give commands (garrison install makes the group garrison)`,
  );
}

/**
 * Finds the home folder and makes sure that it is one only its owner can touch.
 * It never reads or writes a file inside it, and never changes the permissions of a folder that was already there.
 */
import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { GarrisonError, messageOf } from './errors.ts';

/** What decides where the home folder is, so that tests can say it. */
export interface HomeSources {
  /** `--home`, when given. */
  readonly flag: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
}

/** A Unix socket's path must fit in sockaddr_un: 107 bytes and a final zero. */
const LONGEST_SOCKET_PATH_BYTES = 107;

/** The longest socket name that Garrison makes inside the home folder. */
const LONGEST_SOCKET_NAME = 'redis/redis.sock';

const HOME_OF_MACHINE = '/var/lib/garrison';

/** Holds the control socket of the machine's own installation, and nothing else. */
export const CONTROL_FOLDER = '/run/garrison';

const SOCKET_NAME = 'control.sock';

/** The absolute path of the home folder; it need not exist. */
export function resolveHome(sources: HomeSources): string {
  const home = resolve(chosenHome(sources));
  const socketBytes = Buffer.byteLength(join(home, LONGEST_SOCKET_NAME));
  if (socketBytes > LONGEST_SOCKET_PATH_BYTES) {
    throw new GarrisonError(
      'HOME_UNUSABLE',
      `the home folder's path is too long: a Unix socket inside it would have ${String(socketBytes)} bytes (limit ${String(LONGEST_SOCKET_PATH_BYTES)}): ${home}`,
      { cure: 'choose a shorter path with --home' },
    );
  }
  return home;
}

/** The home folder of this process's user and environment. */
export function ownHome(flag: string | null): string {
  return resolveHome({ flag, env: process.env, userId: process.getuid?.() ?? 0 });
}

/** Is it the machine's own installation, which obeys more than one user? One that root keeps elsewhere is root's alone. */
export function isOfMachine(home: string): boolean {
  if (home !== HOME_OF_MACHINE) return false;
  // Somebody may have given the folder to a user of its own, whose supervisor cannot make anything in /run.
  return (statOf(home)?.uid ?? 0) === 0;
}

/** The supervisor's control socket: in the home folder, which only its owner can enter, or where others can reach it too. */
export function controlSocketOf(home: string): string {
  return isOfMachine(home) ? join(CONTROL_FOLDER, SOCKET_NAME) : join(home, SOCKET_NAME);
}

/** Where commands knock. */
export interface ControlDoor {
  readonly home: string;
  readonly socketPath: string;
}

/**
 * A user who runs no supervisor means the machine's own, if there is one, unless a home folder was chosen.
 * The machine's own may still be one of an earlier version, which listens in its home folder.
 */
export function controlDoorOf(home: string, isChosen: boolean): ControlDoor {
  const own = { home, socketPath: controlSocketOf(home) };
  if (statOf(own.socketPath) !== null) return own;
  if (isOfMachine(home)) {
    const earlier = join(home, SOCKET_NAME);
    return statOf(earlier) === null ? own : { home, socketPath: earlier };
  }
  if (isChosen || statOf(CONTROL_FOLDER) === null) return own;
  return { home: HOME_OF_MACHINE, socketPath: join(CONTROL_FOLDER, SOCKET_NAME) };
}

/** Did the caller say which home folder it means? */
export function isHomeChosen(flag: string | null): boolean {
  return (flag ?? '') !== '' || (process.env['GARRISON_HOME'] ?? '') !== '';
}

/** Makes the folder (0700) when it is not there; throws HOME_UNUSABLE when others could read or change it. */
export function prepareHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(home, `cannot be made: ${messageOf(error)}`, {
      cure: 'choose another folder with --home',
      cause: error,
    });
  }
  refuseUnsafe(home, lstatSync(home));
}

/** Null also where it may not be seen. */
function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function chosenHome({ flag, env, userId }: HomeSources): string {
  if (flag !== null && flag !== '') return flag;
  const fromEnvironment = env['GARRISON_HOME'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  if (userId === 0) return HOME_OF_MACHINE;
  const stateHome = env['XDG_STATE_HOME'];
  // The XDG rules say that a relative path is to be ignored.
  if (stateHome?.startsWith('/') === true) return join(stateHome, 'garrison');
  return join(homedir(), '.local/state/garrison');
}

function refuseUnsafe(home: string, stats: Stats): void {
  const userId = process.getuid?.() ?? stats.uid;
  if (stats.isSymbolicLink()) {
    throw unusable(home, 'is a symbolic link', { cure: 'name the folder itself with --home' });
  }
  if (!stats.isDirectory())
    throw unusable(home, 'is not a folder', { cure: 'choose another path with --home' });
  if (stats.uid !== userId) {
    const cure = `run as that user, or choose another folder with --home`;
    throw unusable(home, `belongs to user ${String(stats.uid)}, not to ${String(userId)}`, { cure });
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    throw unusable(home, `is open to other users (mode ${mode})`, { cure: `chmod 700 ${home}` });
  }
}

function unusable(home: string, what: string, more: { cure: string; cause?: unknown }): GarrisonError {
  return new GarrisonError('HOME_UNUSABLE', `the home folder ${home} ${what}`, more);
}

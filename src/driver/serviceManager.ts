/**
 * The hand that speaks to the service manager that started us: systemd, through libsystemd's `sd_notify`.
 * It decides nothing, and what it needs for that is in the environment of no child.
 */
import koffi from 'koffi';

export type Notice = 'ready' | 'stopping' | 'watchdog' | { readonly status: string };

export interface ServiceManager {
  /** After so long without a `watchdog` it ends us; null when it does not watch. */
  readonly watchdogMs: number | null;
  tell(notice: Notice): void;
}

type Environment = Record<string, string | undefined>;

const SOCKET_VARIABLE = 'NOTIFY_SOCKET';
const WATCHDOG_VARIABLE = 'WATCHDOG_USEC';
const WATCHDOG_PID_VARIABLE = 'WATCHDOG_PID';
const LONGEST_STATUS = 200;

/**
 * Null when no service manager listens. Takes its variables out of `env`, so that no child can speak for us.
 * `onAbsent` is told once why nothing can be told to one that listens.
 */
export function openServiceManager(
  env: Environment,
  onAbsent: (detail: string) => void,
): ServiceManager | null {
  const socket = take(env, SOCKET_VARIABLE);
  const watchdogMs = watchdogOf(take(env, WATCHDOG_VARIABLE), take(env, WATCHDOG_PID_VARIABLE));
  if (socket === null) return null;
  let notify: (unset: number, state: string) => number;
  try {
    notify = koffi.load('libsystemd.so.0').func('int sd_notify(int unset_environment, str state)');
  } catch (error) {
    onAbsent(error instanceof Error ? error.message : String(error));
    return null;
  }
  return {
    watchdogMs,
    tell: (notice) => {
      // libsystemd reads it from the environment, where it stands for the time of this one call only.
      env[SOCKET_VARIABLE] = socket;
      try {
        notify(0, stateOf(notice));
      } finally {
        take(env, SOCKET_VARIABLE);
      }
    },
  };
}

/** As sd_notify(3) wants it. A line end in a status would begin another assignment. */
export function stateOf(notice: Notice): string {
  switch (notice) {
    case 'ready':
      return 'READY=1';
    case 'stopping':
      return 'STOPPING=1';
    case 'watchdog':
      return 'WATCHDOG=1';
    default:
      return `STATUS=${bounded(notice.status.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' '))}`;
  }
}

function bounded(text: string): string {
  const characters = Array.from(text);
  return characters.length <= LONGEST_STATUS ? text : `${characters.slice(0, LONGEST_STATUS - 1).join('')}…`;
}

function watchdogOf(usec: string | null, pid: string | null): number | null {
  // Meant for somebody else: whoever started us was watched, and we are not.
  if (pid !== null && pid !== String(process.pid)) return null;
  const limitMs = Number(usec ?? '0') / 1000;
  return Number.isFinite(limitMs) && limitMs > 0 ? limitMs : null;
}

function take(env: Environment, name: string): string | null {
  const value = env[name];
  Reflect.deleteProperty(env, name);
  return value === undefined || value === '' ? null : value;
}

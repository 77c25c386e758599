/**
 * The contract's exit codes, and which of them an error means for a command that looks and for one that acts.
 * It never prints anything.
 */
import type { ErrorCode } from '../errors.ts';
import type { ContainerView, WorkerView } from '../supervisor/door.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  degraded: 1,
  down: 3,
  unknown: 4,
  refused: 4,
  notRunning: 7,
  usage: 64,
  timedOut: 124,
  interrupted: 130,
} as const;

/** Looking (`status`, `get`, `describe`, `logs`) or acting: an unreachable supervisor means 4 for one and 7 for the other. */
export type CommandKind = 'look' | 'act';

const ACT: Readonly<Record<ErrorCode, number>> = {
  CONFIG_INVALID: EXIT.failed,
  USAGE: EXIT.usage,
  HOME_BUSY: EXIT.refused,
  HOME_UNUSABLE: EXIT.failed,
  NOT_FOUND: EXIT.failed,
  NAME_AMBIGUOUS: EXIT.failed,
  NOT_PERMITTED: EXIT.refused,
  REFUSED_BY_GUARD: EXIT.refused,
  INCARNATION_CHANGED: EXIT.refused,
  NO_SUPERVISOR: EXIT.notRunning,
  // Nothing was asked of it: to an action that is as good as none.
  SUPERVISOR_SILENT: EXIT.notRunning,
  SUPERVISOR_FOREIGN: EXIT.notRunning,
  INTERRUPTED: EXIT.interrupted,
  REDIS_UNAVAILABLE: EXIT.failed,
  REDIS_FOREIGN: EXIT.failed,
  ACCOUNT_INVALID: EXIT.usage,
  KEY_INVALID: EXIT.usage,
  HOST_UNKNOWN: EXIT.failed,
  HOST_KEY_UNAVAILABLE: EXIT.failed,
  PROGRAM_MISSING: EXIT.failed,
  PRACTICE_UNAVAILABLE: EXIT.failed,
  PAGE_UNAVAILABLE: EXIT.failed,
  JUMPSERVER_UNAVAILABLE: EXIT.failed,
  WAIT_TIMED_OUT: EXIT.timedOut,
  CONFLICTING_STATE: EXIT.failed,
  NOT_RUNNING: EXIT.notRunning,
  INTERNAL: EXIT.failed,
};

/** Whether the thing asked for is well can't be told. */
const LOOK_UNKNOWN: readonly ErrorCode[] = [
  'NO_SUPERVISOR',
  'SUPERVISOR_SILENT',
  'SUPERVISOR_FOREIGN',
  'NOT_FOUND',
  'NAME_AMBIGUOUS',
  'HOST_UNKNOWN',
  'REDIS_UNAVAILABLE',
  'INTERNAL',
];

/** Of a code that only a supervisor of another version knows, no more can be told than that it is not done. */
export function exitCodeOf(code: ErrorCode, kind: CommandKind): number {
  if (!Object.hasOwn(ACT, code)) return kind === 'look' ? EXIT.unknown : EXIT.failed;
  return kind === 'look' && LOOK_UNKNOWN.includes(code) ? EXIT.unknown : ACT[code];
}

/** What `status NAME…` says of those named: the worst of them decides. */
export function exitCodeOfNamed(
  workers: readonly WorkerView[],
  containers: readonly ContainerView[],
): number {
  const codes = [...workers.map(exitCodeOfWorker), ...containers.map(exitCodeOfContainer)];
  return [EXIT.down, EXIT.unknown, EXIT.degraded].find((code) => codes.includes(code)) ?? EXIT.done;
}

function exitCodeOfWorker(worker: WorkerView): number {
  switch (worker.state) {
    case 'up':
      return EXIT.done;
    case 'late':
    case 'starting':
    case 'draining':
      return EXIT.degraded;
    case 'hung':
    case 'backoff':
    case 'failed':
    case 'stopped':
      return EXIT.down;
    case 'unknown':
      return EXIT.unknown;
    // A supervisor of another version may have states of its own.
    default:
      return EXIT.unknown;
  }
}

/** An unhealthy one runs and may serve; what nobody will start again by itself, or has no process, is down. */
function exitCodeOfContainer(container: ContainerView): number {
  switch (container.state) {
    case 'healthy':
      return EXIT.done;
    case 'starting':
    case 'unhealthy':
    case 'healing':
      return EXIT.degraded;
    case 'quarantined':
    case 'paused':
    case 'stopped':
    case 'ghost':
      return EXIT.down;
    case 'unknown':
      return EXIT.unknown;
    // A supervisor of another version may have states of its own.
    default:
      return EXIT.unknown;
  }
}

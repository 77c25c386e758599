/**
 * The only door to a signal: says whether exactly this one may be sent to exactly this process, and if not, which rule forbids it.
 * It sends nothing, looks nothing up, and knows no list, no name and no group that we did not make.
 */
import type { ProcessFacts } from '../proc.ts';

/** A pid alone can be another's by now; with its start time and the boot it cannot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTicks: number;
  readonly bootId: string;
}

export type GuardedSignal = 'SIGTERM' | 'SIGKILL' | 'SIGCONT' | 'SIGCHLD';

export interface SignalOrder {
  readonly target: ProcessIdentity;
  /** `group`: the process and all others in the group that it leads. */
  readonly reach: 'process' | 'group';
  readonly signal: GuardedSignal;
}

/** How a process is known to be of Garrison's own tree. */
export type Origin =
  /** This supervisor started it, and its exit has not been seen. */
  | 'spawned'
  /** A worker of this supervisor named it while it was that worker's child. */
  | 'named'
  /** The kernel gave it to this supervisor, the subreaper of its own tree, when its parent died. */
  | 'adopted';

export interface GuardSurroundings {
  readonly bootId: string;
  readonly self: ProcessFacts;
  /** Parent, its parent and so on, up to pid 1. */
  readonly ancestors: readonly number[];
  /** As /proc shows it right before the signal; null when there is no such process. */
  readonly target: ProcessFacts | null;
  /** Null when it is not in the table of what we made. */
  readonly origin: Origin | null;
}

export type GuardRule =
  | 'NotAProcess'
  | 'UnknownSignal'
  | 'OtherBoot'
  | 'Gone'
  | 'PidReused'
  | 'AlreadyDead'
  | 'Ourselves'
  | 'Ancestor'
  | 'NotMadeByUs'
  | 'OwnGroup'
  | 'OwnSession'
  | 'GroupNotMadeByUs'
  | 'Sshd'
  | 'LoginSession'
  | 'OtherUser';

export const GUARD_RULES: readonly GuardRule[] = [
  'NotAProcess',
  'UnknownSignal',
  'OtherBoot',
  'Gone',
  'PidReused',
  'AlreadyDead',
  'Ourselves',
  'Ancestor',
  'NotMadeByUs',
  'OwnGroup',
  'OwnSession',
  'GroupNotMadeByUs',
  'Sshd',
  'LoginSession',
  'OtherUser',
];

const SIGNALS: readonly string[] = ['SIGTERM', 'SIGKILL', 'SIGCONT', 'SIGCHLD'];
/** 0, -0, negative numbers and NaN mean groups, everyone or nothing to kill(2). */
const LOWEST_PID = 2;

/** Null when the signal may be sent; else the first rule that forbids it. */
export function refusalOf(order: SignalOrder, around: GuardSurroundings): GuardRule | null {
  const { pid, startTicks, bootId } = order.target;
  if (!Number.isSafeInteger(pid) || pid < LOWEST_PID) return 'NotAProcess';
  if (!SIGNALS.includes(order.signal)) return 'UnknownSignal';
  if (bootId !== around.bootId) return 'OtherBoot';
  const { target } = around;
  if (target?.pid !== pid) return 'Gone';
  if (target.startTicks !== startTicks) return 'PidReused';
  if (target.state === 'Z' || target.state === 'X') return 'AlreadyDead';
  return refusalOfLiving(order, target, around);
}

function refusalOfLiving(
  order: SignalOrder,
  target: ProcessFacts,
  around: GuardSurroundings,
): GuardRule | null {
  const { self, ancestors, origin } = around;
  if (target.pid === self.pid) return 'Ourselves';
  if (ancestors.includes(target.pid)) return 'Ancestor';
  if (origin === null) return 'NotMadeByUs';
  if (target.processGroup === self.processGroup) return 'OwnGroup';
  if (target.session === self.session) return 'OwnSession';
  if (order.reach === 'group' && target.processGroup !== target.pid) return 'GroupNotMadeByUs';
  // A practice host's sshd is one that we started ourselves; any other may carry the operator's way in.
  if (origin !== 'spawned' && isSshd(target.command)) return 'Sshd';
  if (isForeignLogin(target.cgroup, self.cgroup)) return 'LoginSession';
  return target.uid === self.uid ? null : 'OtherUser';
}

/** OpenSSH 9.8 and later run each session as a program of its own name. */
function isSshd(command: string): boolean {
  return command === 'sshd' || command.startsWith('sshd-') || command.startsWith('sshd:');
}

/** In a login session's scope, and not in the one that we ourselves were started from. */
function isForeignLogin(cgroup: string, own: string): boolean {
  return /\bsession-[^/]+\.scope\b/.test(cgroup) && cgroup !== own;
}

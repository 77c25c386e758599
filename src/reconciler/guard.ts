/**
 * The only door to a signal: says whether exactly this one may be sent to exactly this process, and if not, which rule forbids it.
 * It sends nothing, looks nothing up, and knows no list, no name and no group that we did not make.
 */
import type { ProcessFacts, Sight } from '../proc.ts';

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
  /** This process started it, and its exit has not been seen: it is our child. */
  | 'spawned'
  /** A worker of this supervisor named it while it was that worker's child; also after that worker's death. */
  | 'named'
  /** The kernel gave it to this supervisor, the subreaper of its own tree, when its parent died: no proof for who is given strangers, too. */
  | 'adopted'
  /** It was started with the mark of this very run of the supervisor, which only what descends from it can have. */
  | 'marked'
  /** It is in the cgroup that this supervisor made for one worker and put nobody else in: that worker started it, whatever it did to be forgotten. */
  | 'enclosed';

/** Whose orphans the kernel gives us. As the first process of a container it is everyone's: of an sshd there, of `docker exec`. */
export type Adoption = 'ownTree' | 'anyone';

/** A cgroup that we made for one worker, below our own. */
export interface WorkerEnclosure {
  /** As the `0::` line of /proc/PID/cgroup has it. */
  readonly path: string;
  /** Start time of the worker, which was the first in it: whoever is older was put there by somebody else. */
  readonly sinceTicks: number;
}

/** What is seen right before the signal, and what is known of the target. */
export interface GuardSurroundings extends Sight {
  readonly bootId: string;
  readonly adoption: Adoption;
  /** This run's own mark. */
  readonly mark: string;
  /** The cgroup on which the claim rests; null where it rests on none. */
  readonly enclosure: WorkerEnclosure | null;
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
  | 'SelfUnknown'
  | 'Ourselves'
  | 'Ancestor'
  | 'NotMadeByUs'
  | 'PerhapsAStranger'
  | 'OwnGroup'
  | 'OwnSession'
  | 'GroupNotMadeByUs'
  | 'Sshd'
  | 'LoginSession'
  | 'OtherContainer'
  | 'OtherUser';

/** Each rule, and what it means in the words of the log: "SIGTERM to pid 7 was not sent: …". */
export const GUARD_RULES: Readonly<Record<GuardRule, string>> = {
  NotAProcess: 'that number is no process, but means a group, everyone, a thread or nothing',
  UnknownSignal: 'Garrison does not send that signal',
  OtherBoot: 'the process was seen before the machine was restarted',
  Gone: 'there is no such process',
  PidReused: 'the pid belongs to another process by now',
  AlreadyDead: 'it has ended and waits for its parent',
  SelfUnknown: 'Garrison cannot read its own entry in /proc, so nothing can be told apart from it',
  Ourselves: 'it is Garrison itself',
  Ancestor: 'Garrison was started by it',
  NotMadeByUs: 'nothing proves that Garrison started it',
  PerhapsAStranger: 'it is an orphan, and orphans of others come to this supervisor, too',
  OwnGroup: "it is in Garrison's own process group",
  OwnSession: "it is in Garrison's own session or in that of a process that started it",
  GroupNotMadeByUs: 'it does not lead a group and a session of its own',
  Sshd: 'it is an SSH server and may carry a way in',
  LoginSession: "it belongs to somebody's login",
  OtherContainer: 'it is in another container',
  OtherUser: 'it acts for another user',
};

const SIGNALS: readonly string[] = ['SIGTERM', 'SIGKILL', 'SIGCONT', 'SIGCHLD'];
/** 0, -0, negative numbers and NaN mean groups, everyone or nothing to kill(2). */
const LOWEST_PID = 2;
/** The kernel gives out none above. */
const HIGHEST_PID = 2 ** 22;

/** Can this be the number of a process, other than the first? */
export function isPid(value: number): boolean {
  return Number.isSafeInteger(value) && value >= LOWEST_PID && value <= HIGHEST_PID;
}

// Each line below is a rule by itself; test/reconciler/guardMutants.test.ts takes out one after the other.

/** Null when the signal may be sent; else the first rule that forbids it. */
export function refusalOf(order: SignalOrder, around: GuardSurroundings): GuardRule | null {
  const { pid, startTicks, bootId } = order.target;
  const { target } = around;
  if (!isPid(pid)) return 'NotAProcess';
  if (!SIGNALS.includes(order.signal)) return 'UnknownSignal';
  if (bootId !== around.bootId) return 'OtherBoot';
  if (target?.pid !== pid) return 'Gone';
  if (target.threadGroup !== pid) return 'NotAProcess';
  if (target.startTicks !== startTicks) return 'PidReused';
  if ('ZXx'.includes(target.state)) return 'AlreadyDead';
  if (around.self === null) return 'SelfUnknown';
  return refusalOfLiving({ ...around, self: around.self, target }, order.reach);
}

interface BothSeen extends GuardSurroundings {
  readonly self: ProcessFacts;
  readonly target: ProcessFacts;
}

function refusalOfLiving(around: BothSeen, reach: SignalOrder['reach']): GuardRule | null {
  const { self, target, ancestors, origin, adoption } = around;
  if (target.pid === self.pid) return 'Ourselves';
  if (target.pid === self.parentPid || ancestors.some(({ pid }) => pid === target.pid)) return 'Ancestor';
  if (!isProven(around)) return 'NotMadeByUs';
  if (origin === 'adopted' && adoption !== 'ownTree') return 'PerhapsAStranger';
  if (target.processGroup === self.processGroup) return 'OwnGroup';
  if (target.session === self.session) return 'OwnSession';
  if (ancestors.some(({ session }) => session === target.session)) return 'OwnSession';
  if (reach === 'group' && !leadsGroupAndSession(target)) return 'GroupNotMadeByUs';
  if (isSshServer(target.command) || isSshServer(target.program)) return 'Sshd';
  if (isElsewhere(LOGIN_SCOPES, target, self)) return 'LoginSession';
  if (target.sshConnection !== null && target.sshConnection !== self.sshConnection) return 'LoginSession';
  if (isElsewhere(CONTAINER_IDS, target, self)) return 'OtherContainer';
  if (target.uids.some((uid) => uid !== self.uid)) return 'OtherUser';
  return null;
}

function isProven({ origin, target, self, mark, enclosure }: BothSeen): boolean {
  switch (origin) {
    case 'spawned':
    case 'adopted':
      return target.parentPid === self.pid;
    case 'named':
      return true;
    case 'marked':
      return mark !== '' && target.mark === mark;
    case 'enclosed':
      return enclosure !== null && isEnclosed(enclosure, target, self);
    default:
      return false;
  }
}

/** A cgroup that we could have made is below our own: never it, one above it or one beside it. */
function isEnclosed(
  { path, sinceTicks }: WorkerEnclosure,
  target: ProcessFacts,
  self: ProcessFacts,
): boolean {
  if (!(target.startTicks >= sinceTicks)) return false;
  const at = cgroupPath(target);
  return isBelow(path, cgroupPath(self)) && (at === path || isBelow(at, path));
}

/** Of the one hierarchy of version 2. */
function cgroupPath({ cgroup }: ProcessFacts): string | null {
  return /^0::(\/.*)$/m.exec(cgroup)?.[1] ?? null;
}

function isBelow(path: string | null, above: string | null): boolean {
  if (path === null || above === null) return false;
  const folder = above === '/' ? above : `${above}/`;
  return path.startsWith(folder) && path !== folder;
}

/** Only who leads a session by setsid has a group whose members all descend from it; a shell's job group shares its session with others. */
function leadsGroupAndSession({ pid, processGroup, session }: ProcessFacts): boolean {
  return processGroup === pid && session === pid;
}

/** OpenSSH 9.8 and later run each session as a program of its own name: `sshd-session`, `sshd-auth`. */
function isSshServer(name: string): boolean {
  return /^(?:sshd(?:$|[-:. ])|dropbear)/.test(name);
}

const LOGIN_SCOPES = /\bsession-[^/\n]+\.scope\b/g;
/** Docker, Podman and containerd name a container's cgroup by its id. */
const CONTAINER_IDS = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/** Its cgroup names a place of this kind in which we are not ourselves. */
function isElsewhere(kind: RegExp, target: ProcessFacts, self: ProcessFacts): boolean {
  const placesOf = (cgroup: string): readonly string[] => cgroup.match(kind) ?? [];
  const own = placesOf(self.cgroup);
  return placesOf(target.cgroup).some((place) => !own.includes(place));
}

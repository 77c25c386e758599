/**
 * Says whose a zombie is and what to do about it, from what was seen of it and of its parent.
 * It looks nothing up, ends nothing, and never advises anybody to: a zombie is dead, and its parent is somebody's work.
 */

export type ZombieOwner = 'own' | 'worker' | 'container' | 'foreign';

export const ZOMBIE_OWNERS: readonly ZombieOwner[] = ['own', 'worker', 'container', 'foreign'];

/** What happens next, or what somebody is to do about it. */
export type ZombieNext =
  | 'GarrisonReaps'
  | 'WorkerReaps'
  | 'LookAsRoot'
  | 'LookOnHost'
  | 'ParentIsStopped'
  | 'InitReaps'
  | 'InitDoesNotReap'
  | 'ContainerInitReaps'
  | 'ContainerInitDoesNotReap'
  | 'ContainerProgramNeedsRepair'
  | 'SshdReaps'
  | 'ShellReaps'
  | 'RuntimeReaps'
  | 'ProgramNeedsRepair';

/** What Garrison reaped: an orphan that the kernel gave it, or a child that a worker of its own had left. */
export type ReapedKind = 'orphan' | 'worker';

export const REAPED_KINDS: readonly ReapedKind[] = ['orphan', 'worker'];

/** One and the same object for all zombies of one look that have this parent. */
export interface ZombieParent {
  readonly pid: number;
  readonly startTicks: number;
  /** Name of the program, as in /proc/PID/comm: anything. */
  readonly command: string;
  /** The state letter. */
  readonly state: string;
  /** /proc/PID/cgroup, all of it; empty when it may not be read. */
  readonly cgroup: string;
  /** Its pid in the innermost namespace that it lives in: 1 is the init of a container; null when it may not be read. */
  readonly innermostPid: number | null;
  readonly hasTerminal: boolean;
}

export interface SeenZombie {
  readonly pid: number;
  readonly startTicks: number;
  readonly command: string;
  readonly uid: number;
  /** 0 when the parent lives outside of the process namespace that we see. */
  readonly parentPid: number;
  /** Null when it may not be seen, or was gone before it was looked at. */
  readonly parent: ZombieParent | null;
}

export type Kinship =
  { readonly kind: 'us' } | { readonly kind: 'worker'; readonly worker: string } | { readonly kind: 'other' };

/** The same for every zombie of that parent that is equally new. */
export interface ZombieVerdict {
  readonly owner: ZombieOwner;
  /** The parent's container, as `docker ps` shows it; null when it is in none. */
  readonly container: string | null;
  readonly next: ZombieNext;
  /** What it is and what to do, in plain sentences. */
  readonly advice: string;
}

interface Advice {
  readonly next: ZombieNext;
  readonly advice: string;
}

const SHORT_ID_LENGTH = 12;
/** After so long a PID 1 that reaps at all would have. */
const INIT_REAPS_WITHIN_MS = 60_000;

const DEAD = 'It is dead and harmless: it holds a pid and nothing else.';

/** `ageMs`: for how long it has been seen dead. */
export function judgeZombie(
  zombie: Pick<SeenZombie, 'parentPid' | 'parent'>,
  kinship: Kinship,
  ageMs: number,
): ZombieVerdict {
  const { parent, parentPid } = zombie;
  const container = parent === null ? null : containerOf(parent.cgroup);
  switch (kinship.kind) {
    case 'us':
      return {
        owner: 'own',
        container: null,
        next: 'GarrisonReaps',
        advice: `${DEAD} Nothing to do: Garrison is its parent and reaps it within a second.`,
      };
    case 'worker': {
      const name = plain(kinship.worker);
      const advice = `${DEAD} Nothing to do: its parent, worker ${name}, is told to reap it; if it does not, Garrison lets it finish its jobs and replaces it.`;
      return { owner: 'worker', container: null, next: 'WorkerReaps', advice };
    }
    case 'other': {
      const owner = container === null ? 'foreign' : 'container';
      if (parent === null) return { owner, container, ...adviceOnUnseen(parentPid) };
      const name = plain(parent.command);
      const hands = `Do not kill it (it is dead already) or its parent ${name} (pid ${String(parent.pid)}), which would interrupt what ${name} does.`;
      const { next, advice } =
        container === null ? nextOutside(parent, name, ageMs) : nextInside(parent, name, container);
      return { owner, container, next, advice: `${DEAD} ${hands} ${advice}` };
    }
  }
}

/** Twelve digits of the id of the innermost container, of Docker, containerd, Podman or a CRI runtime, with cgroup v1 or v2. */
export function containerOf(cgroup: string): string | null {
  let found: string | null = null;
  for (const segment of cgroup.split(/[/\n]/)) {
    // conmon watches a container from outside of it.
    if (segment.includes('conmon')) continue;
    const id = /(?:^|[-:])([0-9a-f]{64})(?:\.scope)?$/.exec(segment)?.[1];
    if (id !== undefined) found = id.slice(0, SHORT_ID_LENGTH);
  }
  return found;
}

/** Programs whose work is to reap. */
const INITS: readonly string[] = [
  'systemd',
  'init',
  'tini',
  'docker-init',
  'dumb-init',
  'catatonit',
  's6-svscan',
];
/** They stand between a container and the host, and wait for what they started: no restart is ever due for a zombie. */
const RUNTIMES: readonly string[] = ['containerd-shim', 'conmon', 'runc', 'crun', 'docker-proxy'];
const SHELLS: readonly string[] = ['sh', 'bash', 'dash', 'ash', 'zsh', 'fish', 'ksh', 'mksh', 'csh', 'tcsh'];

function adviceOnUnseen(parentPid: number): Advice {
  const only = `${DEAD} Do not kill anything for it: only its parent can reap it.`;
  return parentPid > 0
    ? {
        next: 'LookAsRoot',
        advice: `${only} Its parent (pid ${String(parentPid)}) may not be seen from here: look as root.`,
      }
    : {
        next: 'LookOnHost',
        advice: `${only} Its parent lives outside of the container that Garrison sees: look on its host.`,
      };
}

function nextInside(parent: ZombieParent, name: string, container: string): Advice {
  if (isStopped(parent)) return stoppedNext(name, String(parent.pid));
  if (parent.innermostPid === 1 && INITS.includes(parent.command))
    return {
      next: 'ContainerInitReaps',
      advice: `Nothing to do: ${name} is the init of container ${container} and is about to reap it.`,
    };
  if (parent.innermostPid === 1)
    return {
      next: 'ContainerInitDoesNotReap',
      advice: `${name} is PID 1 of container ${container} and does not reap what is left to it (by health checks, for one): set "init: true" (tini) for this service in its compose file, and recreate it when that interrupts nobody.`,
    };
  return {
    next: 'ContainerProgramNeedsRepair',
    advice: `${name} in container ${container} does not wait for its children, often those of a health check: the program or its health check needs the repair; they are gone when ${name} ends.`,
  };
}

function nextOutside(parent: ZombieParent, name: string, ageMs: number): Advice {
  const pid = String(parent.pid);
  if (isStopped(parent)) return stoppedNext(name, pid);
  if (parent.pid === 1) return nextUnderInit(parent, name, ageMs);
  if (parent.command === 'sshd' || /^sshd[-:]/.test(parent.command))
    return {
      next: 'SshdReaps',
      advice: `Nothing to do: ${name} carries SSH sessions and reaps it by itself.`,
    };
  if (isShell(parent))
    return {
      next: 'ShellReaps',
      advice: `Nothing to do: ${name} is somebody's shell and reaps it at its next prompt.`,
    };
  if (RUNTIMES.some((runtime) => parent.command.startsWith(runtime)))
    return {
      next: 'RuntimeReaps',
      advice: `Nothing to do: ${name} belongs to the container runtime and reaps it by itself.`,
    };
  return {
    next: 'ProgramNeedsRepair',
    advice: `Whoever runs ${name} (pid ${pid}) must make it wait for its children; restarting ${name} clears them, and interrupts whatever it does.`,
  };
}

function nextUnderInit({ command }: ZombieParent, name: string, ageMs: number): Advice {
  if (ageMs < INIT_REAPS_WITHIN_MS || INITS.includes(command))
    return {
      next: 'InitReaps',
      advice: `Nothing to do: PID 1 (${name}) has inherited it and is about to reap it.`,
    };
  return {
    next: 'InitDoesNotReap',
    advice: `PID 1 (${name}) has inherited it and does not reap, as an init must: if this is a container, set "init: true" (tini) for it; else ${name} needs the repair.`,
  };
}

function isStopped({ state }: ZombieParent): boolean {
  return state === 'T' || state === 't';
}

function stoppedNext(name: string, pid: string): Advice {
  return {
    next: 'ParentIsStopped',
    advice: `${name} (pid ${pid}) is stopped (state T) and cannot wait for its children: whoever stopped it, with Ctrl-Z or a debugger, lets it go on; then it reaps them by itself.`,
  };
}

/** A shell that runs a script has no prompt at which it would reap. */
function isShell({ command, hasTerminal, cgroup }: ZombieParent): boolean {
  return SHELLS.includes(command) && (hasTerminal || /\bsession-[^/]+\.scope\b/.test(cgroup));
}

/** Anybody can name a program anything; what could be read as a part of the sentence is put in quotes. */
function plain(name: string): string {
  return /^[\w.@+:/-]{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 64));
}

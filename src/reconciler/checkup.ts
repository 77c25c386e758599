/**
 * Says what a checkup has seen of the machine at one moment, part by part, and of each part that it could not see why.
 * It holds types only and judges nothing.
 */
import type { ContainerFacts, ContainerSessions } from '../detector/containerFacts.ts';
import type { SetAside } from '../setAside.ts';
import type { Kinship, SeenZombie } from '../detector/zombie.ts';

/** `absent`: there is nothing of it here. `late`: it did not answer in time. */
export type Unseen = 'absent' | 'notPermitted' | 'failed' | 'late';

export type Part<T> =
  | { readonly kind: 'seen'; readonly value: T }
  /** `because`: a sentence. */
  | { readonly kind: 'unseen'; readonly why: Unseen; readonly because: string };

export interface Checkup {
  /** RFC 3339. */
  readonly at: string;
  readonly isRoot: boolean;
  readonly home: string;
  readonly version: string;
  /** As a person calls them from here. */
  readonly commands: { readonly garrison: string; readonly docker: string };
  readonly config: Part<ConfigSeen>;
  readonly supervisor: Part<SupervisorSeen>;
  readonly zombies: Part<ZombiesCounted>;
  readonly docker: Part<DockerSeen>;
  readonly redis: Part<RedisSeen>;
  readonly disks: Part<DisksSeen>;
  readonly counts: Part<readonly CountSeen[]>;
  readonly memory: Part<MemorySeen>;
  readonly pressure: Part<readonly PressureSeen[]>;
  readonly clock: Part<ClockSeen>;
  readonly sshd: Part<SshdSeen>;
  readonly units: Part<readonly UnitSeen[]>;
}

export interface ConfigSeen {
  readonly redis: 'embedded' | 'url' | 'sentinels';
  /** Container or service name → the names that it depends on. */
  readonly dependsOn: Readonly<Record<string, readonly string[]>>;
}

export interface SupervisorSeen {
  /** `gone`: no socket, or one that a supervisor left behind. `silent`: it takes the question and gives no answer. */
  readonly door: 'answers' | 'gone' | 'left behind' | 'silent';
  /** Holds the lock of the home folder; null when nobody does. 0 where its pid cannot be seen. */
  readonly pid: number | null;
  /** The state letter of that process. */
  readonly processState: string | null;
  /** What the lock file says although nobody holds the lock; null when it says nothing. */
  readonly leftLock: string | null;
  readonly version: string | null;
  /** What it says of itself and all it looks after, a sentence each; empty while all is well there, or nothing is known. */
  readonly sentences: readonly string[];
  /** The last line of its journal. */
  readonly lastWord: { readonly at: string; readonly event: string; readonly aheadMs: number } | null;
  /** Damaged files of the home folder that were given another name and still lie there. */
  readonly setAside: readonly SetAside[];
}

export interface ZombiesCounted {
  readonly zombies: readonly CountedZombie[];
  /** A sentence; null when every process can be seen. */
  readonly limited: string | null;
}

export interface CountedZombie extends Pick<SeenZombie, 'pid' | 'command' | 'parentPid' | 'parent'> {
  readonly kinship: Kinship;
  /** It has been dead for less; 0 when it was seen only once. */
  readonly ageMs: number;
}

export interface DockerSeen {
  readonly engine: string;
  /** As people write it. */
  readonly target: string;
  readonly isHere: boolean;
  /** Null when it did not tell. */
  readonly liveRestore: boolean | null;
  /** All that Docker lists, also where it did not tell of each. */
  readonly listed: number;
  readonly containers: readonly ContainerSeen[];
  /** Sentences: what could not be found out, and why. */
  readonly gaps: readonly string[];
}

/** A file that a celery worker of JumpServer touches every 10 s. */
export interface CeleryBeat {
  /** As the file calls it: `ansible`, `celery`, or both. */
  readonly worker: string;
  readonly ageMs: number;
}

export interface ContainerSeen {
  readonly facts: ContainerFacts;
  /** RFC 3339, our clock: since when Docker has called it running without a process, seen twice; null when that is not so. */
  readonly lifelessSince: string | null;
  /** Since its newest probe, by Docker's clock; since its start where there was none. Null where nothing is probed or the clock is another's. */
  readonly unprobedForMs: number | null;
  readonly sessions: ContainerSessions;
  readonly isOwn: boolean;
  readonly composeAtWork: string | null;
  /** Of docker compose that made it, such as 1.29.2; null where it does not say. */
  readonly composeVersion: string | null;
  /** Where compose read of it, whole path; null where it does not say. */
  readonly composeFile: string | null;
  /** Docker's own init is its first process. */
  readonly hasInit: boolean;
  /** So often one of its processes was ended for want of memory in this life. */
  readonly oomKills: number | null;
  /** Absent where it has no celery workers, or they cannot be seen from here. */
  readonly celeryBeats?: readonly CeleryBeat[];
  readonly gaps: readonly string[];
}

export interface RedisSeen {
  /** For people, without a password. */
  readonly target: string;
  readonly version: string;
  readonly answeredInMs: number;
  readonly role: string;
  /** It is still reading its files. */
  readonly isLoading: boolean;
  readonly usedBytes: number | null;
  /** 0: no limit. */
  readonly limitBytes: number | null;
  readonly policy: string;
  readonly appendOnly: boolean | null;
  /** What its last writes to disk came to, such as `ok`; null where it does not say. */
  readonly lastAppend: string | null;
  readonly lastSave: string | null;
}

export interface DisksSeen {
  readonly disks: readonly DiskSeen[];
  /** Sentences: of those that did not tell. */
  readonly gaps: readonly string[];
}

export interface DiskSeen {
  /** Of the folders looked at those that lie on it. */
  readonly folders: readonly string[];
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** 0 where the file system has no fixed number. */
  readonly totalInodes: number;
  readonly freeInodes: number;
  readonly isReadOnly: boolean;
}

/** Something that there can be only so many of. */
export interface CountSeen {
  /** As in "open files of the machine". */
  readonly what: string;
  readonly used: number;
  readonly most: number;
  /** A command that shows who uses them. */
  readonly look: string;
}

export interface MemorySeen {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
  /** Since the machine started; null where the kernel does not tell. */
  readonly oomKills: number | null;
  /** In the cgroup of the supervisor. */
  readonly ownOomKills: number | null;
}

export interface PressureSeen {
  readonly resource: 'cpu' | 'memory' | 'io';
  /** Shares of the last minute, 0–1, in which some work, or all of it, waited. */
  readonly some: number;
  readonly full: number;
}

export interface ClockSeen {
  /** Null when the kernel does not tell. */
  readonly isSynchronized: boolean | null;
}

export interface SshdSeen {
  /** Ports that an sshd of this machine listens on. */
  readonly ports: readonly number[];
  /** False when whose ports they are cannot be seen. */
  readonly isSure: boolean;
  /** Connections by which somebody is logged in. */
  readonly logins: number;
  /** Connections that are not logged in yet; sshd drops some from the first number of MaxStartups on, and all from the last. */
  readonly startups: number;
  readonly maxStartups: string | null;
  /** What `sshd -t` complains of; null when its configuration is good, or it was not asked. */
  readonly complaint: string | null;
  /** Why it was not asked, a sentence. */
  readonly unasked: string | null;
  /** Whoever asks came in over SSH. */
  readonly isOurWayIn: boolean;
}

export interface UnitSeen {
  readonly name: string;
  /** systemd's words. */
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  readonly restarts: number;
}

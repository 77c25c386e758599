/**
 * Says what a finding of a checkup is, and which comes first.
 * It finds nothing itself; no finding ever advises to end a process.
 */

/** In the order in which people should read those that weigh the same: what explains the others comes first. */
export const FINDING_CODES = [
  'ConfigInvalid',
  'DiskFull',
  'DiskReadOnly',
  'PidsUsedUp',
  'FilesUsedUp',
  'MemoryLow',
  'DockerSilent',
  'DockerAway',
  'ContainerOrderUnknown',
  'ContainerStopped',
  'ContainerGhost',
  'ContainerUnhealthy',
  'ContainerUnprobed',
  'ContainerCrashing',
  'ContainersWaiting',
  'CeleryBeatOld',
  'LoginThroughContainer',
  'SupervisorStopped',
  'SupervisorSilent',
  'SupervisorAway',
  'SupervisorSays',
  'FileSetAside',
  'SupervisorVersion',
  'RedisSilent',
  'RedisAway',
  'RedisRole',
  'RedisMemory',
  'RedisNotSaving',
  'RedisSlow',
  'SshdAway',
  'SshdConfig',
  'SshdBusy',
  'UnitFailed',
  'DiskLow',
  'OutOfMemory',
  'Starved',
  'ClockWrong',
  'DockerTrap',
  'LiveRestoreOff',
  'InitMissing',
  'Zombies',
  'LockLeft',
  'NotSeen',
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** `critical` and `warning` want something done; `info` is only good to know. */
export const WEIGHTS = ['critical', 'warning', 'info'] as const;

export type Weight = (typeof WEIGHTS)[number];

export interface Finding {
  readonly code: FindingCode;
  readonly weight: Weight;
  /** A sentence. */
  readonly what: string;
  /** A sentence each. */
  readonly evidence: readonly string[];
  /** A sentence that says why nothing need be done, or what goes on all the same; null where it does harm. */
  readonly harmless: string | null;
  /** A command to copy or, where there is none, what to do; null when there is nothing to do. */
  readonly next: string | null;
  /** Whom the next step interrupts; null when there is no next step. */
  readonly interrupts: string | null;
}

/** What one topic gives: what is to be told, and a line for each thing that is well. */
export interface Topic {
  readonly findings: readonly Finding[];
  readonly well: readonly string[];
}

export const NOTHING = 'nothing';
export const ONLY_LOOKS = 'nothing: it only looks';

type Told = Pick<Finding, 'what'> & Partial<Omit<Finding, 'code' | 'weight' | 'what'>>;

/** A next step interrupts nothing unless it says whom. */
export function finding(weight: Weight, code: FindingCode, told: Told): Finding {
  const { what, evidence = [], harmless = null, next = null } = told;
  const interrupts = next === null ? null : (told.interrupts ?? ONLY_LOOKS);
  return { code, weight, what, evidence, harmless, next, interrupts };
}

/** The heaviest first; of those that weigh the same in the order of their codes, and as they were found. */
export function byWeight(one: Finding, other: Finding): number {
  return (
    WEIGHTS.indexOf(one.weight) - WEIGHTS.indexOf(other.weight) ||
    FINDING_CODES.indexOf(one.code) - FINDING_CODES.indexOf(other.code)
  );
}

export function joined(topics: readonly Topic[]): Topic {
  return {
    findings: topics.flatMap(({ findings }) => findings),
    well: topics.flatMap(({ well }) => well),
  };
}

/** `one thing`, `2 things`. */
export function many(count: number, what: string, plural = `${what}s`): string {
  return `${String(count)} ${count === 1 ? what : plural}`;
}

const MOST_NAMED = 8;

/** `a, b and 3 more`. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
}

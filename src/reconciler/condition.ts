/**
 * Says which conditions of the whole a person must be told of, from what everybody is shown.
 * It remembers nothing: how long one must last, and whether it was told already, is notice.ts' to know.
 */
import type { ContainerState } from '../detector/container.ts';
import type { WorkerState } from '../detector/verdict.ts';
import { GHOST_ADVICE } from './heal.ts';

export type Severity = 'warning' | 'error';

/** What is read of the overview. */
export interface ConditionView {
  readonly redis: { readonly up: boolean; readonly since: string; readonly detail: string };
  readonly docker: {
    readonly state: 'up' | 'away' | 'unknown';
    readonly since: string;
    readonly detail: string;
  };
  readonly queue: { readonly served: boolean; readonly canary: { readonly sentAt: string | null } };
  readonly workers: readonly {
    readonly name: string;
    readonly state: WorkerState;
    readonly since: string;
    readonly detail: string;
  }[];
  readonly containers: { readonly listed: boolean; readonly brake: string | null };
  /** Not told by an older supervisor. */
  readonly grants?: {
    readonly held: { readonly since: string; readonly why: string } | null;
    readonly driftedHosts: number;
    readonly driftSince: string | null;
    readonly drifted: readonly string[];
  };
}

export interface ContainerSight {
  readonly name: string;
  readonly state: ContainerState;
  readonly since: string;
  readonly detail: string;
  readonly heal: { readonly quarantinedSince: string | null };
}

export interface Condition {
  /** Two conditions with the same key are one. */
  readonly key: string;
  readonly severity: Severity;
  /** It must last for `holdMs` within one episode before anybody is told … */
  readonly episode: string;
  readonly holdMs: number;
  /** … and be away for so long before it is over. */
  readonly clearAfterMs: number;
  readonly what: string;
  /** RFC 3339; null where only the first sight of it tells. */
  readonly since: string | null;
  readonly why: string;
  readonly next: string;
  /** The exact one to begin with. */
  readonly command: string;
}

/** Keys that begin so cannot be told now: neither that they last nor that they are over. */
export type Blind = readonly string[];

export const CONDITION_LIMITS = {
  worker: { failed: 10_000, hung: 30_000, clearAfterMs: 120_000 },
  redis: { holdMs: 10_000, clearAfterMs: 10_000 },
  docker: { holdMs: 30_000, clearAfterMs: 10_000 },
  canary: { holdMs: 20_000, clearAfterMs: 60_000 },
  brake: { holdMs: 0, clearAfterMs: 30_000 },
  container: { holdMs: 0, clearAfterMs: 5_000 },
  grants: { holdMs: 0, clearAfterMs: 60_000 },
} as const;

export function conditionsOf(
  view: ConditionView,
  containers: readonly ContainerSight[],
): { readonly conditions: readonly Condition[]; readonly blind: Blind } {
  const found = [
    ofRedis(view),
    ofDocker(view),
    ofCanary(view),
    ofBrake(view),
    ofHeldSync(view),
    ofDrift(view),
    ...view.workers.map(ofWorker),
    ...containers.map(ofContainer),
  ];
  return { conditions: found.filter((one) => one !== null), blind: blindTo(view) };
}

function blindTo({ redis, docker, containers }: ConditionView): Blind {
  const seesContainers = docker.state === 'up' && containers.listed;
  return [
    ...(seesContainers ? [] : ['container/', 'brake']),
    ...(docker.state === 'unknown' ? ['docker'] : []),
    ...(redis.up ? [] : ['canary']),
  ];
}

function ofRedis({ redis }: ConditionView): Condition | null {
  if (redis.up) return null;
  return {
    ...{ key: 'redis', severity: 'error', episode: redis.since, ...CONDITION_LIMITS.redis },
    ...{ what: 'Redis does not answer', since: redis.since, why: redis.detail },
    next: 'No push is accepted until it answers; running jobs go on. See what is said of it',
    command: 'garrison status',
  };
}

/** A machine on which Docker never answered may have none. */
function ofDocker({ docker, containers }: ConditionView): Condition | null {
  if (docker.state !== 'away' || !containers.listed) return null;
  return {
    ...{ key: 'docker', severity: 'error', episode: docker.since, ...CONDITION_LIMITS.docker },
    ...{ what: 'Docker does not answer', since: docker.since, why: docker.detail },
    next: 'No container is healed until it answers. This says what a restart of Docker would take along, and does nothing without --yes',
    command: 'garrison restart docker',
  };
}

function ofCanary({ queue, redis }: ConditionView): Condition | null {
  const { sentAt } = queue.canary;
  if (sentAt === null || !redis.up || !queue.served) return null;
  return {
    ...{ key: 'canary', severity: 'warning', episode: sentAt, ...CONDITION_LIMITS.canary },
    what: "the queue's test job does not come back",
    since: sentAt,
    why: 'workers take jobs, but what is put on the queue is not done in time; those that should have taken it are being replaced',
    next: 'Look which worker takes nothing',
    command: 'garrison get workers',
  };
}

function ofBrake({ containers }: ConditionView): Condition | null {
  if (containers.brake === null) return null;
  return {
    ...{ key: 'brake', severity: 'error', episode: 'on', ...CONDITION_LIMITS.brake },
    what: 'so many containers are sick at once that none is restarted',
    since: null,
    why: containers.brake,
    next: 'Suspect the host, Docker or Redis before any container',
    command: 'garrison status',
  };
}

/** What would be pushed by itself is more than nobody should look at. */
function ofHeldSync({ grants }: ConditionView): Condition | null {
  const held = grants?.held ?? null;
  if (held === null) return null;
  return {
    ...{ key: 'grants/sync', severity: 'warning', episode: held.since, ...CONDITION_LIMITS.grants },
    ...{ what: 'the scheduled sync did nothing', since: held.since, why: held.why },
    next: 'See what it would do; if that is right, garrison sync does it once its number is typed',
    command: 'garrison plan --grants',
  };
}

function ofDrift({ grants }: ConditionView): Condition | null {
  if (grants === undefined || grants.driftSince === null) return null;
  const { driftedHosts, driftSince, drifted } = grants;
  const more = driftedHosts > drifted.length ? ' and others' : '';
  return {
    ...{ key: 'grants/drift', severity: 'warning', episode: driftSince, ...CONDITION_LIMITS.grants },
    what: `somebody changed on ${String(driftedHosts)} ${driftedHosts === 1 ? 'host' : 'hosts'} what Garrison had set`,
    ...{ since: driftSince, why: `found on ${drifted.join(', ')}${more}` },
    next: 'See what was changed; garrison sync puts right what it may',
    command: 'garrison sync --check',
  };
}

function ofWorker({ name, state, since, detail }: ConditionView['workers'][number]): Condition | null {
  if (state !== 'failed' && state !== 'hung') return null;
  const { clearAfterMs } = CONDITION_LIMITS.worker;
  return {
    key: `worker/${name}`,
    severity: state === 'failed' ? 'error' : 'warning',
    ...{ episode: `${state} ${since}`, holdMs: CONDITION_LIMITS.worker[state], clearAfterMs },
    what: state === 'failed' ? `worker ${name} keeps failing` : `worker ${name} hangs`,
    ...{ since, why: detail },
    next: 'See how it came to this, and its last lines',
    command: named('garrison why worker/', name, 'garrison get workers'),
  };
}

function ofContainer({ name, state, since, detail, heal }: ContainerSight): Condition | null {
  const shared = { severity: 'error', ...CONDITION_LIMITS.container } as const;
  const command = named('garrison why container/', name, 'garrison get containers');
  if (state === 'ghost')
    return {
      ...{ ...shared, key: `container/${name}/ghost`, episode: 'ghost', since, why: detail, command },
      what: `container ${name} is a ghost`,
      next: `It is not healed: ${GHOST_ADVICE}`,
    };
  if (heal.quarantinedSince === null) return null;
  return {
    ...{ ...shared, key: `container/${name}/quarantine`, episode: heal.quarantinedSince, command },
    ...{ what: `container ${name} is in quarantine`, since: heal.quarantinedSince, why: detail },
    next: `Nobody restarts it until ${named('garrison quarantine clear ', name, 'its quarantine is cleared')}. First see how it came to this`,
  };
}

/** A command that people copy holds no name that a shell could take for more than a name. */
function named(command: string, name: string, otherwise: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(name) ? `${command}${name}` : otherwise;
}

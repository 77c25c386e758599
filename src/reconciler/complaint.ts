/**
 * Says everything that is wrong in a situation, at which stage of a recovery each is due, and what could be done about it: a step, to wait, or a person.
 * It chooses none of them, and never names a step on what a person has stopped, quieted, paused or excluded.
 */
import { unreachable } from '../errors.ts';
import {
  RECOVERY_STAGES,
  type ContainerSituation,
  type DoneStep,
  type RecoveryStage,
  type RecoveryVerb,
  type Situation,
  type WorkerSituation,
} from './situation.ts';

export type Remedy =
  | {
      readonly kind: 'step';
      readonly verb: RecoveryVerb;
      readonly target: string;
      /** Sentences: what is known of whom it interrupts before anything is examined. */
      readonly interrupts: readonly string[];
    }
  /** It goes on by itself; `untilMs` is null where nobody can say until when. `command` is for a person, if it does not. */
  | { readonly kind: 'wait'; readonly untilMs: number | null; readonly command: string }
  | { readonly kind: 'person'; readonly command: string };

export interface Complaint {
  readonly stage: RecoveryStage | 'docker';
  /** A sentence. */
  readonly what: string;
  readonly remedy: Remedy;
}

/** The target of a restart of the embedded Redis. No worker and no container has such a name. */
export const QUEUE_REDIS = 'queue/redis';

export function complaintsOf(situation: Situation): readonly Complaint[] {
  const found = [
    ...situation.workers.map((worker) => ofWorker(worker, situation)),
    ofQueue(situation),
    ...situation.containers.map((container) => ofContainer(container, situation)),
    ofDocker(situation),
  ];
  return found.filter((complaint) => complaint !== null);
}

/** The place of the furthest stage that this recovery has come to. */
export function reachedStage({ done }: Pick<Situation, 'done'>): number {
  return Math.max(0, ...done.map(({ stage }) => RECOVERY_STAGES.indexOf(stage)));
}

/** While Redis is away nobody can tell a worker's fault from Redis's: none is restarted. */
function ofWorker(worker: WorkerSituation, situation: Situation): Complaint | null {
  switch (worker.state) {
    case 'starting':
    case 'up':
    case 'late':
    case 'draining':
    case 'stopped':
    case 'unknown':
      return null;
    case 'hung':
    case 'backoff':
    case 'failed':
      return situation.redis.up && worker.wish !== 'stop' ? ofSickWorker(worker, situation) : null;
    default:
      return unreachable(worker.state);
  }
}

function ofSickWorker(
  { name, state, reason, wish, detail, jobs }: WorkerSituation,
  situation: Situation,
): Complaint {
  const complaint = { stage: 'worker', what: `${name} is ${state}: ${detail}` } as const;
  const person = (command: string): Complaint => ({ ...complaint, remedy: { kind: 'person', command } });
  if (wish === 'quiet') return person(`garrison restart worker/${name}`);
  // It waits in the kernel, where no signal reaches it.
  if (reason === 'Uninterruptible') return person(`garrison why ${name}`);
  if (reachedStage(situation) > 0)
    return { ...complaint, remedy: { kind: 'wait', untilMs: null, command: 'garrison recover' } };
  const interrupts = jobs.map((id) => `job ${id} on ${name}: it is tried again`);
  const step = { kind: 'step', verb: 'restart', target: `worker/${name}`, interrupts } as const;
  return { ...complaint, ...onceOnly(step, complaint.what, { situation, command: `garrison why ${name}` }) };
}

function ofQueue(situation: Situation): Complaint | null {
  const { redis, isCanaryLate } = situation;
  const stage = 'queue';
  if (redis.up) {
    const what = "Redis answers and workers take jobs, but the queue's test job does not come back";
    return isCanaryLate ? { stage, what, remedy: { kind: 'person', command: 'garrison why' } } : null;
  }
  if (!redis.isOurs) return ofForeignRedis(situation);
  const what = `Redis does not answer: ${redis.detail}`;
  const interrupts = ['pushes wait until Redis answers again; no result is lost'];
  const step = { kind: 'step', verb: 'restart', target: QUEUE_REDIS, interrupts } as const;
  return { stage, ...onceOnly(step, what, { situation, command: 'garrison doctor' }) };
}

/** Where it runs in a container that is sick, the stage of the containers may cure it. */
function ofForeignRedis({ redis, containers }: Situation): Complaint {
  const what = `Redis does not answer, and is not run by Garrison: ${redis.detail}`;
  const candidates = containers.filter(({ image, name }) => /redis|valkey|keydb/i.test(`${image} ${name}`));
  const stopped = candidates.find(({ state }) => state === 'stopped');
  const seen = candidates.map(({ name, state }) => `${name} is ${state}`).join(', ');
  return {
    stage: 'queue',
    what: seen === '' ? what : `${what}; of the containers that may be it, ${seen}`,
    remedy: {
      kind: 'person',
      command: stopped === undefined ? 'garrison doctor' : `garrison start container/${stopped.name}`,
    },
  };
}

/** Without containers there may be no Docker on the machine at all. */
function ofDocker({ docker, containers }: Situation): Complaint | null {
  if (docker.state !== 'away' || containers.length === 0) return null;
  return {
    stage: 'docker',
    what: `Docker does not answer: ${docker.detail}`,
    remedy: { kind: 'person', command: RESTART_DOCKER },
  };
}

const RESTART_DOCKER = 'garrison restart docker';

function ofContainer(container: ContainerSituation, situation: Situation): Complaint | null {
  const { id, name, detail, ailment, leftStopped, root } = container;
  if (ailment === null && !leftStopped) return null;
  // What explains it is complained of; it may recover by itself once that is well.
  if (root !== null && root !== id) return null;
  if (ailment === 'ghost')
    return {
      stage: 'docker',
      what: `${name} is a ghost: ${detail}`,
      remedy: { kind: 'person', command: RESTART_DOCKER },
    };
  const stage = stageOf(container, situation);
  const what = leftStopped
    ? `${name} was ended by a treatment and not started again`
    : `${name} is ${ailment ?? 'sick'}: ${detail}`;
  const kept = keptFrom(container, situation);
  if (kept !== null)
    return { stage, what: `${what}; ${kept.why}`, remedy: { kind: 'person', command: kept.command } };
  const awaited = awaitedOf(container, situation);
  if (awaited !== null) {
    const command = `garrison why container/${name}`;
    return { stage, what: `${what}; ${awaited.why}`, remedy: { kind: 'wait', ...awaited.wait, command } };
  }
  const isChosen = container.selection === 'heal';
  const interrupts = isChosen ? [] : [`${name}, which is not chosen for healing: ${container.because}`];
  const step = { kind: 'step', verb: 'heal', target: `container/${name}`, interrupts } as const;
  const command = `garrison why container/${name}`;
  return { stage, ...onceOnly(step, what, { situation, command }) };
}

/** Why it is for a person; null when it is not. */
function keptFrom(
  {
    id,
    name,
    project,
    ailment,
    quarantine,
    maintenanceUntil,
    selection,
    because,
    above,
    heldBy,
  }: ContainerSituation,
  { containers, agreedTo }: Situation,
): { readonly why: string; readonly command: string } | null {
  const look = `garrison why container/${name}`;
  if (ailment === 'unprobed')
    return {
      why: 'Docker could not run its health check, which says nothing of the container',
      command: look,
    };
  if (quarantine !== null)
    return { why: `it is in quarantine: ${quarantine}`, command: `garrison quarantine clear ${name}` };
  if (maintenanceUntil !== null) {
    const scope = project === null ? `container/${name}` : `project/${project}`;
    return {
      why: `it is in maintenance until ${maintenanceUntil}`,
      command: `garrison maintenance list, then garrison maintenance off ${scope}`,
    };
  }
  if (selection === 'never') return { why: `it is not healed: ${because}`, command: look };
  const held = containers.find((other) => above.includes(other.id) && isHeldByPerson(other));
  if (held !== undefined && heldBy !== null)
    return { why: heldBy, command: `garrison why container/${held.name}` };
  if (selection !== 'heal' && !agreedTo.has(id))
    return { why: 'it was not in the plan that was agreed to', command: 'garrison recover' };
  return null;
}

function isHeldByPerson({ state }: ContainerSituation): boolean {
  return state === 'paused' || state === 'stopped' || state === 'quarantined' || state === 'ghost';
}

function awaitedOf(
  container: ContainerSituation,
  situation: Situation,
): { readonly why: string; readonly wait: { readonly untilMs: number | null } } | null {
  const { treatedBy, heldBy } = container;
  if (treatedBy !== null) return { why: `it is being treated, by ${treatedBy}`, wait: { untilMs: null } };
  if (heldBy !== null) return { why: heldBy, wait: { untilMs: null } };
  const untilMs = Math.max(container.recoversUntilMs, recoversWithOthersUntilMs(container, situation));
  if (situation.nowMs >= untilMs) return null;
  return { why: 'it has time to recover by itself', wait: { untilMs } };
}

/** Compose v1 says of nobody what it depends on: of such a project each may have waited for the one that was cured. */
function recoversWithOthersUntilMs(container: ContainerSituation, situation: Situation): number {
  if (container.isPlaced || container.project === null) return -Infinity;
  const cured = treatedOf(situation).filter(
    ({ step, treated }) =>
      step.outcome === 'cured' && treated.id !== container.id && treated.project === container.project,
  );
  return Math.max(-Infinity, ...cured.map(({ step }) => step.endedAtMs)) + container.recoverMs;
}

/** Behind what was treated already, it is of the stack. */
function stageOf({ id, project, above, isPlaced }: ContainerSituation, situation: Situation): RecoveryStage {
  if (reachedStage(situation) === RECOVERY_STAGES.indexOf('stack')) return 'stack';
  const isBehind = treatedOf(situation).some(
    ({ treated }) =>
      treated.id !== id &&
      (above.includes(treated.id) || (!isPlaced && project !== null && treated.project === project)),
  );
  return isBehind ? 'stack' : 'container';
}

function treatedOf({
  done,
  containers,
}: Situation): readonly { readonly step: DoneStep; readonly treated: ContainerSituation }[] {
  return done.flatMap((step) => {
    const treated = containers.find(({ name }) => step.target === `container/${name}`);
    return treated === undefined ? [] : [{ step, treated }];
  });
}

/** No step is taken twice: who did not get well by it, or not for long, is for a person. */
function onceOnly(
  step: Extract<Remedy, { kind: 'step' }>,
  what: string,
  { situation, command }: { readonly situation: Situation; readonly command: string },
): { readonly what: string; readonly remedy: Remedy } {
  const earlier = situation.done.find(({ verb, target }) => verb === step.verb && target === step.target);
  if (earlier === undefined) return { what, remedy: step };
  const outcome =
    earlier.outcome === 'failed'
      ? `${step.verb} ${step.target} did not cure it: ${earlier.detail}`
      : `${step.verb} ${step.target} had cured it, but not for long`;
  return { what: `${what}; ${outcome}`, remedy: { kind: 'person', command } };
}

/**
 * Decides the next step of a recovery in stages: worker, queue, container, stack; what interrupts least comes first, and the first stage that cures ends it.
 * Docker is never a step, no stage comes back, no step is taken twice, and a person's latch is never lifted.
 */
import { unreachable } from '../errors.ts';
import { complaintsOf, QUEUE_REDIS, reachedStage, type Complaint } from './complaint.ts';
import {
  RECOVERY_STAGES,
  type ContainerSituation,
  type RecoveryStage,
  type RecoveryVerb,
  type Situation,
} from './situation.ts';

export interface RecoveryStep {
  readonly kind: 'step';
  readonly stage: RecoveryStage;
  readonly verb: RecoveryVerb;
  /** `worker/NAME`, `container/NAME` or `queue/redis`. */
  readonly target: string;
  /** A sentence. */
  readonly because: string;
  /** Sentences: as far as is known before anything is examined. */
  readonly interrupts: readonly string[];
}

/** What is left for a person, and the command to begin with. */
export interface LeftForPerson {
  readonly stage: RecoveryStage | 'docker';
  readonly why: string;
  readonly command: string;
}

export type RecoveryDecision =
  | RecoveryStep
  /** `untilMs`: monotonic; null where nobody can say until when. */
  | {
      readonly kind: 'wait';
      readonly stage: RecoveryStage;
      readonly what: string;
      readonly untilMs: number | null;
    }
  | { readonly kind: 'cured'; readonly at: RecoveryStage }
  /** Not empty, in the order of the stages. */
  | { readonly kind: 'needsPerson'; readonly left: readonly LeftForPerson[] }
  | { readonly kind: 'nothingWrong' };

export function nextOfRecovery(situation: Situation): RecoveryDecision {
  const complaints = complaintsOf(situation);
  const last = situation.done.at(-1);
  if (complaints.length === 0)
    return last === undefined ? { kind: 'nothingWrong' } : { kind: 'cured', at: last.stage };
  const reached = reachedStage(situation);
  for (const stage of RECOVERY_STAGES.slice(reached)) {
    const next = nextInStage(stage, complaints, situation);
    if (next !== null) return next;
  }
  // What has gone wrong behind us is left to what goes on by itself.
  for (const stage of RECOVERY_STAGES.slice(0, reached)) {
    const next = nextInStage(stage, complaints, situation);
    if (next?.kind === 'wait') return next;
  }
  return { kind: 'needsPerson', left: inOrder(complaints).map(leftOf) };
}

function nextInStage(
  stage: RecoveryStage,
  complaints: readonly Complaint[],
  { isPatienceOver }: Situation,
): Extract<RecoveryDecision, { kind: 'step' | 'wait' }> | null {
  const here = complaints.filter((complaint) => complaint.stage === stage);
  for (const { what, remedy } of here)
    if (remedy.kind === 'step') {
      const { verb, target, interrupts } = remedy;
      return { kind: 'step', stage, verb, target, because: what, interrupts };
    }
  for (const { what, remedy } of here) {
    if (remedy.kind !== 'wait' || (isPatienceOver && remedy.untilMs === null)) continue;
    return { kind: 'wait', stage, what, untilMs: remedy.untilMs };
  }
  return null;
}

function inOrder(complaints: readonly Complaint[]): readonly Complaint[] {
  const order: readonly Complaint['stage'][] = [...RECOVERY_STAGES, 'docker'];
  return [...complaints].sort((one, other) => order.indexOf(one.stage) - order.indexOf(other.stage));
}

function leftOf({ stage, what, remedy }: Complaint): LeftForPerson {
  switch (remedy.kind) {
    case 'person':
    case 'wait':
      return { stage, why: what, command: remedy.command };
    case 'step':
      // A stage that is behind us: only a new recovery comes to it.
      return { stage, why: what, command: 'garrison recover' };
    default:
      return unreachable(remedy);
  }
}

export interface Foreseen {
  readonly steps: readonly RecoveryStep[];
  /** How it would end if each step did what is wanted of it, and nobody recovered by itself. */
  readonly end: RecoveryDecision;
}

/** All steps that could become necessary, in their order. */
export function foresee(situation: Situation): Foreseen {
  const steps: RecoveryStep[] = [];
  let at = situation;
  for (;;) {
    const next = nextOfRecovery(at);
    switch (next.kind) {
      case 'step':
        steps.push(next);
        at = asIfDone(at, next);
        break;
      case 'wait':
        at = next.untilMs === null ? { ...at, isPatienceOver: true } : { ...at, nowMs: next.untilMs };
        break;
      default:
        return { steps, end: next };
    }
  }
}

function asIfDone(situation: Situation, { stage, verb, target }: RecoveryStep): Situation {
  const { nowMs } = situation;
  const done = [
    ...situation.done,
    { stage, verb, target, outcome: 'cured', detail: '', endedAtMs: nowMs } as const,
  ];
  if (target === QUEUE_REDIS) return { ...situation, done, redis: { ...situation.redis, up: true } };
  const workers = situation.workers.map((worker) =>
    target === `worker/${worker.name}` ? { ...worker, state: 'up' as const } : worker,
  );
  return { ...situation, done, workers, containers: asIfHealed(situation.containers, target) };
}

function asIfHealed(
  containers: readonly ContainerSituation[],
  target: string,
): readonly ContainerSituation[] {
  const healed = containers.find(({ name }) => target === `container/${name}`);
  if (healed === undefined) return containers;
  const well = { ...healed, state: 'healthy', ailment: null, leftStopped: false, root: null } as const;
  const after = containers.map((each) => (each.id === healed.id ? well : each));
  return after.map((each) => {
    if (each.root !== healed.id) return each;
    const above = after.filter(({ id, ailment }) => each.above.includes(id) && ailment !== null);
    return { ...each, root: above[0]?.id ?? each.id, heldBy: above.length === 0 ? null : each.heldBy };
  });
}

/**
 * Says in sentences what will be done to a container, in order and with reasons, before anything is.
 * It plans with the same words and the same next treatment as reconciler/heal decides by.
 */
import type { ContainerFacts, ContainerSessions } from '../detector/containerFacts.ts';
import { ancestorsOf, type DependencyGraph } from './dependency.ts';
import { followUpsOf } from './followUp.ts';
import { restartsWithin, type HealPolicy, type HealRecord } from './healRecord.ts';
import type { Treatment } from './treatment.ts';
import { healthyWithinMs, TREATMENT_WORDS } from './verify.ts';

export interface PlanQuestion {
  /** The one that is treated. */
  readonly facts: ContainerFacts;
  readonly how: Treatment;
  /** A sentence part: why this one. */
  readonly because: string;
  readonly record: HealRecord;
  readonly policy: HealPolicy;
  readonly graph: DependencyGraph;
  readonly others: ReadonlyMap<string, PlannedContainer>;
  /** True when it is tried until it is well, false for one deed. */
  readonly untilWell: boolean;
}

export interface PlannedContainer {
  readonly name: string;
  readonly isHealed: boolean;
  readonly isRunning: boolean;
}

/** Steps in order, a sentence each. */
export function planSteps(question: PlanQuestion, nowMs: number): readonly string[] {
  const { facts, how, because } = question;
  const deed = `${facts.name}: ${TREATMENT_WORDS[how]}, because ${because}`;
  const evidence = `keep what can be seen of ${facts.name} (health log, last log lines, processes, limits) under incidents/`;
  if (how === 'stop')
    return [evidence, deed, `see that ${facts.name} is stopped; it stays so until somebody starts it`];
  return [
    evidence,
    deed,
    verification(facts),
    ...followUpSteps(question),
    ...spared(question),
    ...(question.untilWell ? [escalation(question, nowMs)] : []),
  ];
}

/** What would be cut, a sentence each; empty when nothing would. */
export function interruptions(
  name: string,
  sessions: ContainerSessions,
  gaps: readonly string[],
): readonly string[] {
  const { connections, execs } = sessions;
  const count = (many: number, what: string): string => `${String(many)} ${what}${many === 1 ? '' : 's'}`;
  return [
    ...(connections === null ? [`connections to ${name}, which cannot be counted: ${gaps.join('; ')}`] : []),
    ...(connections !== null && connections > 0
      ? [`${count(connections, 'established connection')} to ${name}`]
      : []),
    ...(execs > 0 ? [`${count(execs, 'docker exec session')} in ${name}`] : []),
  ];
}

function verification({ name, healthCheck }: ContainerFacts): string {
  const limit = String(Math.round(healthyWithinMs(healthCheck) / 1000));
  return healthCheck === null
    ? `see that ${name} has a new start and a new pid, which lives for ${limit} s (it has no health check)`
    : `see that ${name} has a new start and a new pid, which lives, and that its health check passes within ${limit} s`;
}

function followUpSteps({ facts, graph, others }: PlanQuestion): readonly string[] {
  return followUpsOf(facts, graph).flatMap(({ id, because }) => {
    const other = others.get(id);
    if (other?.isRunning !== true) return [];
    return other.isHealed
      ? [`then ${other.name}: restart it too, because ${because}`]
      : [`${other.name} is not Garrison's to heal and will need a restart by hand, because ${because}`];
  });
}

/** Those behind it that recover by themselves. */
function spared({ facts, graph, others }: PlanQuestion): readonly string[] {
  const restarted = new Set(followUpsOf(facts, graph).map(({ id }) => id));
  const behind = [...others]
    .filter(([id, { isRunning }]) => isRunning && !restarted.has(id) && ancestorsOf(graph, id).has(facts.id))
    .map(([, { name }]) => name)
    .sort();
  return behind.length === 0
    ? []
    : [
        `leave ${behind.join(', ')} alone: they depend on ${facts.name} and recover by themselves; one that does not is looked at anew`,
      ];
}

function escalation({ facts, record, policy }: PlanQuestion, nowMs: number): string {
  const left = policy.budget.restarts - restartsWithin(record, policy, nowMs);
  const minutes = String(Math.round(policy.budget.perMs / 60_000));
  return left <= 1
    ? `if it is not well then: quarantine until a person clears it, since its ${String(policy.budget.restarts)} restarts within ${minutes} min are used up`
    : `if it is not well then: kill ${facts.name} and start it, after a back-off, up to ${String(left)} restarts in all; then quarantine until a person clears it`;
}

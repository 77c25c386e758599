/**
 * Decides what is to be done about each container that is watched, one by one in a given order, and says why.
 * It does nothing and remembers nothing: what is under way, and since when, it is given.
 */
import type { ContainerFacts, ContainerExamination } from '../detector/containerFacts.ts';
import type { Ailment } from './ailment.ts';
import { isBudgetSpent, type HealPolicy, type HealRecord } from './healRecord.ts';
import { examinedAhead, isEnded, prepared, rest } from './preparation.ts';
import type { Selection } from './selection.ts';
import { isRestart, type Treatment } from './treatment.ts';

/** What a person has asked for. `heal`: whatever the next step would be. */
export interface Ask {
  readonly how: 'restart' | 'start' | 'stop' | 'heal';
  readonly actor: string;
}

export interface Examined {
  readonly examination: ContainerExamination | null;
  /** Why there is none. */
  readonly detail: string;
  readonly atMs: number;
}

export interface Patient {
  readonly facts: Pick<ContainerFacts, 'id' | 'name' | 'project' | 'status' | 'stopTimeoutMs'>;
  readonly ailment: Ailment | null;
  readonly isWell: boolean;
  readonly selection: Selection;
  readonly record: HealRecord;
  /** Since when it is sick and no other sick one explains it; null while that is not so. */
  readonly rootSinceMs: number | null;
  /** What it depends on was sick or was treated: until then it has time to recover by itself. */
  readonly recoversUntilMs: number;
  /** A sentence part: what it depends on that is not well; null while all of that is. */
  readonly heldBy: string | null;
  /** A sentence part: why it must be restarted although nothing may be wrong with it yet; null when it need not. */
  readonly followUp: string | null;
  readonly ask: Ask | null;
  /** The newest one of this life. */
  readonly examined: Examined | null;
  /** When an examination was last asked for. */
  readonly examineAskedAtMs: number;
  readonly lookedAtMs: number;
  /** When somebody else last had Docker send it a signal in this life. */
  readonly signalledAtMs: number;
  /** RFC 3339; null when it is not in maintenance. */
  readonly maintenanceUntil: string | null;
}

export type Intent =
  /** Nothing to do, or not yet; `plan` says what is waited for, and is empty when nothing is. */
  | {
      readonly kind: 'rest';
      readonly plan: string;
      readonly recheckAtMs: number | null;
      /** When what the plan says is due; null where that is not a matter of time. */
      readonly dueAtMs: number | null;
    }
  | { readonly kind: 'examine'; readonly plan: string; readonly dueAtMs: number | null }
  | { readonly kind: 'treat'; readonly how: Treatment; readonly plan: string; readonly because: string }
  /** It would be treated, and is only watched. */
  | { readonly kind: 'observe'; readonly plan: string }
  | { readonly kind: 'quarantine'; readonly why: string }
  /** For a person: nothing that Garrison does would help. */
  | { readonly kind: 'page'; readonly plan: string }
  /** What was asked for is so already. */
  | { readonly kind: 'spare'; readonly why: string }
  /** What was asked for is not done. */
  | { readonly kind: 'refuse'; readonly why: string };

export interface HealRules {
  readonly policy: HealPolicy;
  /** A sentence while it is on. */
  readonly brake: string | null;
}

/** Of each by id, decided in this order; one that is treated keeps the others of its project waiting. */
export function decideHeals(
  patients: readonly Patient[],
  rules: HealRules,
  nowMs: number,
): ReadonlyMap<string, Intent> {
  const busy = new Map<string, string>();
  for (const { facts, record } of patients)
    if (record.underWay !== null) busy.set(projectKey(facts), facts.name);
  return new Map(
    patients.map((patient) => {
      const { facts } = patient;
      const intent = decideHeal(patient, { ...rules, busyWith: busy.get(projectKey(facts)) ?? null }, nowMs);
      if (intent.kind === 'treat') busy.set(projectKey(facts), facts.name);
      return [facts.id, intent];
    }),
  );
}

/** So many failures beyond the budget, of starting again what was ended, and a person must look. */
const FAILURES_BEYOND = 2;

const BACK_OFF_PLAN = 'it is treated again when its back-off is over';
const RECOVERY_PLAN = 'what it depends on has changed, and it has time to recover by itself';

type Rules = HealRules & { readonly busyWith: string | null };

/** A container that is in no project is one of its own. */
function projectKey({ project, id }: Patient['facts']): string {
  return project === null ? `container ${id}` : `project ${project}`;
}

function decideHeal(patient: Patient, rules: Rules, nowMs: number): Intent {
  const { record, ask } = patient;
  if (record.underWay !== null) return rest('');
  if (ask !== null) return decideAsked(patient, ask, { rules, nowMs });
  return decideUnasked(patient, rules, nowMs);
}

function decideAsked(
  patient: Patient,
  ask: Ask,
  { rules, nowMs }: { readonly rules: Rules; readonly nowMs: number },
): Intent {
  const outset = outsetOf(patient, ask.how, rules.policy);
  if (outset !== null) return outset;
  const { record } = patient;
  const how = ask.how === 'heal' ? nextTreatment(record) : ask.how;
  if (isRestart(how) && isBudgetSpent(record, rules.policy, nowMs))
    return { kind: 'refuse', why: budgetSpent(patient, rules.policy) };
  const notBeforeMs = Math.max(patient.recoversUntilMs, record.failures > 0 ? record.notBeforeMs : -Infinity);
  if (ask.how === 'heal' && nowMs < notBeforeMs) {
    const isBackOff = notBeforeMs === record.notBeforeMs;
    return rest(isBackOff ? BACK_OFF_PLAN : RECOVERY_PLAN, notBeforeMs, notBeforeMs);
  }
  return prepared(patient, { how, because: `${ask.actor} asked for it` }, { rules, nowMs });
}

/** Why it is not done, however much of the budget is left: it may have changed since it was asked for. */
function outsetOf(
  { facts, record, ailment, selection, isWell, heldBy }: Patient,
  how: Ask['how'],
  policy: HealPolicy,
): Intent | null {
  const refuse = (why: string): Intent => ({ kind: 'refuse', why: `${facts.name} ${why}` });
  if (facts.status === 'paused') return refuse('is paused by somebody, which this would end');
  if (ailment === 'ghost') return { kind: 'refuse', why: GHOST_ADVICE };
  if (how === 'start' && facts.status === 'running') return refuse('runs already');
  if (record.quarantine !== null && (how === 'restart' || how === 'heal'))
    return refuse(`is in quarantine: garrison quarantine clear ${facts.name} ends that`);
  if (how !== 'heal') return null;
  if (selection.selection === 'never') return refuse(`is not healed: ${selection.because}`);
  if (record.failures >= policy.budget.restarts + FAILURES_BEYOND) return refuse(triedEnough(record));
  if (heldBy !== null && !isWell) return refuse(`is not healed: ${heldBy}`);
  if (ailment !== null || record.leftStopped) return null;
  if (isWell) return { kind: 'spare', why: `${facts.name} is well by itself meanwhile` };
  return isEnded(facts) ? refuse('is stopped, and nobody asked to start it') : null;
}

const triedEnough = ({ failures }: HealRecord): string =>
  `was treated ${String(failures)} times without success`;

function decideUnasked(patient: Patient, rules: Rules, nowMs: number): Intent {
  const { record, ailment, followUp, selection } = patient;
  const isDue = record.leftStopped || followUp !== null || (ailment !== null && patient.rootSinceMs !== null);
  if (!isDue)
    return rest(
      patient.heldBy === null || ailment === null ? '' : `nothing is done to it: ${patient.heldBy}`,
    );
  if (record.quarantine !== null)
    return rest('it is in quarantine, and nothing is done to it until a person clears it');
  if (ailment === 'ghost') return { kind: 'page', plan: GHOST_ADVICE };
  if (ailment === 'unprobed')
    return rest(
      'nothing is done to it: Docker could not run its health check, which says nothing of the container',
    );
  // What a treatment has ended is started again, whoever asked for that one.
  const isSelected =
    record.leftStopped || selection.selection === 'heal' || selection.selection === 'observe';
  if (!isSelected) return rest(`nothing is done to it: ${selection.because}`);
  const held = holdOf(patient, rules, nowMs);
  if (held !== null) return held;
  if (selection.selection === 'observe' && !record.leftStopped)
    return { kind: 'observe', plan: `it would be restarted, but is only watched: ${selection.because}` };
  return decideTreatment(patient, rules, nowMs);
}

/** What stands against doing anything just now. */
function holdOf(patient: Patient, { policy, brake }: Rules, nowMs: number): Intent | null {
  const { maintenanceUntil, heldBy, followUp, record } = patient;
  if (maintenanceUntil !== null)
    return rest(`nothing is done to it: it is in maintenance until ${maintenanceUntil}`);
  if (heldBy !== null) return rest(`nothing is done to it: ${heldBy}`);
  // A start that is owed hurts nobody, also when it is the host.
  if (record.leftStopped) return null;
  if (brake !== null) return rest(`nothing is done to it: ${brake}`);
  if (followUp !== null) return null;
  const confirmedAtMs =
    (patient.rootSinceMs ?? nowMs) + (patient.ailment === 'zombies' ? 0 : policy.confirmMs);
  if (nowMs < Math.max(confirmedAtMs, patient.recoversUntilMs)) return awaited(patient, confirmedAtMs, nowMs);
  return null;
}

/** It is examined towards the end of the wait, so that no time is lost after it. */
function awaited(patient: Patient, confirmedAtMs: number, nowMs: number): Intent {
  const dueAtMs = Math.max(confirmedAtMs, patient.recoversUntilMs);
  const plan = patient.recoversUntilMs > confirmedAtMs ? RECOVERY_PLAN : 'it is restarted if it stays so';
  if (patient.selection.selection !== 'heal') return rest(plan, dueAtMs, dueAtMs);
  return examinedAhead(patient, { plan, dueAtMs, nowMs });
}

function decideTreatment(patient: Patient, rules: Rules, nowMs: number): Intent {
  const { record, followUp, ailment, facts } = patient;
  const { policy } = rules;
  const how = nextTreatment(record);
  if (isRestart(how) && isBudgetSpent(record, policy, nowMs))
    return { kind: 'quarantine', why: budgetSpent(patient, policy) };
  if (record.failures >= policy.budget.restarts + FAILURES_BEYOND)
    return { kind: 'quarantine', why: `${facts.name} ${triedEnough(record)}` };
  if (nowMs < record.notBeforeMs)
    return examinedAhead(patient, {
      plan: BACK_OFF_PLAN,
      dueAtMs: record.notBeforeMs,
      nowMs,
    });
  const because = record.leftStopped
    ? 'it was ended by a treatment and not started again'
    : (followUp ?? (ailment === 'zombies' ? 'it holds too many zombies' : 'it is unhealthy'));
  return prepared(patient, { how, because }, { rules, nowMs });
}

/** First gently, then by force; what was ended and not started again needs a start only. */
export function nextTreatment({
  leftStopped,
  failures,
}: Pick<HealRecord, 'leftStopped' | 'failures'>): Treatment {
  if (leftStopped) return 'start';
  return failures === 0 ? 'restart' : 'killAndStart';
}

function budgetSpent({ facts, record }: Patient, { budget }: HealPolicy): string {
  const minutes = String(Math.round(budget.perMs / 60_000));
  return `${facts.name} was restarted ${String(record.restartsAtMs.length)} times within ${minutes} min, which is all that it may be: look at what it says (garrison why container/${facts.name}), mend it, then garrison quarantine clear ${facts.name}`;
}

export const GHOST_ADVICE =
  "Docker's view of it is stale, and no restart of the container cures that: what does is a containerd that goes on, or garrison restart docker, which without live-restore interrupts every container";

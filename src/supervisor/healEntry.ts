/**
 * Holds what is remembered of one container for its healing, and makes of it what reconciler/heal decides from.
 * It decides nothing.
 */
import type { ContainerVerdict } from '../detector/container.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { ailmentOf, type Ailment } from '../reconciler/ailment.ts';
import { ancestorsOf, type DependencyGraph } from '../reconciler/dependency.ts';
import type { Ask, Examined, Patient } from '../reconciler/heal.ts';
import type { HealPolicy, HealRecord } from '../reconciler/healRecord.ts';
import type { Selection } from '../reconciler/selection.ts';

/** One container as it was last looked at and judged. */
export interface Seen {
  readonly facts: ContainerFacts;
  readonly verdict: ContainerVerdict;
  readonly lookedAtMs: number;
}

export interface World {
  /** Null while Docker does not answer. */
  readonly dockerUpSinceMs: number | null;
  readonly seen: ReadonlyMap<string, Seen>;
  readonly graph: DependencyGraph;
  /** Of each sick one: the id of the sick root that explains it, its own when no other does. */
  readonly rootOf: ReadonlyMap<string, string>;
}

/** More zombies than this, for so long. */
export interface ZombieRule {
  readonly most: number;
  readonly forMs: number;
}

const LOOK_COMES_WITHIN_MS = 2_000;

export interface PendingAsk extends Ask {
  readonly token: number;
  readonly askedAtMs: number;
  readonly reason: string | null;
}

export interface Entry {
  seen: Seen;
  record: HealRecord;
  selection: Selection;
  ailment: Ailment | null;
  /** When it was first seen sick; null while it is not. */
  sickSinceMs: number | null;
  rootSinceMs: number | null;
  /** Processes in it that nobody has waited for. */
  zombies: number;
  zombiesSinceMs: number | null;
  /** Since when it is well without a break, -Infinity when it was at first sight; null while it is not. */
  wellSinceMs: number | null;
  followUp: { readonly because: string; readonly startedAt: string } | null;
  ask: PendingAsk | null;
  /** The ask that the treatment under way is for. */
  servedAsk: PendingAsk | null;
  examined: Examined | null;
  examineAskedAtMs: number;
  /** The life that an examination is still under way of has ended: its answer is not waited for. */
  isExaminedInVain: boolean;
  signalledAtMs: number;
  /** What a person was paged for, or told of, during this sickness. */
  toldOf: string | null;
  /** For people. */
  plan: string;
  planned: { readonly text: string; readonly dueAtMs: number | null } | null;
}

export function newEntry(seen: Seen, record: HealRecord, selection: Selection): Entry {
  return {
    seen,
    record,
    selection,
    ailment: null,
    sickSinceMs: null,
    rootSinceMs: null,
    zombies: 0,
    zombiesSinceMs: null,
    wellSinceMs: isWell(seen) ? -Infinity : null,
    followUp: null,
    ask: null,
    servedAsk: null,
    examined: null,
    examineAskedAtMs: -Infinity,
    isExaminedInVain: false,
    signalledAtMs: -Infinity,
    toldOf: null,
    plan: '',
    planned: null,
  };
}

export function isWell({ verdict }: Seen): boolean {
  return verdict.state === 'healthy';
}

export function isRunning({ facts }: Seen): boolean {
  return facts.status === 'running' || facts.status === 'restarting';
}

export function isEnded({ facts }: Seen): boolean {
  return facts.status === 'exited' || facts.status === 'created' || facts.status === 'dead';
}

/** Takes in how it is now. What was found out about another life says nothing of this one. */
export function update(
  entry: Entry,
  now: { readonly seen: Seen; readonly isRoot: boolean; readonly nowMs: number },
  zombies: ZombieRule | null,
): void {
  const { seen, nowMs } = now;
  if (!isSameLife(entry.seen, seen)) {
    entry.isExaminedInVain ||= entry.examineAskedAtMs > (entry.examined?.atMs ?? -Infinity);
    entry.examined = null;
    entry.examineAskedAtMs = -Infinity;
  }
  // Also after its end: a life that a signal was sent to was ended by somebody.
  // Docker's word of a signal may come before the first look at the life that it was meant for.
  const isNewLife = entry.seen.facts.startedAt !== seen.facts.startedAt;
  if (isNewLife && nowMs - entry.signalledAtMs > LOOK_COMES_WITHIN_MS) entry.signalledAtMs = -Infinity;
  entry.seen = seen;
  const areTooMany = zombies !== null && entry.zombies > zombies.most;
  entry.zombiesSinceMs = areTooMany ? (entry.zombiesSinceMs ?? nowMs) : null;
  const holdsTooMany = areTooMany && nowMs - (entry.zombiesSinceMs ?? nowMs) >= zombies.forMs;
  entry.ailment = ailmentOf(seen.verdict, holdsTooMany);
  entry.sickSinceMs = entry.ailment === null ? null : (entry.sickSinceMs ?? nowMs);
  const isRoot = entry.ailment !== null && (now.isRoot || entry.ailment === 'zombies');
  entry.rootSinceMs = isRoot ? (entry.rootSinceMs ?? nowMs) : null;
  entry.wellSinceMs = isWell(seen) ? (entry.wellSinceMs ?? nowMs) : null;
  if (entry.followUp !== null && !needsFollowUp(entry)) entry.followUp = null;
}

/** True when neither anything new was seen of it nor time alone can change what is to be done about it. */
export function isSettled(entry: Entry | undefined, seen: Seen, zombies: number): boolean {
  if (entry?.seen !== seen || entry.zombies !== zombies || isOfInterest(entry)) return false;
  const { record, zombiesSinceMs, plan } = entry;
  const isForgotten = record.treatments === 0 && record.failures === 0 && record.wellSinceMs !== null;
  return isForgotten && zombiesSinceMs === null && plan === '' && entry.sickSinceMs === null;
}

/** True when there may be something to decide. */
export function isOfInterest({ ailment, followUp, ask, record }: Entry): boolean {
  return (
    ailment !== null || followUp !== null || ask !== null || record.leftStopped || record.underWay !== null
  );
}

export function patientOf(
  entry: Entry,
  around: {
    readonly entries: ReadonlyMap<string, Entry>;
    readonly graph: DependencyGraph;
    readonly policy: HealPolicy;
    readonly maintenanceUntil: string | null;
  },
): Patient {
  const { facts } = entry.seen;
  const above = aboveOf(facts.id, around.graph).flatMap((id) => around.entries.get(id) ?? []);
  const wellSinceMs = above.map((each) => each.wellSinceMs ?? -Infinity);
  return {
    facts,
    ailment: entry.ailment,
    isWell: isWell(entry.seen),
    selection: entry.selection,
    record: entry.record,
    rootSinceMs: entry.rootSinceMs,
    recoversUntilMs: Math.max(-Infinity, ...wellSinceMs) + recoverMs(facts, around.policy),
    heldBy: above.map(heldBy).find((because) => because !== null) ?? null,
    followUp: entry.followUp?.because ?? null,
    ask: entry.ask,
    examined: entry.examined,
    examineAskedAtMs: entry.examineAskedAtMs,
    lookedAtMs: entry.seen.lookedAtMs,
    signalledAtMs: entry.signalledAtMs,
    maintenanceUntil: around.maintenanceUntil,
  };
}

/** Everything that it depends on, but for its own circle. */
export function aboveOf(id: string, graph: DependencyGraph): readonly string[] {
  return [...ancestorsOf(graph, id)].filter((other) => other !== id && !ancestorsOf(graph, other).has(id));
}

/** It has to see its health check pass, and may try again only now and then. */
export function recoverMs({ healthCheck }: ContainerFacts, { recoverMs: leastMs }: HealPolicy): number {
  return Math.max(leastMs, 2 * ((healthCheck?.intervalMs ?? 0) + (healthCheck?.timeoutMs ?? 0)));
}

/** A sentence part: why one that depends on this one is not treated; null when nothing stands against it. */
function heldBy(entry: Entry): string | null {
  const { seen, record } = entry;
  const { name, exitCode } = seen.facts;
  // It may be treated in this very turn, in another project.
  if (isAboutToBeTreated(entry)) return `${name}, which it depends on, comes first`;
  if (record.underWay !== null) return `${name}, which it depends on, is being treated`;
  switch (seen.verdict.state) {
    case 'healthy':
      return null;
    case 'stopped':
      // One that has done its work, as a migration of a database, has ended well.
      return seen.facts.status === 'exited' && exitCode === 0
        ? null
        : `${name}, which it depends on, is stopped`;
    default:
      return `${name}, which it depends on, is ${seen.verdict.state}`;
  }
}

function isAboutToBeTreated({ ask, followUp, selection, record }: Entry): boolean {
  return ask !== null || (followUp !== null && selection.selection === 'heal' && record.quarantine === null);
}

function needsFollowUp({ followUp, seen }: Entry): boolean {
  return seen.facts.status === 'running' && seen.facts.startedAt === followUp?.startedAt;
}

function isSameLife(one: Seen, other: Seen): boolean {
  return one.facts.pid === other.facts.pid && one.facts.startedAt === other.facts.startedAt;
}

export function byName(one: Entry, other: Entry): number {
  return one.seen.facts.name < other.seen.facts.name ? -1 : 1;
}

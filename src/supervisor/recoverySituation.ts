/**
 * Reads what a recovery decides from off the boards: workers, queue, Docker and containers, as they are now.
 * It decides nothing and changes nothing.
 */
import { now } from '../clock.ts';
import type { DoneStep, ContainerSituation, Situation } from '../reconciler/situation.ts';
import { aboveOf, recoverMs, type Entry } from './healEntry.ts';
import type { Supervisor } from './supervisor.ts';

export interface RecoveryMemory {
  readonly agreedTo: ReadonlySet<string>;
  readonly done: readonly DoneStep[];
  readonly isPatienceOver: boolean;
}

/** Twice what the workers are judged by: they come first. */
const CANARY_LATE_AFTER_MS = 30_000;

export function situationOf(supervisor: Supervisor, memory: RecoveryMemory): Situation {
  const { workers, redis, queue, docker } = supervisor.snapshot();
  const { sentAt } = queue.canary;
  const at = now();
  const canaryAgeMs = sentAt === null ? 0 : Date.parse(at.wall) - Date.parse(sentAt);
  return {
    ...memory,
    workers,
    redis: { up: redis.up, detail: redis.detail, isOurs: supervisor.redis.isOurs },
    isCanaryLate: redis.up && queue.served && canaryAgeMs > CANARY_LATE_AFTER_MS,
    docker,
    containers: supervisor.containers.heals.entries().map((entry) => containerOf(entry, supervisor)),
    nowMs: at.monoMs,
  };
}

function containerOf(entry: Readonly<Entry>, { containers }: Supervisor): ContainerSituation {
  const { seen, record, ailment, ask, selection } = entry;
  const { id, name, image, project } = seen.facts;
  const { graph } = containers.roots;
  // Of most of a thousand nothing is wrong, and nobody asks for more than how they are.
  const isSick = ailment !== null || record.leftStopped;
  const patient = isSick ? containers.heals.patient(id) : null;
  return {
    ...{ id, name, image, project, ailment },
    state: seen.verdict.state,
    detail: seen.verdict.detail,
    leftStopped: record.leftStopped,
    root: ailment === null ? null : (containers.roots.of(id) ?? id),
    above: isSick ? aboveOf(id, graph) : [],
    isPlaced: isSick && graph.dependencies.some(({ dependent, on }) => dependent === id || on === id),
    selection: selection.selection,
    because: selection.because,
    quarantine: record.quarantine?.why ?? null,
    maintenanceUntil: patient?.maintenanceUntil ?? null,
    treatedBy: ask?.actor ?? record.underWay?.actor ?? null,
    heldBy: patient?.heldBy ?? null,
    recoversUntilMs: patient?.recoversUntilMs ?? -Infinity,
    recoverMs: recoverMs(seen.facts, containers.heals.policy),
  };
}

/**
 * Turns what is remembered of containers' treatments into what is kept on disk over a restart, and back.
 * It reads and writes no file.
 */
import type { Moment } from '../clock.ts';
import { delayAfter, NO_TREATMENT, type HealPolicy, type HealRecord } from '../reconciler/healRecord.ts';
import type { TreatedLife, Treatment } from '../reconciler/treatment.ts';
import type { MaintenanceView } from './door.ts';
import type { Entry } from './healEntry.ts';

export interface KeptContainer {
  readonly id: string;
  readonly name: string;
  /** RFC 3339. */
  readonly restartsAt: readonly string[];
  readonly treatments: number;
  readonly failures: number;
  readonly leftStopped: boolean;
  readonly quarantine: HealRecord['quarantine'];
  readonly underWay: {
    readonly how: Treatment;
    readonly actor: string;
    readonly before: TreatedLife;
  } | null;
}

export interface KeptHealing {
  readonly containers: readonly KeptContainer[];
  readonly maintenance: readonly MaintenanceView[];
}

/** Of those of which something need be remembered. */
export function keptContainers(entries: Iterable<Entry>, at: Moment): readonly KeptContainer[] {
  return [...entries]
    .map(({ seen, record }) => keptOf(seen.facts, record, at))
    .filter((kept) => kept !== null);
}

/** A clock that was changed meanwhile can make a restart look older or newer, never one of the future. */
export function recordOf(kept: KeptContainer, policy: HealPolicy, at: Moment): HealRecord {
  const restartsAtMs = kept.restartsAt.map(
    (time) => at.monoMs - Math.max(0, Date.parse(at.wall) - Date.parse(time)),
  );
  const { treatments, failures, leftStopped, quarantine, underWay } = kept;
  const lastMs = restartsAtMs.at(-1);
  return {
    ...NO_TREATMENT,
    restartsAtMs,
    treatments,
    failures,
    leftStopped,
    quarantine,
    notBeforeMs: lastMs === undefined ? -Infinity : lastMs + delayAfter(treatments, policy),
    underWay:
      underWay === null
        ? null
        : {
            ...underWay,
            isUnwatched: true,
            askedAtMs: lastMs ?? at.monoMs,
            answer: {
              isDone: false,
              isLate: true,
              detail: 'Garrison was ended in the middle of it',
              atMs: at.monoMs,
            },
            restartedAtMs: null,
          },
  };
}

function keptOf(
  { id, name }: { readonly id: string; readonly name: string },
  record: HealRecord,
  at: Moment,
): KeptContainer | null {
  const { treatments, failures, leftStopped, quarantine, underWay, restartsAtMs } = record;
  const isNothing =
    restartsAtMs.length === 0 && treatments === 0 && !leftStopped && quarantine === null && underWay === null;
  if (isNothing) return null;
  return {
    id,
    name,
    restartsAt: restartsAtMs.map((atMs) => new Date(Date.parse(at.wall) - (at.monoMs - atMs)).toISOString()),
    treatments,
    failures,
    leftStopped,
    quarantine,
    underWay:
      underWay === null ? null : { how: underWay.how, actor: underWay.actor, before: underWay.before },
  };
}

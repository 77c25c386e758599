/**
 * All that one scrape reads of the supervisor, taken at one moment: no metric may tell of another instant than its neighbour.
 * It keeps nothing from one scrape to the next.
 */
import type {
  ContainerView,
  Door,
  HealCounts,
  Measures,
  RefusalCount,
  Snapshot,
  VerdictCounts,
} from '../supervisor/door.ts';

export interface Scene {
  readonly snapshot: Snapshot;
  readonly measures: Measures;
  readonly containers: readonly ContainerView[];
  readonly verdicts: readonly VerdictCounts[];
  readonly heals: readonly HealCounts[];
  readonly refusals: readonly RefusalCount[];
}

/** Seconds since 1970 of an RFC 3339 time. */
export function epochSeconds(wall: string): number {
  return Date.parse(wall) / 1000;
}

export function lookAt(door: Door): Scene {
  return {
    snapshot: door.snapshot(),
    measures: door.measures(),
    containers: door.listContainers(),
    verdicts: door.verdictCounts(),
    heals: door.healCounts(),
    refusals: door.refusalCounts(),
  };
}

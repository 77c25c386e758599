/**
 * Says what people see of how the hosts stand to the grants, and of what is done about it by itself.
 * It holds types only.
 */
import type { CheckState, DriftKind, HostNote } from '../push/drift.ts';
import type { Leftover } from '../push/leftover.ts';
import type { Scheduled } from '../reconciler/schedule.ts';

/** How a host stood to the grants when it was last looked at, by a schedule or by hand. */
export interface HostCheckView extends HostNote {
  readonly name: string;
  readonly state: CheckState;
  /** A sentence. */
  readonly detail: string;
}

/** `done`: it went through; `held`: it did nothing, a person is to look first; `failed`: it could not be done. */
export type RunOutcome = 'done' | 'held' | 'failed';

export interface RunEnd {
  /** RFC 3339. */
  readonly at: string;
  readonly outcome: RunOutcome;
  /** A sentence without its stop: what came of it, or why nothing did. */
  readonly detail: string;
}

export interface ScheduleView {
  /** `off`, `every 6h` or `03:30`. */
  readonly timetable: string;
  /** Milliseconds from one time to the next; null while it is off. */
  readonly everyMs: number | null;
  /** RFC 3339; null for never. */
  readonly lastBegunAt: string | null;
  readonly lastEnd: RunEnd | null;
  readonly runningSince: string | null;
  /** Why one that is due does not begin; null where none is. */
  readonly waitsFor: string | null;
  /** How runs ended since the supervisor started. */
  readonly runs: Readonly<Record<RunOutcome, number>>;
}

/** `open`: nobody has seen to it; `kept`: a person decided that it stays. */
export type LeftoverState = 'open' | 'locked' | 'kept';

export interface KnownLeftover extends Leftover {
  /** RFC 3339: the survey that last saw it. */
  readonly seenAt: string;
}

export interface GrantsSummary {
  readonly schedule: Readonly<Record<Scheduled, ScheduleView>>;
  /** RFC 3339: when the last scheduled check of all hosts ended; before the first, since when there is a schedule for it; null without one. */
  readonly lastCheckAt: string | null;
  /** Hosts that some grant names and that were looked at. */
  readonly hosts: Readonly<Record<CheckState, number>>;
  readonly driftedHosts: number;
  /** The first of them, by name. */
  readonly drifted: readonly string[];
  /** RFC 3339: the oldest drift that is there still. */
  readonly driftSince: string | null;
  readonly drift: Readonly<Record<DriftKind, number>>;
  readonly leftovers: Readonly<Record<LeftoverState, number>>;
  /** The last scheduled sync did nothing, and a person is to look. */
  readonly held: { readonly since: string; readonly why: string } | null;
}

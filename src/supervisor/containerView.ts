/**
 * The views of containers and of what is done about them, as door.ts gives them to people.
 * It holds types only.
 */
import type { ContainerReason, ContainerState } from '../detector/container.ts';
import type { HealEvent, HealOutcome } from '../reconciler/healRecord.ts';
import type { SelectionWord } from '../reconciler/selection.ts';
import type { Treatment } from '../reconciler/treatment.ts';

export interface ContainerView {
  readonly name: string;
  readonly state: ContainerState;
  readonly reason: ContainerReason;
  /** RFC 3339: by Docker's clock where it tells, else when it was first seen so. */
  readonly since: string;
  readonly detail: string;
  /** As `docker ps` shows it. */
  readonly id: string;
  /** Of its life: what `--if-incarnation` takes; null while it has no process. */
  readonly incarnation: string | null;
  /** Of docker compose. */
  readonly project: string | null;
  readonly service: string | null;
  readonly image: string;
  /** Names of those that it depends on directly. */
  readonly dependsOn: readonly string[];
  /** Of one that is unhealthy or a ghost: the sick one that may explain it, itself when no other does. */
  readonly root: string | null;
  /** Processes in it that have ended and that nobody has waited for. */
  readonly zombies: number;
  readonly heal: HealView;
}

/** What Garrison does about a container, or why it does nothing. */
export interface HealView {
  /** Whether it may be restarted at all. */
  readonly selection: SelectionWord;
  /** A sentence: who chose that. */
  readonly because: string;
  /** A sentence: what is being done, or what is waited for and until when; empty while there is nothing to do. */
  readonly plan: string;
  /** Of the last `perMs`, by whomever Garrison was told to. */
  readonly restarts: number;
  readonly budget: number;
  readonly perMs: number;
  /** RFC 3339; null while it is not in quarantine. */
  readonly quarantinedSince: string | null;
}

/** Something that was seen of a container, or done about it. */
export interface ContainerStoryView {
  /** RFC 3339. */
  readonly at: string;
  readonly container: string;
  readonly event: HealEvent;
  /** A sentence. */
  readonly detail: string;
  /** `garrison` when nobody asked for it. */
  readonly actor: string;
  /** Under incidents/ in the home folder; null where there is none. */
  readonly bundleFile: string | null;
}

export interface MaintenanceView {
  /** `all`, `project/NAME` or `container/NAME`. */
  readonly scope: string;
  readonly since: string;
  /** RFC 3339: it ends by itself. */
  readonly until: string;
  readonly actor: string;
  readonly reason: string | null;
}

/** Since the supervisor started. */
export interface HealCounts {
  readonly container: string;
  readonly action: Treatment;
  readonly outcome: HealOutcome;
  readonly count: number;
}

export interface DockerView {
  readonly state: 'up' | 'away' | 'unknown';
  readonly since: string;
  readonly detail: string;
  /** Since the supervisor started: how often its stream of events was opened again, and changes that it had not told of. */
  readonly reconnects: number;
  readonly missedChanges: number;
}

export interface ContainersSummary {
  readonly total: number;
  /** False before the first complete look. */
  readonly listed: boolean;
  readonly byState: Readonly<Record<ContainerState, number>>;
  /** Sentences: what was written of dependencies and could not be used; of very many only the first. */
  readonly problems: readonly string[];
  /** Those that are unhealthy, ghosts, being healed or in quarantine; of very many only the first. */
  readonly sick: readonly ContainerView[];
  readonly maintenance: readonly MaintenanceView[];
  /** A sentence: why nothing is restarted although much is sick; null while nothing holds the healer back. */
  readonly brake: string | null;
}

export type { ContainerReason, ContainerState, SelectionWord };

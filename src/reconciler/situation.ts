/**
 * Says what a recovery looks at: workers, the queue, Docker and its containers, and what this recovery has done so far.
 * It holds types and names only, and decides nothing.
 */
import type { ContainerState } from '../detector/container.ts';
import type { WorkerReason, WorkerState, WorkerWish } from '../detector/verdict.ts';
import type { Ailment } from './ailment.ts';
import type { SelectionWord } from './selection.ts';

/** The target of `recover`: whatever is wrong. */
export const EVERYTHING = 'everything';

/** In their order: what interrupts least comes first. Docker is none of them: that is for a person. */
export const RECOVERY_STAGES = ['worker', 'queue', 'container', 'stack'] as const;
export type RecoveryStage = (typeof RECOVERY_STAGES)[number];

export interface WorkerSituation {
  readonly name: string;
  readonly state: WorkerState;
  readonly reason: WorkerReason;
  readonly wish: WorkerWish;
  readonly detail: string;
  /** Ids of the jobs in its hands. */
  readonly jobs: readonly string[];
}

export interface ContainerSituation {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly project: string | null;
  readonly state: ContainerState;
  readonly detail: string;
  readonly ailment: Ailment | null;
  /** A treatment has ended it and not started it again. */
  readonly leftStopped: boolean;
  /** Id of the sick one that explains it, its own when no other does; null while it is not sick. */
  readonly root: string | null;
  /** Ids of all that it depends on, directly or not, its own circle left out. */
  readonly above: readonly string[];
  /** Something is known of what it depends on, or of who depends on it. */
  readonly isPlaced: boolean;
  readonly selection: SelectionWord;
  /** A sentence: who chose that. */
  readonly because: string;
  /** Why it is in quarantine; null when it is not. */
  readonly quarantine: string | null;
  /** RFC 3339; null when it is not in maintenance. */
  readonly maintenanceUntil: string | null;
  /** Who has something done to it right now; null when nobody has. */
  readonly treatedBy: string | null;
  /** A sentence part: what it depends on that is not well; null while all of that is. */
  readonly heldBy: string | null;
  /** Monotonic: until then it has time to recover by itself, since what it depends on has become well. */
  readonly recoversUntilMs: number;
  /** How long that time is. */
  readonly recoverMs: number;
}

/** A step of this recovery that has ended. */
export interface DoneStep {
  readonly stage: RecoveryStage;
  readonly verb: RecoveryVerb;
  readonly target: string;
  readonly outcome: 'cured' | 'failed';
  readonly detail: string;
  /** Monotonic. */
  readonly endedAtMs: number;
}

export type RecoveryVerb = 'restart' | 'heal';

export interface Situation {
  readonly workers: readonly WorkerSituation[];
  /** `isOurs`: the redis-server is one that Garrison runs. */
  readonly redis: { readonly up: boolean; readonly detail: string; readonly isOurs: boolean };
  /** The queue's test job has been away for longer than it may, although Redis answers and workers take jobs. */
  readonly isCanaryLate: boolean;
  readonly docker: { readonly state: 'up' | 'away' | 'unknown'; readonly detail: string };
  readonly containers: readonly ContainerSituation[];
  /** Ids of containers that were in the plan when it was agreed to: of those that nobody chose for healing, no other is touched. */
  readonly agreedTo: ReadonlySet<string>;
  /** Oldest first. */
  readonly done: readonly DoneStep[];
  readonly nowMs: number;
  /** It has been waited as long as is reasonable for what goes on by itself. */
  readonly isPatienceOver: boolean;
}

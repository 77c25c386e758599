/**
 * The views of a recovery in stages, as door.ts gives them to people.
 * It holds types only.
 */
import type { LeftForPerson } from '../reconciler/recovery.ts';
import type { RecoveryStage, RecoveryVerb } from '../reconciler/situation.ts';

/** `waiting`: not come to yet; `skipped`: there was nothing to do at it, or an earlier one had cured. */
export type RecoveryStageState = 'waiting' | 'running' | 'cured' | 'failed' | 'skipped';

export interface RecoveryStepView {
  readonly verb: RecoveryVerb;
  readonly target: string;
  /** A sentence. */
  readonly because: string;
  readonly state: Exclude<RecoveryStageState, 'skipped'>;
  /** The id of its own operation; null when none was begun. */
  readonly operation: string | null;
  /** How it stands or ended, a sentence; empty before. */
  readonly detail: string;
  /** What it would interrupt, or did, a sentence each. */
  readonly interrupts: readonly string[];
}

export interface RecoveryStageView {
  /** `docker` is never a recovery's own: it is named here because it is the last resort, of a person. */
  readonly stage: RecoveryStage | 'docker';
  readonly state: RecoveryStageState;
  /** A sentence; empty where there is nothing to say. */
  readonly detail: string;
  readonly steps: readonly RecoveryStepView[];
}

export interface RecoveryView {
  /** In their order; all of them. */
  readonly stages: readonly RecoveryStageView[];
  /** Null while it goes on, when nothing was wrong, and when it did not cure. */
  readonly curedAt: RecoveryStage | null;
  /** What was interrupted, a sentence each. */
  readonly interrupted: readonly string[];
  /** In the order of the stages; empty unless it has ended without a cure. */
  readonly left: readonly LeftForPerson[];
}

export type { LeftForPerson, RecoveryStage, RecoveryVerb };

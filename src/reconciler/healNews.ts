/**
 * Says what the hands tell of what was done to containers, or found out about them before that.
 * None of it proves that a container is well: only what is seen of it does.
 */
import type { ContainerExamination } from '../detector/containerFacts.ts';
import type { Treatment } from './treatment.ts';

/** `answered`: Docker says that it is done. `notDone`: it was found changed just before, and nothing was done. `tooLate`: no answer in time. */
export type TreatmentAnswer = 'answered' | 'notDone' | 'failed' | 'tooLate';

export type HealNews =
  /** Docker was told to send its first process a signal that may end it, by whomever. */
  | { readonly kind: 'containerSignalled'; readonly id: string }
  /** Null where it could not be examined at all; `detail` says why. */
  | {
      readonly kind: 'containerExamined';
      readonly id: string;
      readonly examination: ContainerExamination | null;
      readonly detail: string;
    }
  | {
      readonly kind: 'containerTreated';
      readonly id: string;
      readonly how: Treatment;
      readonly outcome: TreatmentAnswer;
      /** A sentence part, such as `Docker answered it with 500: …`. */
      readonly detail: string;
    }
  /** Only that systemd did as it was asked; whether Docker answers is seen. */
  | { readonly kind: 'dockerRestarted'; readonly isDone: boolean; readonly detail: string };

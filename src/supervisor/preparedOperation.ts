/**
 * Says what an operation is before it begins: what it will do, in which steps, whom it interrupts, and how it is begun.
 * It holds types only; nothing is done before `begin`.
 */
import type { WorkerWish } from '../detector/verdict.ts';
import type { OperationView } from './door.ts';
import type { RecoveryView } from './recoveryView.ts';
import type { SweepEnd } from './sweep.ts';

/** How an operation ended. */
export interface Verified {
  readonly state: 'done' | 'failed';
  readonly detail: string;
}

/** How one that goes through stages stands; told only when that has changed. */
export interface UnderWay extends Pick<OperationView, 'detail' | 'recovery' | 'interrupts'> {
  readonly state: 'running';
}

/** Of one that goes through stages. */
export interface StagesEnd extends Verified, Pick<OperationView, 'recovery' | 'interrupts'> {}

/** Asked at every change: is it verified, has it failed? Null while it goes on and nothing new is to be told. */
export type Check = () => Verified | SweepEnd | StagesEnd | UnderWay | null;

/** A wish that stays: a later one of another kind for the same worker takes its place, and what the earlier wanted cannot come any more. */
export interface Stand {
  readonly worker: string;
  readonly wish: WorkerWish;
}

export interface Prepared extends Pick<OperationView, 'interrupts' | 'detail'> {
  /** What a dry run shows besides. */
  readonly planned?: Pick<OperationView, 'swept'>;
  readonly steps?: readonly string[];
  readonly recovery?: RecoveryView;
  readonly stand?: Stand;
  /** Sets the wish, or tells the loop; the loop does the rest. `id`: of the operation. */
  readonly begin: (id: string) => Check;
}

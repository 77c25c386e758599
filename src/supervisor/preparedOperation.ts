/**
 * Says what an operation is before it begins: what it will do, in which steps, whom it interrupts, and how it is begun.
 * It holds types only; nothing is done before `begin`.
 */
import type { OperationView } from './door.ts';
import type { SweepEnd } from './sweep.ts';

/** How an operation ended. */
export interface Verified {
  readonly state: 'done' | 'failed';
  readonly detail: string;
}

/** Asked at every change: is it verified, has it failed? Null while it goes on. */
export type Check = () => Verified | SweepEnd | null;

export interface Prepared extends Pick<OperationView, 'interrupts' | 'detail'> {
  /** What a dry run shows besides. */
  readonly planned?: Pick<OperationView, 'swept'>;
  readonly steps?: readonly string[];
  /** Sets the wish, or tells the loop; the loop does the rest. */
  readonly begin: () => Check;
}

/**
 * Says what the supervisor's loop is made of, and what it is set to.
 * It holds types only.
 */
import type { Moment } from '../clock.ts';
import type { DrainLimits } from '../reconciler/worker.ts';
import type { Snapshot } from './door.ts';
import type { GrantsBoard } from './grantsBoard.ts';
import type { HomeBoard } from './homeBoard.ts';
import type { Boards } from './intake.ts';
import type { Loops } from './measures.ts';
import type { Observer } from './observer.ts';
import type { Hands } from './ports.ts';
import type { Stragglers } from './stragglers.ts';

export interface SupervisorSettings {
  readonly host: string;
  readonly version: string;
  /** Other supervisors may work off the same queue. */
  readonly shared: boolean;
  readonly drain: DrainLimits;
  readonly stopDrain: DrainLimits;
  readonly startedAt: Moment;
}

export interface SupervisorParts extends Boards {
  readonly observer: Observer;
  readonly loops: Loops;
  readonly hands: Hands;
  readonly hosts: () => Snapshot['hosts'];
  readonly stragglers: Stragglers;
  readonly home: HomeBoard;
  readonly grants: GrantsBoard;
}

/**
 * What people may order done, and what is told of it: the verbs, the order and the view of an operation.
 * It holds types only.
 */
import type { Asker } from './door.ts';
import type { RecoveryView } from './recoveryView.ts';
import type { SweptZombie } from './zombieView.ts';

export type WorkerVerb = 'restart' | 'stop' | 'start' | 'quiet';
export type ContainerVerb = 'restart' | 'stop' | 'start' | 'heal' | 'clearQuarantine';
export type MaintenanceVerb = 'maintenanceOn' | 'maintenanceOff';
export type Verb =
  WorkerVerb | ContainerVerb | MaintenanceVerb | 'cancel' | 'retry' | 'reap' | 'reload' | 'recover';

export interface OperationRequest extends Asker {
  readonly verb: Verb;
  /**
   * `worker/push-1`, `container/jms_core`, a bare name where it is unique, a job id or a push id; `docker` for `restart`;
   * `queue/redis` for `restart` of an embedded Redis that does not answer; `all`, `project/NAME` or `container/NAME` for maintenance;
   * `zombies` for `reap`, `configuration` for `reload` and `everything` for `recover`, which have no other.
   */
  readonly target: string;
  readonly reason: string | null;
  /** `pid-startTicks-nonce`, or null for any. */
  readonly ifIncarnation: string | null;
  readonly dryRun: boolean;
  /** Of `maintenanceOn`: when it ends by itself; null for half an hour. */
  readonly forMs: number | null;
}

export interface OperationView {
  readonly id: string;
  readonly verb: Verb;
  readonly target: string;
  readonly actor: string;
  readonly reason: string | null;
  readonly createdAt: string;
  /** `planned` is a dry run: nothing was or will be done. */
  readonly state: 'running' | 'done' | 'failed' | 'planned';
  /** A sentence: what was verified, what is awaited, or why it failed. */
  readonly detail: string;
  /** What it interrupts or would interrupt, a sentence each. */
  readonly interrupts: readonly string[];
  /** Sentences, of what happens to containers: each step in its order, with its reason. */
  readonly steps?: readonly string[];
  /** Of `reap`: what was done with each, at most as many as are listed. */
  readonly swept?: readonly SweptZombie[];
  /** Of `recover`: its stages, and what is left for a person. */
  readonly recovery?: RecoveryView;
}

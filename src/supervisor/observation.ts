/**
 * Says everything that can come back from the world; nothing else changes what the supervisor believes.
 * An action's failure is an observation too.
 */
import type { Moment } from '../clock.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import type { WorkerObservation } from '../detector/evidence.ts';
import type { ReapedKind, SeenZombie } from '../detector/zombie.ts';
import type { Incarnation } from '../heartbeat.ts';
import type { JobRecord, SealedSecrets } from '../push/job.ts';
import type { WorkerMessage } from '../push/workerMessage.ts';
import type { Orphan } from '../reconciler/orphan.ts';
import type { MemberLife } from './holders.ts';
import type { FleetMessage, MemberNews, NoTask } from '../push/fleetMessage.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import type { JobNews } from '../reconciler/jobNews.ts';

export type JobObservation =
  | JobNews
  | { readonly kind: 'submitted'; readonly jobs: readonly JobRecord[] }
  | {
      readonly kind: 'said';
      readonly worker: string;
      readonly incarnation: Incarnation;
      /** Whose worker it is, where it is not one of ours. */
      readonly member?: MemberLife;
      readonly message: WorkerMessage;
    }
  | { readonly kind: 'workerGone'; readonly worker: string; readonly incarnation: Incarnation }
  /** Granted to another supervisor's worker, which cannot run it. */
  | {
      readonly kind: 'noTask';
      readonly incarnation: Incarnation;
      readonly jobId: string;
      readonly attempt: number;
      readonly why: NoTask;
    }
  /** Its workers ended with it, or it was not heard for so long that nothing can be taken for held by it. */
  | { readonly kind: 'memberGone'; readonly member: MemberLife }
  | { readonly kind: 'cancelAsked'; readonly jobId: string }
  /** The grants may say something else now: what waits and is wanted no longer ends. */
  | { readonly kind: 'grantsChanged' }
  | { readonly kind: 'reopened'; readonly job: JobRecord }
  | { readonly kind: 'resealed'; readonly jobId: string; readonly sealed: SealedSecrets };

export type ContainerObservation =
  | { readonly kind: 'docker'; readonly up: boolean; readonly detail: string }
  | { readonly kind: 'dockerReconnected' }
  /** A complete look; `missed`: changes since the last one that no event told of. */
  | { readonly kind: 'containersListed'; readonly facts: readonly ContainerFacts[]; readonly missed: number }
  | { readonly kind: 'containerSeen'; readonly facts: ContainerFacts }
  | { readonly kind: 'containerGone'; readonly id: string };

export type ZombieObservation =
  /** All zombies that could be seen in one look; `begunAt` is when it began. */
  | {
      readonly kind: 'zombies';
      readonly begunAt: Moment;
      readonly seen: readonly SeenZombie[];
      readonly limited: string | null;
    }
  | {
      readonly kind: 'reaped';
      readonly pid: number;
      readonly command: string;
      readonly orphanKind: ReapedKind;
    }
  /** A person wants all zombies looked at now, and reaped what can be. */
  | { readonly kind: 'sweepAsked' };
/** The guard did not let a signal pass; `worker` is null when it was the supervisor's own. */
export interface RefusedObservation {
  readonly kind: 'refused';
  readonly rule: string;
  readonly pid: number;
  readonly signal: string;
  readonly worker: string | null;
}

export type FleetObservation =
  /** Another keeps the queue, or kept it meanwhile (null); `where` is for people. */
  | { readonly kind: 'stoodDown'; readonly lead: { readonly homeId: string; readonly where: string } | null }
  /** The queue is ours, under this epoch. */
  | { readonly kind: 'leads'; readonly epoch: number }
  | { readonly kind: 'members'; readonly members: readonly MemberNews[] }
  | { readonly kind: 'fleetSaid'; readonly from: MemberLife; readonly message: FleetMessage };

export type Observation =
  | FleetObservation
  | ContainerObservation
  | HealNews
  | ZombieObservation
  | { readonly kind: 'worker'; readonly worker: string; readonly observation: WorkerObservation }
  | { readonly kind: 'job'; readonly observation: JobObservation }
  | { readonly kind: 'redis'; readonly up: boolean; readonly detail: string }
  | { readonly kind: 'redisExited'; readonly exitCode: number | null; readonly signal: string | null }
  /** A process outlived its parent and is ours now. */
  | { readonly kind: 'adopted'; readonly orphan: Orphan }
  | RefusedObservation
  /** Something about the hosts has changed; the next publication shows it. */
  | { readonly kind: 'hosts' }
  | { readonly kind: 'actionFailed'; readonly action: string; readonly detail: string };

/** What each worker says every second. All else is news, and gets a turn at once. */
export function isBeat(observation: Observation): boolean {
  if (observation.kind === 'worker') return observation.observation.kind === 'beat';
  if (observation.kind !== 'job' || observation.observation.kind !== 'said') return false;
  return observation.observation.message.type === 'beat';
}

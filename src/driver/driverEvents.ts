/**
 * Says what the driver is set to, and everything that comes out of it as an event.
 * It holds types only.
 */
import type { WorkerObservation } from '../detector/evidence.ts';
import type { ReapedKind } from '../detector/zombie.ts';
import type { Incarnation } from '../heartbeat.ts';
import type { WorkerMessage } from '../push/workerMessage.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import type { JobNews } from '../reconciler/jobNews.ts';
import type { Orphan } from '../reconciler/orphan.ts';
import type { RedisTarget } from '../redisTarget.ts';
import type { OnSetAside } from '../setAside.ts';
import type { OnDockerCall } from './docker.ts';
import type { DockerTarget } from './dockerTarget.ts';
import type { DockerWatchEvents } from './dockerWatch.ts';
import type { FleetEvents } from './fleetLink.ts';
import type { LeftProcess } from './left.ts';
import type { Owner } from './ownership.ts';
import type { OnRedisDamage } from './redisFiles.ts';
import type { ExitFact } from './spawn.ts';
import type { ZombiesSeen } from './zombieScan.ts';

export interface DriverSettings {
  readonly homeDir: string;
  readonly redis: RedisTarget;
  /** This life of this home, where other supervisors work off the same queue; null where none may. */
  readonly shared: { readonly homeId: string; readonly life: string } | null;
  /** True when the redis-server behind `redis` is ours to run. */
  readonly embedded: boolean;
  /** A push is kept only when so many replicas have it. */
  readonly waitForReplicas: number;
  readonly slots: number;
  /** Files, pipes and sockets that a worker may have open at once. */
  readonly openFiles: number;
  readonly docker: DockerTarget;
}

/** A signal that the guard did not let pass; `worker` is null when it was the supervisor's own. */
export interface RefusedSignal {
  readonly rule: string;
  readonly pid: number;
  readonly signal: string;
  readonly worker: string | null;
}

export interface DriverEvents {
  readonly onWorker: (worker: string, observation: WorkerObservation) => void;
  readonly onSaid: (said: {
    readonly worker: string;
    readonly incarnation: Incarnation;
    readonly message: WorkerMessage;
  }) => void;
  readonly onNews: (news: JobNews) => void;
  readonly onZombies: (seen: ZombiesSeen) => void;
  readonly onRedis: (up: boolean, detail: string) => void;
  /** It answered the regular question. */
  readonly onRedisAnswer: () => void;
  readonly onRedisExit: (fact: ExitFact) => void;
  readonly onReaped: (pid: number, command: string, orphanKind: ReapedKind) => void;
  readonly onAdopted: (orphan: Orphan) => void;
  readonly onFailure: (action: string, detail: string) => void;
  readonly onRefused: (refused: RefusedSignal) => void;
  /** At the end: what could not be ended. */
  readonly onLeft: (left: readonly LeftProcess[]) => void;
  readonly docker: Omit<DockerWatchEvents, 'onEvent' | 'onCall'>;
  /** A call to Docker has ended, whoever made it. */
  readonly onDockerCall: OnDockerCall;
  readonly onHeal: (news: HealNews) => void;
  readonly onRedisLine: (line: string) => void;
  readonly onRedisDamage: OnRedisDamage;
  readonly onSetAside: OnSetAside;
  /** How each write of a result went; null when it was written. */
  readonly onSpool: (why: string | null) => void;
  readonly onWorkerLine: (worker: string, line: string) => void;
  /** The queue is ours, under this epoch: awaited at every connection to Redis before it counts as up. */
  readonly settle: (epoch: number) => Promise<void>;
  /** Another supervisor keeps the queue, or kept it meanwhile (null). */
  readonly onStepDown: (lead: Owner | null) => void;
  readonly fleet: FleetEvents;
}

/**
 * Says everything the supervisor can do to the world, as values.
 * Nothing reaches the world except through one of these, and none of them says that it worked: that is observed.
 */
import type { DrainReason, KillReason } from '../detector/evidence.ts';
import type { WorkerReason } from '../detector/verdict.ts';
import type { Incarnation, JobInHand } from '../heartbeat.ts';
import type { Treatment, TreatedLife } from './treatment.ts';
import type { Orphan } from './orphan.ts';
import type { FleetMessage } from '../push/fleetMessage.ts';
import type { JobRecord } from '../push/job.ts';
import type { SupervisorMessage } from '../push/workerMessage.ts';

export type Action =
  | { readonly kind: 'spawnWorker'; readonly worker: string }
  /** Start it with the spare that stands ready; with a process of its own where that spare has ended meanwhile. */
  | { readonly kind: 'promoteSpare'; readonly worker: string; readonly incarnation: Incarnation }
  | {
      readonly kind: 'killWorker';
      readonly worker: string;
      readonly incarnation: Incarnation;
      readonly signal: 'SIGTERM' | 'SIGKILL';
      readonly why: KillReason;
    }
  /** Finish what is in hand, take nothing new, leave. */
  | {
      readonly kind: 'drainWorker';
      readonly worker: string;
      readonly incarnation: Incarnation;
      readonly why: DrainReason;
    }
  /** Keep on disk what can be seen of a worker that is about to be killed, its blocked stack first. */
  | {
      readonly kind: 'autopsy';
      readonly worker: string;
      readonly incarnation: Incarnation;
      readonly reason: WorkerReason;
      readonly jobs: readonly JobInHand[];
    }
  /** End the ssh of one job of a worker, and nothing else of it. */
  | {
      readonly kind: 'endJob';
      readonly worker: string;
      readonly incarnation: Incarnation;
      readonly jobId: string;
      readonly attempt: number;
    }
  /** SIGCHLD to a worker that holds ended children. */
  | { readonly kind: 'nudgeWorker'; readonly worker: string; readonly incarnation: Incarnation }
  /** SIGCONT to a stopped worker. */
  | { readonly kind: 'resumeWorker'; readonly worker: string; readonly incarnation: Incarnation }
  | {
      readonly kind: 'tellWorker';
      readonly worker: string;
      readonly incarnation: Incarnation;
      readonly message: SupervisorMessage;
    }
  /** To another supervisor of the queue, on its way to one of its workers. */
  | { readonly kind: 'tellMember'; readonly homeId: string; readonly message: FleetMessage }
  /** Something is on the queue: they may look at once. */
  | { readonly kind: 'pokeWorkers' }
  | { readonly kind: 'spawnRedis' }
  /** To the embedded redis-server, which must be ours. */
  | { readonly kind: 'signalRedis'; readonly signal: 'SIGCONT' | 'SIGTERM' | 'SIGKILL' }
  /** End a process that outlived the worker it came from. */
  | { readonly kind: 'endOrphan'; readonly orphan: Orphan }
  /** Inspect it now: something about it must be known before the next look at all. */
  | { readonly kind: 'lookContainer'; readonly id: string }
  /** Keep on disk all that can be seen of a container before anything is done to it, and say whom that would interrupt. */
  | { readonly kind: 'examineContainer'; readonly id: string; readonly why: string }
  /** Do it only while the container is still in the life named; `before` was seen at the last look. */
  | {
      readonly kind: 'treatContainer';
      readonly id: string;
      readonly how: Treatment;
      readonly before: TreatedLife;
    }
  /** Through systemd; for people only. */
  | { readonly kind: 'restartDocker' }
  /** Reap what is ours to reap, then look at all zombies there are. */
  | { readonly kind: 'sweepZombies' }
  /** Give the job its next attempt: a fence counter, a saved record, a queue entry. */
  | { readonly kind: 'dispatch'; readonly job: JobRecord }
  /** The same without a queue entry: it goes along with a job that a worker has in hand. */
  | { readonly kind: 'draw'; readonly job: JobRecord }
  /** Take the entry of a dead attempt off the queue, with exactly the token of its lock. */
  | { readonly kind: 'retire'; readonly jobId: string; readonly attempt: number; readonly token: string }
  /** Put the queue's own no-op job on it. */
  | { readonly kind: 'sendCanary'; readonly number: number }
  /** See what became of the current attempt's queue entry. */
  | { readonly kind: 'look'; readonly jobId: string; readonly attempt: number }
  /** Keep a change of an open record that a restart must not forget. */
  | { readonly kind: 'save'; readonly job: JobRecord }
  /** Say in a job's log what its worker can no longer say there. */
  | { readonly kind: 'noteInLog'; readonly jobId: string; readonly at: string; readonly text: string }
  /** Keep a final record: spool, then index, then tell the worker. */
  | { readonly kind: 'finish'; readonly job: JobRecord };

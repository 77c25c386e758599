/**
 * Says everything the supervisor can do to the world, as values.
 * Nothing reaches the world except through one of these, and none of them says that it worked: that is observed.
 */
import type { KillReason } from '../detector/evidence.ts';
import type { Incarnation } from '../heartbeat.ts';
import type { JobRecord } from '../push/job.ts';
import type { SupervisorMessage } from '../push/workerMessage.ts';

export type Action =
  | { readonly kind: 'spawnWorker'; readonly worker: string }
  | {
      readonly kind: 'killWorker';
      readonly worker: string;
      readonly incarnation: Incarnation;
      readonly signal: 'SIGTERM' | 'SIGKILL';
      readonly why: KillReason;
    }
  /** SIGCONT to a stopped worker. */
  | { readonly kind: 'resumeWorker'; readonly worker: string; readonly incarnation: Incarnation }
  | {
      readonly kind: 'tellWorker';
      readonly worker: string;
      readonly incarnation: Incarnation;
      readonly message: SupervisorMessage;
    }
  | { readonly kind: 'spawnRedis' }
  /** Give the job its next attempt: a fence counter, a saved record, a queue entry. */
  | { readonly kind: 'dispatch'; readonly job: JobRecord }
  /** See what became of the current attempt's queue entry. */
  | { readonly kind: 'look'; readonly jobId: string; readonly attempt: number }
  /** Keep a change of an open record that a restart must not forget. */
  | { readonly kind: 'save'; readonly job: JobRecord }
  /** Keep a final record: spool, then index, then tell the worker. */
  | { readonly kind: 'finish'; readonly job: JobRecord };

/**
 * The whole conversation between the supervisor and a worker over IPC.
 * Nothing else passes between the two; the channel is a pipe, so the Redis password in `configure` is seen by nobody else.
 */
import type { Beat } from '../heartbeat.ts';
import type { RedisTarget } from '../redisTarget.ts';
import type { HostResult, PushTask, Stage } from './job.ts';

interface Attempt {
  readonly jobId: string;
  readonly attempt: number;
}

export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'beat'; readonly beat: Beat }
  /** A fetched queue entry, and the token of its lock: may this attempt run? Answered by `run`, `skip` or, for the canary, `pass`. */
  | ({ readonly type: 'ask'; readonly token: string } & Attempt)
  /** The leader of the ssh process group of this attempt; null once it has ended. */
  | ({ readonly type: 'ssh'; readonly pid: number | null } & Attempt)
  | ({ readonly type: 'stage'; readonly stage: Stage } & Attempt)
  /** Answered by `stored` once the result is on disk; only then the queue entry is completed. */
  | ({ readonly type: 'result'; readonly result: HostResult } & Attempt)
  /** The canary of this number is off the queue again. */
  | { readonly type: 'passed'; readonly attempt: number }
  /** Its guard did not let this signal pass; told so that it is counted with the supervisor's own. */
  | {
      readonly type: 'refused';
      readonly rule: string;
      readonly pid: number;
      readonly signal: string;
    }
  | { readonly type: 'drained' };

export type SupervisorMessage =
  /** First message of a life: where the queue is and how many jobs to take at once. Answered by `ready`. */
  | {
      readonly type: 'configure';
      readonly redis: RedisTarget;
      readonly queue: string;
      readonly slots: number;
      /** How long BullMQ's lock of a taken entry lasts without renewal. */
      readonly lockMs: number;
    }
  | { readonly type: 'run'; readonly task: PushTask }
  /** Granted unasked: it follows those of its host that are in this worker's hands, over the same connection. It never was on the queue. */
  | { readonly type: 'ride'; readonly task: PushTask }
  | ({ readonly type: 'skip' } & Attempt)
  /** It is the canary: give it back as done. */
  | ({ readonly type: 'pass' } & Attempt)
  | ({ readonly type: 'stored' } & Attempt)
  | ({ readonly type: 'cancel' } & Attempt)
  /** To the spare: it is this worker from now on. */
  | { readonly type: 'name'; readonly worker: string }
  /** Something was put on the queue: fetch now rather than at the next poll. */
  | { readonly type: 'poke' }
  /** Take no more jobs; finish those in hand. */
  | { readonly type: 'quiet' }
  | { readonly type: 'resume' }
  /** Finish what is in hand, say `drained`, exit. */
  | { readonly type: 'drain' };

/**
 * The names under which Garrison lives in Redis, shared by the supervisor and its workers.
 * It holds constants only.
 */

export const PUSH_QUEUE = 'push';
export const KEY_PREFIX = 'garrison';
/** BullMQ's own keys; what they hold moves work and is never the truth about a job. */
export const BULL_PREFIX = `${KEY_PREFIX}:bull`;

/** The queue's own no-op job, so named in place of a job id; its attempts are its numbers. */
export const CANARY_ID = 'canary';

/** The same of a worker's kept connections, where it names their ssh to the supervisor; their attempts are their numbers. */
export const KEPT_ID = 'kept';

/** The one name of a job's attempt, and its queue entry's id: one per attempt, so that a lost entry can never be mistaken for the current one. */
export function entryId(jobId: string, attempt: number): string {
  return `${jobId}.${String(attempt)}`;
}

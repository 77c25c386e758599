/**
 * Puts attempts on the BullMQ queue and looks at what became of their entries.
 * It holds no truth about jobs and takes nothing off the queue: that is the workers' part.
 */
import { Queue, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { EntrySeen } from '../reconciler/jobFlow.ts';
import { BULL_PREFIX, entryId, PUSH_QUEUE } from '../queueName.ts';

/** By Redis' own clock since it was handed out, and only without a lock; far over any job's time. */
const ABANDONED_AFTER_MS = 900_000;
const MOST_REMOVED_AT_ONCE = 10_000;

export class PushQueue {
  readonly #redis: Redis;
  #opened: Queue | null = null;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Idempotent: an entry of this attempt that is there already stays as it is. */
  async add(jobId: string, attempt: number): Promise<void> {
    await this.#open().add('attempt', { jobId, attempt }, { jobId: entryId(jobId, attempt) });
  }

  /**
   * Takes the entry of a dead attempt off the queue. The token is the one its worker reported:
   * BullMQ refuses any other, but with none it would take the entry from a worker that lives.
   */
  async retire(jobId: string, attempt: number, token: string): Promise<void> {
    if (token === '' || token === '0')
      throw new Error('an entry is taken back only with the token of its lock');
    const entry = (await this.#open().getJob(entryId(jobId, attempt))) as Job | undefined;
    if (entry === undefined) return;
    await entry.moveToWait(token);
    await entry.remove();
  }

  /**
   * Removes entries that stay `active` in nobody's hands because their lock ran out (Redis away for longer, its clock set forward).
   * No job is lost with one: what is to be done stands in the job's record.
   */
  async removeAbandoned(olderThanMs = ABANDONED_AFTER_MS): Promise<void> {
    await this.#open().clean(olderThanMs, MOST_REMOVED_AT_ONCE, 'active');
  }

  async look(jobId: string, attempt: number): Promise<EntrySeen> {
    const state = await this.#open().getJobState(entryId(jobId, attempt));
    if (state === 'waiting' || state === 'prioritized' || state === 'delayed') return 'waiting';
    return state === 'active' ? 'active' : 'gone';
  }

  /** Takes every entry away. Only while no worker lives: each open job then leaves anew under its next attempt. */
  async clear(): Promise<void> {
    await this.#open().obliterate({ force: true });
    await this.#open().resume();
  }

  /** At its first use: BullMQ connects as soon as a Queue is made, and connecting is for the link to begin. */
  #open(): Queue {
    if (this.#opened !== null) return this.#opened;
    const queue = new Queue(PUSH_QUEUE, {
      connection: this.#redis,
      prefix: BULL_PREFIX,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    // The link reports that Redis is away; BullMQ's copy of the same news would end the process.
    queue.on('error', () => undefined);
    this.#opened = queue;
    return queue;
  }
}

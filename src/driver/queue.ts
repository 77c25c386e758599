/**
 * Puts attempts on the BullMQ queue and looks at what became of their entries.
 * It holds no truth about jobs and takes nothing off the queue: that is the workers' part.
 */
import { Queue, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { EntrySeen } from '../reconciler/jobFlow.ts';
import { BULL_PREFIX, entryId, PUSH_QUEUE } from '../queueName.ts';

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

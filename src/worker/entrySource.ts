/**
 * Takes entries off the BullMQ queue one at a time, when asked, and completes them.
 * It uses no blocking connection: a parked one is how BullMQ workers stay up and do nothing for ever (bullmq#4585).
 */
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { BULL_PREFIX } from '../queueName.ts';
import { addressOptions, type RedisTarget } from '../redisTarget.ts';

export interface Entry {
  /** Of BullMQ's lock: only who knows it can complete or renew the entry. */
  readonly token: string;
  readonly jobId: string;
  readonly attempt: number;
  /** Takes the entry off the queue for good. */
  complete(): Promise<void>;
  renew(): Promise<void>;
}

export interface SourceSettings {
  readonly redis: RedisTarget;
  readonly queue: string;
  readonly lockMs: number;
}

export class EntrySource {
  readonly #redis: Redis;
  readonly #worker: Worker;
  readonly #lockMs: number;

  constructor({ redis: target, queue, lockMs }: SourceSettings) {
    this.#lockMs = lockMs;
    this.#redis = new Redis({
      ...addressOptions(target),
      maxRetriesPerRequest: null,
      // Lost commands are sent again (ioredis' default): with autoResendUnfulfilledCommands off their promises stay pending for ever.
      // A fetch that had taken an entry before the connection broke then takes another; the supervisor replaces the first.
      retryStrategy: (tries) => Math.min(50 * tries, 500),
    });
    this.#redis.on('error', () => undefined);
    this.#worker = new Worker(queue, null, {
      connection: this.#redis,
      prefix: BULL_PREFIX,
      autorun: false,
      lockDuration: lockMs,
      skipStalledCheck: true,
    });
    this.#worker.on('error', () => undefined);
  }

  /** The next entry, or null when the queue is empty. Pending while Redis is away; rejects when the connection broke meanwhile. */
  async fetch(): Promise<Entry | null> {
    const token = randomUUID();
    const job = (await this.#worker.getNextJob(token, { block: false })) as
      Job<{ jobId: string; attempt: number }> | undefined;
    if (job === undefined) return null;
    return {
      token,
      jobId: job.data.jobId,
      attempt: job.data.attempt,
      complete: async () => {
        await job.moveToCompleted('', token, false);
      },
      renew: async () => {
        await job.extendLock(token, this.#lockMs);
      },
    };
  }

  /** Not close(): that one waits for a Redis that may never answer. The blocking connection, unused here, is the worker's own. */
  disconnect(): void {
    void this.#worker.disconnect().catch(() => undefined);
    this.#redis.disconnect();
  }
}

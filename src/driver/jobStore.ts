/**
 * Remembers pushes and jobs in our own Redis keys; BullMQ moves work, this remembers it.
 * Saving is idempotent (an older revision never overwrites a newer), and nothing here decides what a job's state is.
 */
import type { Redis } from 'ioredis';
import { GarrisonError, messageOf } from '../errors.ts';
import { isFinal, isJobId, type JobRecord, type PushRecord } from '../push/job.ts';
import { KEY_PREFIX } from '../queueName.ts';

export interface StoredPage {
  readonly jobs: JobRecord[];
  /** Start of the next page, or null at the end. */
  readonly nextOffset: number | null;
}

const OPEN_JOBS = `${KEY_PREFIX}:jobs:open`;
const JOB_INDEX = `${KEY_PREFIX}:jobs`;
const PUSH_INDEX = `${KEY_PREFIX}:pushes`;
const jobKey = (id: string): string => `${KEY_PREFIX}:job:${id}`;
const pushKey = (id: string): string => `${KEY_PREFIX}:push:${id}`;

const SAVE_JOB = `
local known = redis.call('HGET', KEYS[1], 'revision')
if known and tonumber(known) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'revision', ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4])
if ARGV[3] == '1' then redis.call('SREM', KEYS[2], ARGV[4]) else redis.call('SADD', KEYS[2], ARGV[4]) end
return 1`;

function saveArguments(job: JobRecord): [string, number, ...string[]] {
  const final = isFinal(job.state) ? '1' : '0';
  const created = String(Date.parse(job.createdAt));
  return [
    SAVE_JOB,
    3,
    jobKey(job.id),
    OPEN_JOBS,
    JOB_INDEX,
    JSON.stringify(job),
    String(job.revision),
    final,
    job.id,
    created,
  ];
}

export class JobStore {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Keeps a new push and its jobs, all or none. */
  async create(push: PushRecord, jobs: readonly JobRecord[]): Promise<void> {
    const transaction = this.#redis.multi();
    transaction.set(pushKey(push.id), JSON.stringify(push));
    transaction.zadd(PUSH_INDEX, Date.parse(push.createdAt), push.id);
    for (const job of jobs) transaction.eval(...saveArguments(job));
    throwFirst(await answering(transaction.exec()));
  }

  /** Takes back a push that may or may not have been kept: sent on the same connection, it comes after the keeping. */
  async withdraw(push: PushRecord): Promise<void> {
    const transaction = this.#redis.multi().del(pushKey(push.id)).zrem(PUSH_INDEX, push.id);
    for (const id of push.jobIds) transaction.del(jobKey(id)).zrem(JOB_INDEX, id).srem(OPEN_JOBS, id);
    throwFirst(await transaction.exec());
  }

  async save(job: JobRecord): Promise<void> {
    await this.#redis.eval(...saveArguments(job));
  }

  /** Saves the record and draws the next fence counter in one round trip. */
  async saveAndCount(job: JobRecord, counterKey: string): Promise<number> {
    const transaction = this.#redis.multi().incr(counterKey);
    transaction.eval(...saveArguments(job));
    return Number(throwFirst(await transaction.exec())[0]?.[1]);
  }

  async openJobs(): Promise<JobRecord[]> {
    const jobs = await this.#jobs(await this.#redis.smembers(OPEN_JOBS));
    return jobs.sort((a, b) =>
      a.createdAt === b.createdAt ? (a.id < b.id ? -1 : 1) : a.createdAt < b.createdAt ? -1 : 1,
    );
  }

  async job(id: string): Promise<JobRecord | null> {
    const text = await answering(this.#redis.hget(jobKey(id), 'record'));
    return text === null ? null : (JSON.parse(text) as JobRecord);
  }

  async push(id: string): Promise<PushRecord | null> {
    const text = await answering(this.#redis.get(pushKey(id)));
    return text === null ? null : (JSON.parse(text) as PushRecord);
  }

  async jobsOf(push: PushRecord): Promise<JobRecord[]> {
    return this.#jobs(push.jobIds);
  }

  /** Newest first. */
  async page(offset: number, count: number): Promise<StoredPage> {
    const ids = await answering(this.#redis.zrevrange(JOB_INDEX, offset, offset + count - 1));
    return { jobs: await this.#jobs(ids), nextOffset: ids.length < count ? null : offset + count };
  }

  /** Newest first. */
  async pushPage(
    offset: number,
    count: number,
  ): Promise<{ pushes: PushRecord[]; nextOffset: number | null }> {
    const ids = await answering(this.#redis.zrevrange(PUSH_INDEX, offset, offset + count - 1));
    const found = await Promise.all(ids.map((id) => this.push(id)));
    const pushes = found.filter((push) => push !== null);
    return { pushes, nextOffset: ids.length < count ? null : offset + count };
  }

  /** Forgets pushes made before `beforeMs` (epoch milliseconds) whose jobs are all final; returns the ids of their jobs. */
  async forgetBefore(beforeMs: number): Promise<string[]> {
    const forgotten: string[] = [];
    for (const pushId of await this.#redis.zrangebyscore(PUSH_INDEX, 0, beforeMs)) {
      const push = await this.push(pushId);
      const jobs = push === null ? [] : await this.jobsOf(push);
      if (jobs.some((job) => !isFinal(job.state))) continue;
      const transaction = this.#redis.multi().del(pushKey(pushId)).zrem(PUSH_INDEX, pushId);
      for (const id of push?.jobIds ?? []) transaction.del(jobKey(id)).zrem(JOB_INDEX, id);
      await transaction.exec();
      forgotten.push(...(push?.jobIds ?? []));
    }
    return forgotten;
  }

  async #jobs(ids: readonly string[]): Promise<JobRecord[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.hget(jobKey(id), 'record');
    const answers = throwFirst(await answering(pipeline.exec()));
    return answers
      .flatMap(([, text]) => (typeof text === 'string' ? [JSON.parse(text) as JobRecord] : []))
      .filter((job) => isJobId(job.id));
  }
}

/** What Redis answers; that it does not is an error people can act on. */
async function answering<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw new GarrisonError('REDIS_UNAVAILABLE', `Redis gave no answer: ${messageOf(error)}`, {
      cure: 'garrison status shows when it is back; then repeat the command.',
      cause: error,
    });
  }
}

type Answers = [error: Error | null, result: unknown][];

/** A transaction's answers, or the first error among them as an exception. */
function throwFirst(answers: Answers | null): Answers {
  if (answers === null) throw new Error('the transaction was discarded by Redis');
  for (const [error] of answers) if (error !== null) throw error;
  return answers;
}

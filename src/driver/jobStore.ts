/**
 * Remembers pushes and jobs in our own Redis keys; BullMQ moves work, this remembers it.
 * Saving is idempotent (an older revision never overwrites a newer), and nothing here decides what a job's state is.
 */
import type { Redis } from 'ioredis';
import { monoMs } from '../clock.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import { isFinal, isJobId, type JobRecord, type PushRecord } from '../push/job.ts';
import type { CountedPush, Found, StoredQuery } from '../push/jobQuery.ts';
import { KEY_PREFIX } from '../queueName.ts';
import {
  callingAll,
  CHANGED_INDEX,
  droppingJobs,
  droppingPush,
  JOB_INDEX,
  jobKey,
  jobsBy,
  OPEN_JOBS,
  PUSH_INDEX,
  pushesBy,
  pushFactsKey,
  pushKey,
  savingJobs,
  savingPush,
  UNMADE_PUSHES,
} from './jobIndex.ts';
import { needlesOf, walk } from './jobWalk.ts';
import { isNotLeading } from './ownership.ts';

const FINAL_STATES = ['done', 'failed', 'cancelled', 'unknown'] as const;
const INDEXED = `${KEY_PREFIX}:jobs:indexed`;
/** So many hold neither Redis nor the event loop for long. */
const MOST_AT_ONCE = 500;
/** What Redis acknowledged may be gone after a fail-over: its replicas follow within this time, or are no good. */
export const MAY_GO_BACK_MS = 60_000;
const REPLICATED_WITHIN_MS = 2_000;

export class JobStore {
  readonly #redis: Redis;
  readonly #home: string;
  readonly #waitForReplicas: number;
  /** Pushes kept lately, oldest first. */
  readonly #recent = new Map<string, { readonly push: PushRecord; readonly atMs: number }>();

  /** `home`: the id of the home that writes; nothing is written while another keeps the queue. Empty: whoever keeps it. */
  constructor(redis: Redis, home = '', waitForReplicas = 0) {
    this.#redis = redis;
    this.#home = home;
    this.#waitForReplicas = waitForReplicas;
  }

  /**
   * Keeps a new push and its jobs, all or none: one that comes to no end is dropped at the next start, or withdrawn before.
   * Part by part, since a single transaction of ten thousand left Redis with three times the memory that they take.
   */
  async create(push: PushRecord, jobs: readonly JobRecord[]): Promise<void> {
    const unmade = ['hset', UNMADE_PUSHES, push.id, JSON.stringify(push)];
    await this.#callAll([unmade, ...savingPush(push)]);
    await answering(this.saveAll(jobs));
    await this.#replicated();
    await answering(this.#redis.hdel(UNMADE_PUSHES, push.id));
    await this.#replicated();
    this.#recent.set(push.id, { push, atMs: monoMs() });
    this.#forgetOld();
  }

  /** All that was written on this connection is with as many replicas as are asked for, or an exception. */
  async #replicated(): Promise<void> {
    const wanted = this.#waitForReplicas;
    if (wanted === 0) return;
    const replicas = await answering(this.#redis.wait(wanted, REPLICATED_WITHIN_MS));
    if (replicas < wanted) throw tooFewReplicas(`${String(replicas)} of the ${String(wanted)} wanted`);
  }

  /** Redis may have come back without them; before their jobs, which are counted in them. */
  async saveRecentPushes(): Promise<void> {
    this.#forgetOld();
    for (const { push } of this.#recent.values())
      await this.#callAll([...savingPush(push), ['hdel', UNMADE_PUSHES, push.id]]);
  }

  #forgetOld(): void {
    for (const [id, { atMs }] of this.#recent) if (atMs < monoMs() - MAY_GO_BACK_MS) this.#recent.delete(id);
  }

  /** Of pushes whose making was cut off with an earlier life: nobody was told that they are accepted. */
  async dropUnmade(): Promise<void> {
    for (const text of await this.#redis.hvals(UNMADE_PUSHES)) {
      const push = JSON.parse(text) as PushRecord;
      await this.#drop(push.id, push);
    }
  }

  /** Takes back a push that may or may not have been kept: sent on the same connection, it comes after the keeping. */
  async withdraw(push: PushRecord): Promise<void> {
    await this.#drop(push.id, push);
  }

  async save(job: JobRecord): Promise<void> {
    await this.saveAll([job]);
  }

  /** Of very many, part by part: after an error some may be saved and others not, and all can be saved again. */
  async saveAll(jobs: readonly JobRecord[]): Promise<void> {
    for (const part of partsOf(jobs)) await answering(this.#redis.eval(...savingJobs(part, this.#home)));
  }

  /** Saves the record and draws the next fence counter in one round trip. */
  async saveAndCount(job: JobRecord, counterKey: string): Promise<number> {
    return Number(await answering(this.#redis.eval(...savingJobs([job], this.#home, counterKey))));
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

  /** A few at a time, without reading the others. */
  async sealedJobs(): Promise<readonly JobRecord[]> {
    return this.#jobs(await answering(this.#redis.zrange(JOB_INDEX, 0, -1)), '"sealed":');
  }

  async find(query: StoredQuery): Promise<Found<JobRecord>> {
    const by = (['push', 'host', 'account', 'state'] as const).find((what) => query[what] !== undefined);
    const isByChange = query.sort === 'changed';
    const named = by === undefined ? JOB_INDEX : jobsBy(by, query[by] ?? '');
    const { ids, next, looked } = await answering(
      walk(this.#redis, {
        index: isByChange ? CHANGED_INDEX : named,
        factsPrefix: jobKey(''),
        needles: needlesOf(query, isByChange ? null : (by ?? null)),
        oldestFirst: query.sort === 'oldest',
        after: query.after,
        limit: query.limit,
      }),
    );
    return { items: await this.#jobs(ids), next, looked };
  }

  /** `host` and `push` are not asked of pushes. */
  async findPushes(query: StoredQuery): Promise<Found<CountedPush>> {
    const by = (['state', 'account'] as const).find((what) => query[what] !== undefined);
    const { ids, next, looked } = await answering(
      walk(this.#redis, {
        index: by === undefined ? PUSH_INDEX : pushesBy(by, query[by] ?? ''),
        factsPrefix: pushFactsKey(''),
        needles: needlesOf(query, by ?? null),
        oldestFirst: query.sort === 'oldest',
        after: query.after,
        limit: query.limit,
      }),
    );
    return { items: await this.#countedPushes(ids), next, looked };
  }

  /** Of the jobs that have ended. */
  async counts(): Promise<Readonly<Record<(typeof FINAL_STATES)[number], number>>> {
    const counting = FINAL_STATES.map(async (state) => [
      state,
      await this.#redis.zcard(jobsBy('state', state)),
    ]);
    return Object.fromEntries(await answering(Promise.all(counting))) as Record<
      (typeof FINAL_STATES)[number],
      number
    >;
  }

  /** Makes what an older Garrison kept findable; says how many jobs that were. */
  async indexAll(): Promise<number> {
    if ((await this.#redis.get(INDEXED)) !== null) return 0;
    for (const id of await this.#redis.zrange(PUSH_INDEX, 0, -1)) {
      const push = await this.push(id);
      if (push === null) continue;
      await this.#callAll(savingPush(push));
    }
    const ids = await this.#redis.zrange(JOB_INDEX, 0, -1);
    for (const part of partsOf(ids)) await this.saveAll(await this.#jobs(part));
    await this.#redis.set(INDEXED, '1');
    return ids.length;
  }

  /** Forgets pushes made before `beforeMs` (epoch milliseconds) whose jobs are all final; returns the ids of their jobs. */
  async forgetBefore(beforeMs: number): Promise<string[]> {
    const forgotten: string[] = [];
    for (const pushId of await this.#redis.zrangebyscore(PUSH_INDEX, 0, beforeMs)) {
      const push = await this.push(pushId);
      const jobs = push === null ? [] : await this.jobsOf(push);
      if (jobs.some((job) => !isFinal(job.state))) continue;
      await this.#drop(pushId, push);
      forgotten.push(...(push?.jobIds ?? []));
    }
    return forgotten;
  }

  /** The push last: what is cut off in the middle is found again. */
  async #drop(pushId: string, push: PushRecord | null): Promise<void> {
    this.#recent.delete(pushId);
    for (const part of partsOf(push?.jobIds ?? []))
      await answering(this.#redis.eval(...droppingJobs(part, this.#home)));
    await this.#callAll(droppingPush(pushId, push?.accountName ?? null));
  }

  async #callAll(commands: readonly (readonly string[])[]): Promise<void> {
    await answering(this.#redis.eval(...callingAll(commands, this.#home)));
  }

  async #countedPushes(ids: readonly string[]): Promise<CountedPush[]> {
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.hgetall(pushFactsKey(id));
    const answers = throwFirst(await answering(pipeline.exec()));
    return answers.flatMap(([, kept]) => {
      const { record, ...others } = kept as Record<string, string>;
      if (record === undefined) return [];
      const numbers = Object.entries(others).map(([state, count]) => [state, Number(count)] as const);
      const present = Object.fromEntries(numbers.filter(([, count]) => count > 0));
      return [{ ...(JSON.parse(record) as Omit<CountedPush, 'counts'>), counts: present }];
    });
  }

  /** Those that are there, with this in their text; the event loop turns between each part of very many. */
  async #jobs(ids: readonly string[], holding = ''): Promise<JobRecord[]> {
    const jobs: JobRecord[] = [];
    for (const part of partsOf(ids)) {
      const pipeline = this.#redis.pipeline();
      for (const id of part) pipeline.hget(jobKey(id), 'record');
      for (const [, text] of throwFirst(await answering(pipeline.exec()))) {
        if (typeof text !== 'string' || !text.includes(holding)) continue;
        const job = JSON.parse(text) as JobRecord;
        if (isJobId(job.id)) jobs.push(job);
      }
    }
    return jobs;
  }
}

function partsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / MOST_AT_ONCE);
  return Array.from({ length: count }, (_, at) => items.slice(at * MOST_AT_ONCE, (at + 1) * MOST_AT_ONCE));
}

/** What Redis answers; that it does not is an error people can act on. */
async function answering<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (isNotLeading(error))
      throw new GarrisonError(
        'REDIS_FOREIGN',
        'another supervisor keeps this queue by now: nothing was written',
        {
          cure: 'garrison status names it; repeat the command there.',
          cause: error,
        },
      );
    if (error instanceof GarrisonError) throw error;
    // The master's own min-replicas-to-write.
    if (messageOf(error).includes('NOREPLICAS')) throw tooFewReplicas('Redis takes no write', error);
    throw new GarrisonError('REDIS_UNAVAILABLE', `Redis gave no answer: ${messageOf(error)}`, {
      cure: 'garrison status shows when it is back; then repeat the command.',
      cause: error,
    });
  }
}

function tooFewReplicas(which: string, cause?: unknown): GarrisonError {
  return new GarrisonError('REDIS_UNAVAILABLE', `too few replicas of Redis have it (${which})`, {
    cure: 'Look at the replicas with redis-cli info replication on the master; then repeat the command.',
    facts: { replicas: which },
    cause,
  });
}

type Answers = [error: Error | null, result: unknown][];

/** A pipeline's answers, or the first error among them as an exception. */
function throwFirst(answers: Answers | null): Answers {
  if (answers === null) throw new Error('Redis discarded it');
  for (const [error] of answers) if (error !== null) throw error;
  return answers;
}

/**
 * Keeps final job records: on disk first, then in Redis, all that end together in few writes.
 * It never says of a record that it is kept before its batch is on disk, and leaves on disk what Redis has not taken.
 */
import { messageOf } from '../errors.ts';
import type { JobRecord } from '../push/job.ts';
import type { JobNews } from '../reconciler/jobNews.ts';
import { Gathering } from './gathering.ts';
import type { JobStore } from './jobStore.ts';
import type { Batch, Spool } from './spool.ts';

export interface KeeperParts {
  readonly spool: Spool;
  readonly store: Pick<JobStore, 'saveAll'>;
  readonly onNews: (news: JobNews) => void;
  readonly onFailure: (action: string, detail: string) => void;
  readonly onSpool: (why: string | null) => void;
  /** So long a record stays on disk after Redis took it: a fail-over may take it back. */
  readonly lingerMs: number;
}

/** One such batch holds the event loop and Redis for some milliseconds. */
const MOST_TOGETHER = 250;

export class Keeper {
  readonly #parts: KeeperParts;
  readonly #toDisk: Gathering<JobRecord>;
  readonly #toRedis: Gathering<Batch>;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#toDisk = new Gathering({
      sizeOf: () => 1,
      most: MOST_TOGETHER,
      work: (batch) => this.#put(batch),
    });
    // Apart from the writing: while Redis is away, results still get to disk.
    this.#toRedis = new Gathering({
      sizeOf: (batch) => batch.length,
      most: MOST_TOGETHER,
      // Redis away: the records wait in the spool for the next connection.
      work: (batches) => this.#index(batches).catch(() => undefined),
    });
  }

  keep(job: JobRecord): void {
    this.#toDisk.add(job);
  }

  /** Resolves when every record given so far is on disk, or failed to get there, and was sent to Redis. */
  async settled(): Promise<void> {
    await this.#toDisk.settled();
    await this.#toRedis.settled();
  }

  /** What an earlier life (or an outage) left in the spool goes to Redis; safe to repeat. */
  async emptySpool(): Promise<void> {
    for (const batch of await this.#parts.spool.list()) await this.#index([batch]);
  }

  async #put(batch: Batch): Promise<void> {
    const { spool, onNews, onFailure, onSpool } = this.#parts;
    try {
      await spool.put(batch);
      onSpool(null);
    } catch (error) {
      const detail = messageOf(error);
      onSpool(detail);
      onFailure('finish', `the result of ${namesOf(batch)} could not be kept on disk: ${detail}`);
      for (const { id: jobId } of batch) onNews({ kind: 'keepFailed', jobId, detail });
      return;
    }
    for (const { id: jobId } of batch) onNews({ kind: 'kept', jobId });
    this.#toRedis.add(batch);
  }

  async #remove(batches: readonly Batch[]): Promise<void> {
    const { spool, lingerMs } = this.#parts;
    const remove = async (): Promise<void> => {
      for (const batch of batches) await spool.remove(batch);
    };
    if (lingerMs === 0) await remove();
    // What cannot be removed, or is cut off by our end, is brought to Redis again and removed then.
    else setTimeout(() => void remove().catch(() => undefined), lingerMs).unref();
  }

  async #index(batches: readonly Batch[]): Promise<void> {
    const { store, onNews } = this.#parts;
    const jobs = batches.flat();
    await store.saveAll(jobs);
    await this.#remove(batches);
    for (const { id: jobId } of jobs) onNews({ kind: 'indexed', jobId });
  }
}

function namesOf([first, ...others]: Batch): string {
  const more = others.length === 0 ? '' : ` and ${String(others.length)} more`;
  return `job ${first?.id ?? ''}${more}`;
}

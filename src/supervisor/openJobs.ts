/**
 * Remembers the open jobs in the order they were made, and for a while the records of those that ended.
 * It moves nothing by itself.
 */
import { isFinal, type JobRecord } from '../push/job.ts';
import type { OpenJob } from '../reconciler/jobFlow.ts';
import type { LostAttempt } from './door.ts';

const ENDED_KEPT = 1_000;

export interface OpenJobEvents {
  /** Of every job whose record changed. */
  onChange(job: JobRecord): void;
  /** Once for each end of a job; `takenAtMs`: when a worker had taken it, null when none held it. */
  onEnd(job: JobRecord, takenAtMs: number | null): void;
  /** Of each attempt that ended with its worker's life. */
  onLost(lost: LostAttempt): void;
}

export class OpenJobs {
  readonly #open = new Map<string, OpenJob>();
  readonly #ended = new Map<string, JobRecord>();
  readonly #events: OpenJobEvents;
  /** Until something changes: of ten thousand, a turn needs it many times. */
  #all: readonly OpenJob[] | null = null;

  constructor(events: OpenJobEvents) {
    this.#events = events;
  }

  all(): readonly OpenJob[] {
    return (this.#all ??= [...this.#open.values()]);
  }

  get(jobId: string): OpenJob | null {
    return this.#open.get(jobId) ?? null;
  }

  /** The newest record known here: of an open job, or of one that ended lately (a reader may hold an older one). */
  known(jobId: string): JobRecord | null {
    return this.#open.get(jobId)?.job ?? this.#ended.get(jobId) ?? null;
  }

  set(next: OpenJob): OpenJob {
    const before = this.#open.get(next.job.id);
    this.#open.set(next.job.id, next);
    this.#all = null;
    if (before?.job !== next.job) this.#events.onChange(next.job);
    const isEnd = isFinal(next.job.state) && (before === undefined || !isFinal(before.job.state));
    const from = before?.place;
    if (isEnd) this.#events.onEnd(next.job, from?.at === 'worker' ? from.sinceMs : null);
    return next;
  }

  /** A step of the current attempt; news of an attempt that is no longer the current one moves nothing. */
  move(
    attempt: { readonly jobId: string; readonly attempt: number },
    step: (open: OpenJob) => OpenJob,
  ): void {
    const open = this.#open.get(attempt.jobId);
    if (open?.job.attempt === attempt.attempt) this.set(step(open));
  }

  close(open: OpenJob): void {
    this.#open.delete(open.job.id);
    this.#all = null;
    this.#ended.set(open.job.id, open.job);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= ENDED_KEPT) break;
      this.#ended.delete(oldest);
    }
  }
}

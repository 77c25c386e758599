/**
 * Counts how often each worker was started again and why, and keeps its last beat over the end of its lives.
 * It judges nothing: what it reads is the evidence that the board has judged by.
 */
import type { Moment } from '../clock.ts';
import type { WorkerEvidence, WorkerObservation } from '../detector/evidence.ts';
import { RESTART_REASONS, restartReason, type RestartReason } from '../detector/restartReason.ts';

export type RestartCounts = Readonly<Record<RestartReason, number>>;

export interface CountedWorker {
  readonly worker: string;
  /** RFC 3339: of whichever life; null before the first. */
  readonly lastBeatAt: string | null;
  /** RFC 3339: of the present life or, between lives, of the last; null before the first. */
  readonly startedAt: string | null;
  /** Together as many as the worker's `restarts`; the same object while none is added. */
  readonly restarts: RestartCounts;
}

export interface WorkerMeasures extends CountedWorker {
  /** Over it, it is drained and replaced. */
  readonly memoryLimitBytes: number;
}

const NONE = Object.fromEntries(RESTART_REASONS.map((reason) => [reason, 0])) as RestartCounts;

export class WorkerTally {
  readonly #restarts = new Map<string, RestartCounts>();
  readonly #beatsBefore = new Map<string, Moment>();

  /** `before`: what was known of the worker until this observation. */
  note(worker: string, before: WorkerEvidence, { kind }: WorkerObservation): void {
    if (kind !== 'spawned' && kind !== 'spawnFailed' && kind !== 'tookPlace') return;
    if (before.lastBeatAt !== null) this.#beatsBefore.set(worker, before.lastBeatAt);
    // Its first start answers no death.
    if (before.deaths === 0) return;
    const counts = this.#restarts.get(worker) ?? NONE;
    const reason = restartReason(before);
    this.#restarts.set(worker, { ...counts, [reason]: counts[reason] + 1 });
  }

  measuresOf(worker: string, { lastBeatAt, spawnedAt }: WorkerEvidence): CountedWorker {
    return {
      worker,
      lastBeatAt: (lastBeatAt ?? this.#beatsBefore.get(worker))?.wall ?? null,
      startedAt: spawnedAt?.wall ?? null,
      restarts: this.#restarts.get(worker) ?? NONE,
    };
  }
}

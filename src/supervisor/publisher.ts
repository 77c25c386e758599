/**
 * Tells listeners what has changed since it last told them, and reports a worker's change of state once.
 * It publishes only change: an unchanged view passes silently, however often it is offered.
 */
import type { JobRecord } from '../push/job.ts';
import type { WorkerState } from '../detector/verdict.ts';
import type { Change, ContainerView, JobView, LostAttempt, Snapshot, WorkerView } from './door.ts';

export interface ReportLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Told of what an operator would want in the log. */
export type Report = (line: ReportLine) => void;

const MOST_JOBS_TOLD = 1_000;

export class Publisher {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #workers = new Map<string, WorkerView>();
  readonly #jobs = new Map<string, JobRecord>();
  readonly #report: Report;
  #overviewDigest = '';
  readonly #measured: Change[] = [];
  readonly #lost: LostAttempt[] = [];
  readonly #lagsMs: Record<'supervisor' | 'worker', number[]> = { supervisor: [], worker: [] };

  constructor(report: Report) {
    this.#report = report;
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Published at the end of this turn or one of the next, in its last state. */
  jobChanged(job: JobRecord): void {
    this.#jobs.set(job.id, job);
  }

  /** Told at the end of the turn. */
  jobEnded(job: JobRecord, ranMs: number | null): void {
    this.#measured.push({ type: 'jobEnded', job, ranMs });
  }

  /** Told at the end of the turn, after the verdict that says how the life ended. */
  attemptLost(lost: LostAttempt): void {
    this.#lost.push(lost);
  }

  /** Told at the end of the turn, those of all workers together. */
  loopLag(of: 'supervisor' | 'worker', lagMs: number): void {
    this.#lagsMs[of].push(lagMs);
  }

  canaryPassed(tookMs: number): void {
    this.#tell({ type: 'canary', tookMs });
  }

  containerHealed(container: string, tookMs: number): void {
    this.#tell({ type: 'healed', container, tookMs });
  }

  dockerCalled(call: Omit<Extract<Change, { type: 'dockerCall' }>, 'type'>): void {
    this.#tell({ ...call, type: 'dockerCall' });
  }

  /** Something in the overview has changed that its digest does not hold. */
  touchOverview(): void {
    this.#overviewDigest = '';
  }

  /** False when there is more to tell: of ten thousand changed jobs each turn tells a part. */
  publish(turn: {
    readonly workers: readonly WorkerView[];
    /** Those that have changed. */
    readonly containers: readonly ContainerView[];
    readonly viewOf: (job: JobRecord) => JobView;
    /** Cheap to make; the snapshot is only made when it has changed. */
    readonly overviewDigest: string;
    readonly snapshot: () => Snapshot;
  }): boolean {
    for (const worker of turn.workers) this.#publishWorker(worker);
    for (const container of turn.containers) this.#tell({ type: 'container', container });
    this.#tellJobs(turn.viewOf);
    this.#tellMeasured();
    if (turn.overviewDigest !== this.#overviewDigest) {
      this.#overviewDigest = turn.overviewDigest;
      this.#tell({ type: 'supervisor', snapshot: turn.snapshot() });
    }
    return this.#jobs.size === 0;
  }

  #tellJobs(viewOf: (job: JobRecord) => JobView): void {
    let told = 0;
    for (const [id, job] of this.#jobs) {
      if (told === MOST_JOBS_TOLD) break;
      this.#jobs.delete(id);
      this.#tell({ type: 'job', job: viewOf(job) });
      told += 1;
    }
  }

  #tellMeasured(): void {
    if (this.#lost.length > 0) this.#tell({ type: 'attemptsLost', lost: this.#lost.splice(0) });
    for (const change of this.#measured.splice(0)) this.#tell(change);
    for (const process of ['supervisor', 'worker'] as const) {
      const lagsMs = this.#lagsMs[process].splice(0);
      if (lagsMs.length > 0) this.#tell({ type: 'loopLag', process, lagsMs });
    }
  }

  #publishWorker(worker: WorkerView): void {
    const before = this.#workers.get(worker.name);
    if (before !== undefined && looksTheSame(before, worker)) return;
    this.#workers.set(worker.name, worker);
    const { state, reason, detail } = worker;
    if (before?.state !== state || before.reason !== reason) {
      this.#report({
        level: levelOf(state),
        event: 'workerState',
        facts: { worker: worker.name, state, reason, detail },
      });
    }
    this.#tell({ type: 'worker', worker });
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

const LOOKED_AT = ['state', 'reason', 'since', 'detail', 'wish', 'restarts', 'riders'] as const;

/** In all that is worth telling; the age of the last beat, for one, changes with every look. */
function looksTheSame(before: WorkerView, worker: WorkerView): boolean {
  if (LOOKED_AT.some((name) => before[name] !== worker[name])) return false;
  const { jobs } = worker;
  return before.jobs.length === jobs.length && jobs.every((job, index) => job === before.jobs[index]);
}

function levelOf(state: WorkerState): ReportLine['level'] {
  switch (state) {
    case 'failed':
    case 'hung':
      return 'error';
    case 'late':
    case 'backoff':
    case 'unknown':
      return 'warn';
    case 'starting':
      return 'debug';
    case 'up':
    case 'draining':
    case 'stopped':
      return 'info';
  }
}

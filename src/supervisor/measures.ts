/**
 * What is measured of the supervisor and its workers for Prometheus and is on no page: when its loops last succeeded, its own health.
 * It remembers those moments only; nothing is decided from them.
 */
import type { Moment } from '../clock.ts';
import type { Awareness } from '../detector/awareness.ts';
import type { LoopAges } from '../detector/progress.ts';
import { isFinal, type JobState } from '../push/job.ts';
import type { OpenJob } from '../reconciler/jobFlow.ts';
import type { Observation } from './observation.ts';
import type { WorkerMeasures } from './workerTally.ts';

/** `supervisor`: its turn; `docker`: a complete list; `zombies`: a look through all processes; `redis`: an answer. */
export type LoopName = 'supervisor' | 'docker' | 'zombies' | 'redis';

export type OpenJobState = Exclude<JobState, 'done' | 'failed' | 'cancelled' | 'unknown'>;

export interface Measures {
  /** RFC 3339: when each last came to its end; null when it never did. */
  readonly loops: Readonly<Record<LoopName, string | null>>;
  /** 0 (well) to 7. */
  readonly observerHealth: number;
  readonly workers: readonly WorkerMeasures[];
  readonly openJobs: Readonly<Record<OpenJobState, number>>;
}

export class Loops {
  readonly #ends: Record<LoopName, Moment | null> = {
    supervisor: null,
    docker: null,
    zombies: null,
    redis: null,
  };

  get ends(): Measures['loops'] {
    const { supervisor, docker, zombies, redis } = this.#ends;
    return {
      supervisor: supervisor?.wall ?? null,
      docker: docker?.wall ?? null,
      zombies: zombies?.wall ?? null,
      redis: redis?.wall ?? null,
    };
  }

  /** How long ago each of the loops that need nobody else last came to its end. */
  ages(nowMs: number): LoopAges {
    const age = (end: Moment | null): number | null => (end === null ? null : nowMs - end.monoMs);
    return { turnMs: age(this.#ends.supervisor), zombiesMs: age(this.#ends.zombies) };
  }

  note(loop: LoopName, at: Moment): void {
    this.#ends[loop] = at;
  }

  /** A look's answer is its success. */
  hear({ kind }: Observation, at: Moment): void {
    if (kind === 'containersListed') this.note('docker', at);
    if (kind === 'zombies') this.note('zombies', at);
  }
}

export function measuresOf(parts: {
  readonly loops: Loops;
  readonly observer: { readonly awareness: Awareness };
  readonly workers: { measures(): readonly WorkerMeasures[] };
  readonly jobs: { open(): readonly OpenJob[] };
}): Measures {
  return {
    loops: parts.loops.ends,
    observerHealth: parts.observer.awareness.score,
    workers: parts.workers.measures(),
    openJobs: countOpenJobs(parts.jobs.open()),
  };
}

function countOpenJobs(open: readonly OpenJob[]): Measures['openJobs'] {
  const counts = { queued: 0, starting: 0, running: 0, verifying: 0 };
  for (const { job } of open) if (isOpen(job.state)) counts[job.state] += 1;
  return counts;
}

function isOpen(state: JobState): state is OpenJobState {
  return !isFinal(state);
}

/**
 * Holds the run of the queue's canary between observations, answers the worker that took it, and tells how long each took.
 * Every move is a value of reconciler/canary; it blames nobody.
 */
import type { Moment } from '../clock.ts';
import type { Incarnation } from '../heartbeat.ts';
import { CANARY_ID } from '../queueName.ts';
import type { Action } from '../reconciler/action.ts';
import {
  afterCanaryArrival,
  afterCanaryHolderDeath,
  afterCanaryLook,
  afterCanaryLost,
  afterCanaryPassed,
  afterCanaryTaken,
  decideCanary,
  NO_CANARY,
  type Canary,
  type CanaryRun,
} from '../reconciler/canary.ts';
import type { Snapshot } from './door.ts';
import { tell } from './holders.ts';
import type { JobObservation } from './observation.ts';

export interface CanarySurroundings {
  /** Redis answers and some worker takes jobs. */
  readonly mayRun: boolean;
  /** Monotonic: when the first of the jobs that are on the queue, or on their way to it, left; null when none is. */
  readonly oldestLeftAtMs: number | null;
  readonly at: Moment;
}

export class CanaryWatch {
  #run: CanaryRun = NO_CANARY;
  #last: { readonly tookMs: number; readonly at: string } | null = null;
  readonly #onPassed: (tookMs: number) => void;

  constructor(onPassed: (tookMs: number) => void) {
    this.#onPassed = onPassed;
  }

  get view(): Snapshot['queue']['canary'] {
    return {
      lastTookMs: this.#last?.tookMs ?? null,
      lastAt: this.#last?.at ?? null,
      sentAt: this.#run.pending?.sentAt.wall ?? null,
    };
  }

  get pending(): Canary | null {
    return this.#run.pending;
  }

  decide({ mayRun, oldestLeftAtMs, at }: CanarySurroundings): {
    actions: Action[];
    recheckAtMs: number | null;
  } {
    const sentAtMs = this.#run.pending?.sentAt.monoMs ?? Infinity;
    const othersAhead = oldestLeftAtMs !== null && oldestLeftAtMs <= sentAtMs;
    const { run, action, recheckAtMs } = decideCanary(this.#run, { mayRun, othersAhead, at });
    this.#run = run;
    return { actions: action === null ? [] : [action], recheckAtMs };
  }

  /** It has no ssh that could outlive its worker. */
  noteHolderDeath(incarnation: Incarnation, at: Moment): void {
    this.#run = afterCanaryHolderDeath(this.#run, incarnation, at);
  }

  /** Takes in what concerns the canary; null for everything else. */
  apply(observation: JobObservation, at: Moment): Action[] | null {
    switch (observation.kind) {
      case 'said':
        return this.#hear(observation, at);
      case 'enqueued':
        return this.#move(observation, (run) => afterCanaryArrival(run, observation.attempt, at));
      case 'dispatchFailed':
        return this.#move(observation, (run) => afterCanaryLost(run, observation.attempt, at));
      case 'looked': {
        const { attempt: number, entry } = observation;
        return this.#move(observation, (run) => afterCanaryLook(run, { number, entry }, at));
      }
      default:
        return null;
    }
  }

  #move({ jobId }: { readonly jobId: string }, step: (run: CanaryRun) => CanaryRun): Action[] | null {
    if (jobId !== CANARY_ID) return null;
    this.#run = step(this.#run);
    return [];
  }

  #hear(said: Extract<JobObservation, { kind: 'said' }>, at: Moment): Action[] | null {
    const { incarnation, message } = said;
    if (message.type === 'passed') {
      this.#notePassed(message.attempt, at);
      return [];
    }
    if (message.type !== 'ask' || message.jobId !== CANARY_ID) return null;
    const { jobId, attempt } = message;
    this.#run = afterCanaryTaken(this.#run, { number: attempt, incarnation }, at);
    return [tell(said, { type: 'pass', jobId, attempt })];
  }

  #notePassed(number: number, at: Moment): void {
    const { run, tookMs } = afterCanaryPassed(this.#run, number, at);
    this.#run = run;
    if (tookMs === null) return;
    this.#last = { tookMs: Math.round(tookMs), at: at.wall };
    this.#onPassed(tookMs);
  }
}

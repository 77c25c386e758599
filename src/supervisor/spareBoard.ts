/**
 * Holds what is known and planned of the spare, and turns it into its next action.
 * Judging is the detector's, deciding the reconciler's; it hands what is known over when the spare becomes a worker.
 */
import type { Moment } from '../clock.ts';
import { NOTHING_SEEN, record, type WorkerEvidence, type WorkerObservation } from '../detector/evidence.ts';
import { sentenceOf } from '../detector/sentence.ts';
import { spareState } from '../detector/spareState.ts';
import { decideStatus } from '../detector/status.ts';
import type { StatusLimits, WorkerStatus } from '../detector/verdict.ts';
import { sameIncarnation, SPARE_NAME, type Incarnation } from '../heartbeat.ts';
import type { RestartPolicy } from '../reconciler/restart.ts';
import { afterPromotion, readySpare, reconcileSpare } from '../reconciler/spare.ts';
import { stragglerOf, type Straggler } from '../reconciler/straggler.ts';
import {
  answerDeath,
  FIRST_PLAN,
  type DrainLimits,
  type RecycleLimits,
  type WorkerDecision,
  type WorkerPlan,
} from '../reconciler/worker.ts';
import type { SpareView } from './door.ts';
import type { Surroundings } from './outlook.ts';
import { nextStart } from './workerView.ts';

export interface SpareSettings {
  /** One is kept ready; absent in streams that are older than it. */
  readonly spare?: boolean;
  readonly memoryLimitBytes: number;
  readonly limits: StatusLimits;
  readonly recycleLimits: RecycleLimits;
  readonly policy: RestartPolicy;
  readonly dice: () => number;
}

/** How it stands with the workers in this turn. */
export interface Needed {
  /** There is one whose place it could take. */
  readonly byAnybody: boolean;
  readonly someoneStarts: boolean;
}

const NOTHING: Omit<WorkerDecision, 'plan'> = { action: null, recheckAtMs: null };

export class SpareBoard {
  readonly #settings: SpareSettings;
  /** RFC 3339: since when there is to be one, for what is so before anything is seen of it. */
  #dueSince: string;
  #evidence: WorkerEvidence = NOTHING_SEEN;
  #plan: WorkerPlan = FIRST_PLAN;
  #status: WorkerStatus = { state: 'starting', reason: 'NotStartedYet', since: null, recheckAtMs: null };
  /** The life that was given to a worker and is not seen there yet. */
  #promised: Incarnation | null = null;

  constructor(settings: SpareSettings, startedAt: string) {
    this.#settings = settings;
    this.#dueSince = startedAt;
  }

  get incarnation(): Incarnation | null {
    return this.#evidence.incarnation;
  }

  observe(observation: WorkerObservation, at: Moment): void {
    if (observation.kind !== 'tookPlace') this.#evidence = record(this.#evidence, observation, at);
  }

  /** Brings what is known of it up to date; returns the life that may take a worker's place in this turn. */
  judge(around: Surroundings): Incarnation | null {
    if (this.#settings.spare !== true) return null;
    const { policy, limits, dice, recycleLimits } = this.#settings;
    const nowMs = around.at.monoMs;
    const evidence = this.#evidence;
    if (evidence.deaths !== this.#plan.answeredDeaths) {
      const wish = { worker: 'quiet', recycle: null, recycleFor: 'Person' } as const;
      const shared = { worker: SPARE_NAME, wish, queueOpen: false, drain: around.drain, nowMs };
      const question = { ...shared, evidence, plan: this.#plan, policy, limits, recycleLimits };
      this.#plan = answerDeath({ ...question, jitter: dice() });
    }
    this.#status = decideStatus({
      ...{ ...around, evidence, limits, nowMs, wish: 'quiet' },
      ...{ overBudget: this.#plan.overBudget, canary: null, convictedAt: null },
    });
    const spare = around.stopping ? null : readySpare(evidence, { status: this.#status, nowMs });
    return this.#isPromised(spare) ? null : spare;
  }

  /** A worker gets it: to nobody else, and nothing more is done about it under this name. */
  promise(incarnation: Incarnation): void {
    this.#promised = incarnation;
  }

  /** It is a worker now: what was known of it, and the next one is due; null when it is not the one known here. */
  handOver(incarnation: Incarnation, at: Moment): WorkerEvidence | null {
    const known = this.#evidence;
    if (known.incarnation === null || !sameIncarnation(known.incarnation, incarnation)) return null;
    this.#evidence = { ...NOTHING_SEEN, deaths: known.deaths };
    this.#plan = afterPromotion(this.#plan, at.monoMs);
    this.#promised = null;
    this.#dueSince = at.wall;
    return known;
  }

  /** After the workers: their starts come first. */
  decide(around: Surroundings, { byAnybody, someoneStarts }: Needed): Omit<WorkerDecision, 'plan'> {
    const { spare, policy, limits, recycleLimits, memoryLimitBytes } = this.#settings;
    const evidence = this.#evidence;
    if (spare !== true || this.#isPromised(evidence.incarnation)) return NOTHING;
    const { plan, ...decision } = reconcileSpare({
      ...{ evidence, status: this.#status, plan: this.#plan, policy, limits, recycleLimits, someoneStarts },
      ...{ nowMs: around.at.monoMs, jitter: 0, drain: around.drain },
      wanted: byAnybody && !around.stopping,
      isOverMemory: (evidence.beat?.rssBytes ?? 0) > memoryLimitBytes,
    });
    this.#plan = plan;
    return decision;
  }

  straggler(drain: DrainLimits, nowMs: number): Straggler | null {
    return stragglerOf(SPARE_NAME, this.#evidence, { drain, nowMs });
  }

  /** Null when none is kept. */
  view(at: Moment): SpareView | null {
    if (this.#settings.spare !== true) return null;
    const [status, evidence] = [this.#status, this.#evidence];
    const { incarnation } = evidence;
    const state = spareState(status.state);
    const detail =
      state === 'ready' && incarnation !== null
        ? `Stands ready as pid ${String(incarnation.pid)}: it takes the place of the next worker that ends.`
        : sentenceOf(status, evidence, nextStart(this.#plan, at));
    return { state, since: status.since?.wall ?? this.#dueSince, detail, pid: incarnation?.pid ?? null };
  }

  #isPromised(incarnation: Incarnation | null): boolean {
    if (incarnation === null || this.#promised === null) return false;
    return sameIncarnation(incarnation, this.#promised);
  }
}

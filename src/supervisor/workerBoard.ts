/**
 * Holds what is known, wished and planned of each worker, and turns it into statuses and next actions.
 * Judging is the detector's, deciding the reconciler's; this only remembers between their calls.
 */
import type { Moment } from '../clock.ts';
import { NOTHING_SEEN, record, type WorkerEvidence, type WorkerObservation } from '../detector/evidence.ts';
import { sentenceOf } from '../detector/sentence.ts';
import type { Awareness } from '../detector/awareness.ts';
import { HYSTERESIS, settle, type Settled, type Shown } from '../detector/hysteresis.ts';
import { decideStatus } from '../detector/status.ts';
import type { StatusLimits, WorkerStatus } from '../detector/verdict.ts';
import { decideTruths, type Truths } from '../detector/truths.ts';
import type { Action } from '../reconciler/action.ts';
import type { RestartPolicy } from '../reconciler/restart.ts';
import {
  answerDeath,
  FIRST_PLAN,
  reconcileWorker,
  type DrainLimits,
  type WorkerPlan,
  type Wish,
} from '../reconciler/worker.ts';
import type { IncidentView, WorkerView } from './door.ts';
import { FlapLedger } from './flapLedger.ts';

export interface WorkerBoardSettings {
  readonly names: readonly string[];
  readonly slots: number;
  readonly memoryLimitBytes: number;
  readonly host: string;
  readonly limits: StatusLimits;
  readonly policy: RestartPolicy;
  /** A throw in [0, 1) for each restart decision. */
  readonly dice: () => number;
}

interface Entry {
  evidence: WorkerEvidence;
  plan: WorkerPlan;
  wish: Wish;
  status: WorkerStatus;
  shown: Shown | null;
  /** When a living worker came to its present `up`: it recovered, or was made quiet; null while that is since its start. */
  upSince: Moment | null;
  truths: Truths | null;
}

interface Changed {
  readonly worker: string;
  readonly entry: Entry;
  readonly candidate: WorkerStatus;
  readonly settled: Settled;
  readonly at: Moment;
}

export interface Surroundings {
  /** Since when Redis has not answered; null while it does. */
  readonly brokerAwaySince: Moment | null;
  readonly awareness: Awareness;
  readonly oldestWaitingMs: number;
  readonly drain: DrainLimits;
  readonly stopping: boolean;
  readonly queueOpen: boolean;
  readonly at: Moment;
}

const UNSEEN: WorkerStatus = { state: 'starting', reason: 'NotStartedYet', since: null, recheckAtMs: null };

export class WorkerBoard {
  readonly #entries = new Map<string, Entry>();
  readonly #settings: WorkerBoardSettings;
  readonly #startedAt: string;
  readonly #ledger = new FlapLedger();

  constructor(settings: WorkerBoardSettings, startedAt: string) {
    this.#settings = settings;
    this.#startedAt = startedAt;
    for (const name of settings.names) {
      const wish: Wish = { worker: 'run', recycle: null, recycleFor: 'Person' };
      this.#entries.set(name, {
        evidence: NOTHING_SEEN,
        plan: FIRST_PLAN,
        wish,
        status: UNSEEN,
        shown: null,
        upSince: null,
        truths: null,
      });
    }
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  observe(worker: string, observation: WorkerObservation, at: Moment): void {
    const entry = this.#entries.get(worker);
    if (entry !== undefined) entry.evidence = record(entry.evidence, observation, at);
  }

  wishOf(worker: string): Wish | null {
    return this.#entries.get(worker)?.wish ?? null;
  }

  setWish(worker: string, wish: Wish): void {
    const entry = this.#entries.get(worker);
    if (entry === undefined) return;
    entry.wish = wish;
    // A person who starts a dead worker doesn't wait for its back-off, and its failures so far are forgiven.
    if (wish.worker === 'run' && entry.evidence.incarnation === null) {
      entry.plan = { ...FIRST_PLAN, answeredDeaths: entry.plan.answeredDeaths };
    }
  }

  /** True when nothing lives any more. */
  allGone(): boolean {
    return [...this.#entries.values()].every((entry) => entry.evidence.incarnation === null);
  }

  /** Judges every worker and decides its next action. */
  decide(around: Surroundings): { actions: Action[]; recheckAtMs: number | null } {
    const actions: Action[] = [];
    let recheckAtMs = Infinity;
    for (const [worker, entry] of this.#entries) {
      const decision = this.#decideOne(worker, entry, around);
      if (decision.action !== null) actions.push(decision.action);
      recheckAtMs = Math.min(
        recheckAtMs,
        decision.recheckAtMs ?? Infinity,
        entry.status.recheckAtMs ?? Infinity,
      );
    }
    return { actions, recheckAtMs: recheckAtMs === Infinity ? null : recheckAtMs };
  }

  #decideOne(worker: string, entry: Entry, around: Surroundings): ReturnType<typeof reconcileWorker> {
    const { policy, dice, memoryLimitBytes } = this.#settings;
    const nowMs = around.at.monoMs;
    const { incarnation, beat } = entry.evidence;
    if (beat !== null && beat.rssBytes > memoryLimitBytes) {
      entry.wish = { ...entry.wish, recycle: incarnation, recycleFor: 'MemoryLimit' };
    }
    // A person's wish stays as it is while the supervisor ends: it is kept for its next start.
    const wish: Wish = around.stopping ? { worker: 'stop', recycle: null, recycleFor: 'Person' } : entry.wish;
    const { drain, queueOpen } = around;
    const common = { worker, nowMs, policy, drain, queueOpen, evidence: entry.evidence, wish };
    entry.plan = answerDeath({ ...common, plan: entry.plan, jitter: dice() });
    const status = this.#judge(worker, entry, around);
    const decision = reconcileWorker({ ...common, status, plan: entry.plan, jitter: 0 });
    entry.plan = decision.plan;
    return decision;
  }

  /** Brings what is shown up to date; returns what may be acted on. */
  #judge(worker: string, entry: Entry, around: Surroundings): WorkerStatus {
    const { limits } = this.#settings;
    const { evidence, wish } = entry;
    const nowMs = around.at.monoMs;
    const candidate = decideStatus({
      ...around,
      evidence,
      wish: wish.worker,
      overMemory: wish.recycleFor === 'MemoryLimit',
      overBudget: entry.plan.overBudget,
      limits,
      nowMs,
    });
    const beatSeq = evidence.beat?.seq ?? 0;
    const settled = settle(entry.shown, { status: candidate, beatSeq, nowMs }, HYSTERESIS);
    this.#noteChange({ worker, entry, candidate, settled, at: around.at });
    entry.shown = settled.shown;
    entry.status = { ...settled.shown.status, recheckAtMs: settled.recheckAtMs };
    entry.truths = decideTruths({
      evidence,
      limits,
      redisUp: around.brokerAwaySince === null,
      takesJobs: wish.worker === 'run',
      nowMs,
      nowWall: around.at.wall,
      previous: entry.truths,
    });
    // Acted on only while it is both judged and shown: a worker that has recovered behind a held verdict is left alone.
    return candidate.state === 'hung' ? entry.status : { ...candidate, recheckAtMs: settled.recheckAtMs };
  }

  #noteChange({ worker, entry, candidate, settled, at }: Changed): void {
    const before = entry.shown?.status ?? null;
    const after = settled.shown.status;
    const changed = before?.state !== after.state || before.reason !== after.reason;
    if (changed)
      entry.upSince = after.state === 'up' && before !== null && before.state !== 'starting' ? at : null;
    if (!changed && !settled.suppressed) return;
    const to = changed ? after : candidate;
    const detail = sentenceOf(to, entry.evidence, nextStart(entry.plan, at));
    this.#ledger.note({ worker, at: at.wall, from: before, to, shown: changed, detail });
  }

  incidents(): IncidentView[] {
    return this.#ledger.list();
  }

  view(worker: string, jobs: readonly string[], at: Moment): WorkerView | null {
    const entry = this.#entries.get(worker);
    if (entry === undefined || entry.truths === null) return null;
    const { evidence, status, wish } = entry;
    return {
      name: worker,
      state: status.state,
      reason: status.reason,
      since: entry.upSince?.wall ?? status.since?.wall ?? this.#startedAt,
      detail: sentenceOf(status, evidence, nextStart(entry.plan, at)),
      truths: entry.truths,
      incarnation: evidence.incarnation,
      lastBeatAgoMs: evidence.lastBeatAt === null ? null : Math.round(at.monoMs - evidence.lastBeatAt.monoMs),
      restarts: evidence.incarnation === null ? Math.max(0, evidence.deaths - 1) : evidence.deaths,
      jobs,
      slots: this.#settings.slots,
      rssBytes: evidence.incarnation === null ? null : (evidence.beat?.rssBytes ?? null),
      host: this.#settings.host,
      wish: wish.worker,
    };
  }
}

function nextStart(plan: WorkerPlan, at: Moment): string | null {
  if (plan.startAtMs === null || plan.startAtMs <= at.monoMs) return null;
  const wholeSecond = Math.ceil((Date.parse(at.wall) + plan.startAtMs - at.monoMs) / 1000) * 1000;
  return new Date(wholeSecond).toISOString();
}

/**
 * Holds what is known, wished and planned of each worker, and turns it into statuses and next actions.
 * Judging is the detector's, deciding the reconciler's; this only remembers between their calls.
 */
import type { Moment } from '../clock.ts';
import { jobsInHand, SPARE_NAME, type Incarnation } from '../heartbeat.ts';
import { lifeOf, NOTHING_SEEN, placeTaken, record, type WorkerObservation } from '../detector/evidence.ts';
import { sentenceOf } from '../detector/sentence.ts';
import { HYSTERESIS, settle, type Settled } from '../detector/hysteresis.ts';
import { decideStatus } from '../detector/status.ts';
import type { StatusLimits, WorkerStatus } from '../detector/verdict.ts';
import { decideTruths } from '../detector/truths.ts';
import type { Action } from '../reconciler/action.ts';
import { canaryFor } from '../reconciler/canary.ts';
import type { RestartPolicy } from '../reconciler/restart.ts';
import { stragglerOf, type Straggler } from '../reconciler/straggler.ts';
import {
  answerDeath,
  FIRST_PLAN,
  reconcileWorker,
  type DrainLimits,
  type RecycleLimits,
  type Wish,
} from '../reconciler/worker.ts';
import type { IncidentView, SpareView, VerdictCounts, WorkerView } from './door.ts';
import { FlapLedger, isOnlyBusier, isWorking } from './flapLedger.ts';
import { outlookOf, type Surroundings } from './outlook.ts';
import { SpareBoard } from './spareBoard.ts';
import { WorkerTally, type WorkerMeasures } from './workerTally.ts';
import { areSettled, isTaking, needOf, newEntry, type Entry } from './workerEntry.ts';
import { nextStart, upSince, viewWorker, type HeldJobs, type ViewFrame } from './workerView.ts';

export interface WorkerBoardSettings {
  readonly names: readonly string[];
  readonly slots: number;
  readonly memoryLimitBytes: number;
  readonly host: string;
  readonly limits: StatusLimits;
  readonly recycleLimits: RecycleLimits;
  /** One more is kept ready to take a place; absent in streams that are older than it. */
  readonly spare?: boolean;
  readonly policy: RestartPolicy;
  /** Changes of verdict kept before this start, oldest first, and where each new one is kept. */
  readonly earlier: readonly IncidentView[];
  readonly keep: (incident: IncidentView) => void;
  /** A throw in [0, 1) for each restart decision. */
  readonly dice: () => number;
}

interface Changed {
  readonly worker: string;
  readonly entry: Entry;
  readonly candidate: WorkerStatus;
  readonly settled: Settled;
  readonly at: Moment;
}

/** Nobody goes unjudged for longer than this. */
const JUDGE_EVERY_MS = 1_000;

export class WorkerBoard {
  readonly #entries = new Map<string, Entry>();
  readonly #settings: WorkerBoardSettings;
  readonly #frame: ViewFrame;
  readonly #ledger: FlapLedger;
  readonly #tally = new WorkerTally();
  readonly #spare: SpareBoard;
  #outlook = '';
  /** Somebody was told to leave in this very turn, so that no observation tells of it yet. */
  #leaving = false;
  /** The spare that is good enough and that nobody has been given yet. */
  #ready: Incarnation | null = null;

  constructor(settings: WorkerBoardSettings, startedAt: string) {
    this.#settings = settings;
    this.#ledger = new FlapLedger(settings.earlier, settings.keep);
    this.#spare = new SpareBoard(settings, startedAt);
    this.#frame = { slots: settings.slots, host: settings.host, startedAt };
    for (const name of settings.names) this.#entries.set(name, newEntry());
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** The worker that lives as this very process; null when none does. */
  nameOf(pid: number, startTicks: number): string | null {
    for (const [name, { evidence }] of this.#entries) {
      const { incarnation } = evidence;
      if (incarnation?.pid === pid && incarnation.startTicks === startTicks) return name;
    }
    const spare = this.#spare.incarnation;
    return spare?.pid === pid && spare.startTicks === startTicks ? SPARE_NAME : null;
  }

  observe(worker: string, observation: WorkerObservation, at: Moment): void {
    if (worker === SPARE_NAME) this.#spare.observe(observation, at);
    const entry = this.#entries.get(worker);
    if (entry === undefined) return;
    this.#tally.note(worker, entry.evidence, observation);
    const spare = observation.kind === 'tookPlace' ? this.#spare.handOver(observation.incarnation, at) : null;
    entry.evidence =
      spare === null ? record(entry.evidence, observation, at) : placeTaken(entry.evidence, spare, at);
    entry.judgeAtMs = -Infinity;
  }

  wishOf(worker: string): Wish | null {
    return this.#entries.get(worker)?.wish ?? null;
  }

  setWish(worker: string, wish: Wish): void {
    const entry = this.#entries.get(worker);
    if (entry === undefined) return;
    entry.wish = wish;
    entry.judgeAtMs = -Infinity;
    // A person who starts a dead worker doesn't wait for its back-off, and its failures so far are forgiven.
    if ((wish.worker === 'run' || wish.startsAtOnce === true) && entry.evidence.incarnation === null) {
      entry.plan = { ...FIRST_PLAN, answeredDeaths: entry.plan.answeredDeaths };
    }
  }

  /** Those that do not end although they were told to. */
  stragglers(drain: DrainLimits, nowMs: number): Straggler[] {
    return [...this.#entries]
      .map(([worker, { evidence }]) => stragglerOf(worker, evidence, { drain, nowMs }))
      .concat(this.#spare.straggler(drain, nowMs))
      .filter((straggler) => straggler !== null);
  }

  /** How many live, with the spare. */
  living(): number {
    return this.#lives().length;
  }

  #lives(): Incarnation[] {
    const ofWorkers = [...this.#entries.values()].map(({ evidence }) => evidence.incarnation);
    return [...ofWorkers, this.#spare.incarnation].filter((life) => life !== null);
  }

  /** Judges every worker of whom, or around whom, something has changed or whose time has come, and decides its next action. */
  decide(around: Surroundings): { actions: Action[]; recheckAtMs: number | null } {
    const actions: Action[] = [];
    const nowMs = around.at.monoMs;
    const outlook = outlookOf(around, this.#settings.limits);
    const everybody = outlook !== this.#outlook;
    this.#outlook = outlook;
    let recheckAtMs = Infinity;
    this.#leaving = false;
    this.#ready = this.#spare.judge(around);
    for (const [worker, entry] of this.#entries) {
      if (everybody || nowMs >= entry.judgeAtMs) {
        const decision = this.#decideOne(worker, entry, around);
        this.#leaving ||= decision.action?.kind === 'drainWorker';
        if (decision.action !== null) actions.push(decision.action);
        const times = [decision.recheckAtMs ?? Infinity, entry.status.recheckAtMs ?? Infinity];
        entry.judgeAtMs = Math.min(...times, nowMs + JUDGE_EVERY_MS);
      }
      recheckAtMs = Math.min(recheckAtMs, entry.judgeAtMs);
    }
    const forSpare = this.#spare.decide(around, needOf([...this.#entries.values()], nowMs));
    if (forSpare.action !== null) actions.push(forSpare.action);
    recheckAtMs = Math.min(recheckAtMs, forSpare.recheckAtMs ?? Infinity);
    return { actions, recheckAtMs: recheckAtMs === Infinity ? null : recheckAtMs };
  }

  #decideOne(worker: string, entry: Entry, around: Surroundings): ReturnType<typeof reconcileWorker> {
    const { policy, dice, memoryLimitBytes, limits, recycleLimits } = this.#settings;
    const nowMs = around.at.monoMs;
    const { incarnation, beat } = entry.evidence;
    if (beat !== null && beat.rssBytes > memoryLimitBytes) {
      entry.wish = { ...entry.wish, recycle: incarnation, recycleFor: 'MemoryLimit' };
    }
    // A person's wish stays as it is while the supervisor ends: it is kept for its next start.
    const wish: Wish = around.stopping ? { worker: 'stop', recycle: null, recycleFor: 'Person' } : entry.wish;
    const { drain, queueOpen } = around;
    const shared = { worker, nowMs, policy, drain, queueOpen, limits, recycleLimits };
    const common = { ...shared, evidence: entry.evidence, wish };
    entry.plan = answerDeath({ ...common, plan: entry.plan, jitter: dice() });
    const status = this.#judge(worker, entry, around);
    // Asked only where it counts: it asks everybody.
    const othersSettled = (): boolean => !this.#leaving && areSettled(this.#entries, worker);
    const spare = this.#ready;
    const decision = reconcileWorker({
      ...common,
      status,
      plan: entry.plan,
      jitter: 0,
      othersSettled,
      spare,
    });
    entry.plan = decision.plan;
    if (decision.action?.kind === 'promoteSpare') {
      this.#spare.promise(decision.action.incarnation);
      this.#ready = null;
    }
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
      canary: canaryFor(around.canary, evidence.incarnation),
      convictedAt:
        entry.convicted?.nonce === evidence.incarnation?.nonce ? (entry.convicted?.at ?? null) : null,
      overBudget: entry.plan.overBudget,
      limits,
      nowMs,
    });
    const takesNothing = candidate.reason === 'CanaryLate' || candidate.reason === 'FetchParked';
    const nonce = evidence.incarnation?.nonce;
    if (candidate.state === 'hung' && takesNothing && nonce !== undefined && entry.convicted?.nonce !== nonce)
      entry.convicted = { nonce, at: around.at };
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
    if (changed) entry.upSince = upSince(entry.upSince, { from: before, to: after, at });
    if ((!changed && !settled.suppressed) || isOnlyBusier(before, changed ? after : candidate)) return;
    const to = changed ? after : candidate;
    const { evidence, plan } = entry;
    const detail = sentenceOf(to, evidence, nextStart(plan, at));
    const { autopsy, exit } = changed && evidence.incarnation === null ? evidence : NOTHING_SEEN;
    const [autopsyFile, lastLines] = [autopsy?.file ?? null, exit?.lastLines ?? []];
    const jobs = isWorking(to) ? [] : jobsInHand(evidence.beat).map(({ jobId }) => jobId);
    const seen = { detail, autopsyFile, lastLines, life: lifeOf(evidence), ...(jobs.length > 0 && { jobs }) };
    this.#ledger.note({ worker, at: at.wall, from: before, to, shown: changed, ...seen });
  }

  incidents(): IncidentView[] {
    return this.#ledger.list();
  }

  verdictCounts(): VerdictCounts[] {
    return this.#ledger.counts();
  }

  measures(): WorkerMeasures[] {
    const { memoryLimitBytes } = this.#settings;
    return [...this.#entries].map(([worker, { evidence }]) => {
      return { ...this.#tally.measuresOf(worker, evidence), memoryLimitBytes };
    });
  }

  livingNonces(): ReadonlySet<string> {
    return new Set(this.#lives().map(({ nonce }) => nonce));
  }

  /** Who is ready and may take jobs, and their slots; whether they do is for the canary to find out. */
  taking(): { readonly names: ReadonlySet<string>; readonly slots: number } {
    const names = this.names().filter((name) => isTaking(this.#entries.get(name)));
    return { names: new Set(names), slots: names.length * this.#settings.slots };
  }

  /** Null when none is kept. */
  spareView(at: Moment): SpareView | null {
    return this.#spare.view(at);
  }

  view(worker: string, held: HeldJobs, at: Moment): WorkerView | null {
    const entry = this.#entries.get(worker);
    return entry === undefined ? null : viewWorker(entry, { name: worker, ...held, at }, this.#frame);
  }
}

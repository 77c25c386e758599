/**
 * Decides what to do about one worker: its wish, status and history go in; at most one action and the time of the next look come out.
 * It answers each death and each life once, and carries nothing out.
 */
import type { DrainReason, KillReason, WorkerEvidence } from '../detector/evidence.ts';
import { overdueJob } from '../detector/jobSilence.ts';
import type { StatusLimits, WorkerStatus, WorkerWish } from '../detector/verdict.ts';
import { jobsInHand, sameIncarnation, type Incarnation } from '../heartbeat.ts';
import type { Action } from './action.ts';
import { decideRestart, NO_FAILURES, type RestartHistory, type RestartPolicy } from './restart.ts';

/** What a person wants of a worker; `recycle` asks one particular life to drain and be replaced. */
export interface Wish {
  readonly worker: WorkerWish;
  readonly recycle: Incarnation | null;
  readonly recycleFor: RecycleReason;
  /** One without a process that is to stay quiet does not wait for its back-off; one that is to run never does. */
  readonly startsAtOnce?: boolean;
}

export type RecycleReason = 'Person' | 'MemoryLimit';

export interface WorkerPlan {
  readonly history: RestartHistory;
  readonly overBudget: boolean;
  /** The start that is due is held back by nothing: it follows a first failure, an end that was asked for, or a person's word. */
  readonly atOnce: boolean;
  /** Monotonic; null while a life is going on. */
  readonly startAtMs: number | null;
  /** `deaths` of the evidence that `startAtMs` already answers. */
  readonly answeredDeaths: number;
  /** What the current life was last told about taking jobs. */
  readonly told: { readonly incarnation: Incarnation; readonly wish: 'run' | 'quiet' } | null;
}

export const FIRST_PLAN: WorkerPlan = {
  history: NO_FAILURES,
  overBudget: false,
  atOnce: true,
  startAtMs: 0,
  answeredDeaths: 0,
  told: null,
};

export interface WorkerQuestion {
  readonly worker: string;
  readonly wish: Wish;
  readonly evidence: WorkerEvidence;
  readonly status: WorkerStatus;
  readonly plan: WorkerPlan;
  readonly nowMs: number;
  /** A throw in [0, 1). */
  readonly jitter: number;
  readonly policy: RestartPolicy;
  readonly drain: DrainLimits;
  /** False until the queue behind Redis was agreed to be ours: a worker must not take another's jobs. */
  readonly queueOpen: boolean;
  readonly limits: StatusLimits;
  /** No other worker is on its way out or in: this one can be spared. */
  readonly othersSettled: () => boolean;
  readonly recycleLimits: RecycleLimits;
  /** The life that stands ready to take the place of a worker; null while none does. */
  readonly spare: Incarnation | null;
}

/** When a healthy worker is replaced all the same; null for never. */
export interface RecycleLimits {
  readonly maxJobs: number | null;
  readonly maxAgeMs: number | null;
}

/** A process that is stopped again so soon after SIGCONT is not coming back by itself. */
const CONTINUE_GRACE_MS = 5_000;

/** Longer than the hand needs at most; a kill must not wait for an autopsy that never comes. */
const AUTOPSY_WITHIN_MS = 2_000;

/** After SIGCHLD a program that waits at all has waited. */
const NUDGE_GRACE_MS = 5_000;

/** A life recycled for its memory sooner than this was over the limit from the start: that is a failure, or it would go round for ever. */
const MEMORY_GRACE_MS = 60_000;

export interface DrainLimits {
  readonly drainWithinMs: number;
  /** Between TERM and KILL. */
  readonly termGraceMs: number;
}

export interface WorkerDecision {
  readonly plan: WorkerPlan;
  readonly action: Action | null;
  readonly recheckAtMs: number | null;
}

/** Brings the plan up to date with a death, before the status is judged (whether the budget is spent shows in it). */
export function answerDeath(
  question: Omit<WorkerQuestion, 'status' | 'othersSettled' | 'spare'>,
): WorkerPlan {
  const { plan, evidence, policy, jitter } = question;
  if (evidence.deaths === plan.answeredDeaths) return plan;
  const end = evidence.exit?.at ?? evidence.spawnFailure?.at;
  const atMs = end?.monoMs ?? question.nowMs;
  const readyForMs = evidence.readyAt === null ? 0 : atMs - evidence.readyAt.monoMs;
  const asked = !isFailure(evidence, readyForMs);
  const decision = decideRestart(plan.history, { atMs, readyForMs, asked }, { jitter, policy });
  return {
    history: decision.history,
    overBudget: decision.overBudget,
    atOnce: decision.startAtMs <= atMs,
    startAtMs: decision.startAtMs,
    answeredDeaths: evidence.deaths,
    told: null,
  };
}

/** Left for a reason of its own, or was ended for one. A drain that it did not finish in time is no failure for that alone. */
function isFailure({ exit, drainReason }: WorkerEvidence, readyForMs: number): boolean {
  const drained = exit !== null && (exit.drainedFor !== null || exit.killedFor === 'DrainDeadline');
  if (!drained) return true;
  switch (drainReason) {
    case 'FetchParked':
    case 'CanaryLate':
    case 'ZombiesHeld':
      return true;
    case 'MemoryLimit':
      return readyForMs < MEMORY_GRACE_MS;
    case 'DrainAsked':
    case 'JobLimit':
    case 'AgeLimit':
    case null:
      return false;
  }
}

/** The one next action for this worker, and when to look again. */
export function reconcileWorker(question: WorkerQuestion): WorkerDecision {
  const { evidence, plan, nowMs, wish } = question;
  if (evidence.incarnation !== null) return reconcileAlive(question, evidence.incarnation);
  if (wish.worker === 'stop' || plan.startAtMs === null) return { plan, action: null, recheckAtMs: null };
  if (nowMs < plan.startAtMs) return { plan, action: null, recheckAtMs: plan.startAtMs };
  return { plan: { ...plan, startAtMs: null }, action: startOf(question), recheckAtMs: null };
}

/** The spare is for capacity that is missed, and a worker that keeps failing would waste one after the other. */
function startOf({ worker, spare, wish, plan }: WorkerQuestion): Action {
  const isServed = spare !== null && plan.atOnce && wish.worker === 'run';
  return isServed ? { kind: 'promoteSpare', worker, incarnation: spare } : { kind: 'spawnWorker', worker };
}

function reconcileAlive(question: WorkerQuestion, incarnation: Incarnation): WorkerDecision {
  const { wish, evidence, status } = question;
  if (evidence.drainAskedAt !== null) return escalateDrain(question, incarnation);
  if (status.state === 'hung') return answerHung(question, incarnation);
  const recycles = wish.recycle !== null && sameIncarnation(wish.recycle, incarnation);
  if (recycles && wish.recycleFor === 'MemoryLimit') return drain(question, incarnation, 'MemoryLimit');
  if (recycles || wish.worker === 'stop') return drain(question, incarnation, 'DrainAsked');
  return (
    answerZombies(question, incarnation) ??
    recycleAtLimit(question, incarnation) ??
    endOverdueJob(question, incarnation) ??
    tellWish(question, incarnation)
  );
}

function drain({ worker, plan }: WorkerQuestion, incarnation: Incarnation, why: DrainReason): WorkerDecision {
  return { plan, action: { kind: 'drainWorker', worker, incarnation, why }, recheckAtMs: null };
}

/** Told once that children have ended; one that still does not wait for them is replaced, since only then others can. */
function answerZombies(question: WorkerQuestion, incarnation: Incarnation): WorkerDecision | null {
  const { evidence, plan, worker, nowMs, othersSettled } = question;
  const { zombiesHeld, nudgedAt } = evidence;
  if (zombiesHeld === null) return null;
  if (nudgedAt === null)
    return { plan, action: { kind: 'nudgeWorker', worker, incarnation }, recheckAtMs: null };
  const dueAtMs = nudgedAt.monoMs + NUDGE_GRACE_MS;
  return nowMs >= dueAtMs && othersSettled() ? drain(question, incarnation, 'ZombiesHeld') : null;
}

/** One worker at a time: a fleet that was started together would otherwise leave together. */
function recycleAtLimit(question: WorkerQuestion, incarnation: Incarnation): WorkerDecision | null {
  const { evidence, recycleLimits, nowMs, othersSettled } = question;
  const { maxJobs, maxAgeMs } = recycleLimits;
  const overJobs = maxJobs !== null && (evidence.beat?.jobsDone ?? 0) >= maxJobs;
  const since = evidence.tookPlace?.readySince ?? evidence.readyAt;
  const overAge = maxAgeMs !== null && nowMs - (since?.monoMs ?? nowMs) >= maxAgeMs;
  if ((!overJobs && !overAge) || !othersSettled()) return null;
  return drain(question, incarnation, overJobs ? 'JobLimit' : 'AgeLimit');
}

/** The worker's own limits end a silent ssh; when they did not, its process group ends all the same, and the worker goes on. */
function endOverdueJob(question: WorkerQuestion, incarnation: Incarnation): WorkerDecision | null {
  const { evidence, limits, nowMs, plan, worker } = question;
  const job = overdueJob(evidence, limits.jobOverdueAfterMs, nowMs);
  if (job === null) return null;
  const { jobId, attempt } = job;
  return { plan, action: { kind: 'endJob', worker, incarnation, jobId, attempt }, recheckAtMs: null };
}

/** Each layer its own answer; each life is killed once. */
function answerHung(question: WorkerQuestion, incarnation: Incarnation): WorkerDecision {
  const { status, evidence, worker, plan, nowMs } = question;
  const nothing: WorkerDecision = { plan, action: null, recheckAtMs: status.recheckAtMs };
  switch (status.reason) {
    case 'Uninterruptible':
      // No signal reaches a process in state D.
      return nothing;
    case 'ProcessStopped': {
      if (evidence.continuedAt === null)
        return { ...nothing, action: { kind: 'resumeWorker', worker, incarnation } };
      const killAtMs = evidence.continuedAt.monoMs + CONTINUE_GRACE_MS;
      return nowMs < killAtMs ? { ...nothing, recheckAtMs: killAtMs } : kill(question, incarnation, 'Hung');
    }
    case 'FetchParked':
    case 'CanaryLate':
      // All that are free may be under suspicion; one at a time, so that somebody is left to serve.
      return question.othersSettled() ? drain(question, incarnation, status.reason) : nothing;
    case 'NeverReady':
      return kill(question, incarnation, 'NeverReady');
    default:
      return kill(question, incarnation, 'Hung');
  }
}

/** First the autopsy, which has its own short deadline: what is not looked at before the kill is never known. */
function kill(question: WorkerQuestion, incarnation: Incarnation, why: KillReason): WorkerDecision {
  const { status, evidence, worker, plan, nowMs } = question;
  const nothing: WorkerDecision = { plan, action: null, recheckAtMs: status.recheckAtMs };
  if (evidence.killAskedAt !== null) return nothing;
  if (evidence.autopsyAskedAt === null) {
    const jobs = jobsInHand(evidence.beat);
    const action: Action = { kind: 'autopsy', worker, incarnation, reason: status.reason, jobs };
    return { ...nothing, action };
  }
  const deadlineMs = evidence.autopsyAskedAt.monoMs + AUTOPSY_WITHIN_MS;
  if (evidence.autopsy === null && nowMs < deadlineMs) return { ...nothing, recheckAtMs: deadlineMs };
  return { ...nothing, action: { kind: 'killWorker', worker, incarnation, signal: 'SIGKILL', why } };
}

/** A drain has its own deadline and kill path, because BullMQ's close() never ends while Redis is away (bullmq#4656). */
function escalateDrain(question: WorkerQuestion, incarnation: Incarnation): WorkerDecision {
  const { evidence, plan, nowMs, worker, drain } = question;
  const askedMs = evidence.drainAskedAt?.monoMs ?? nowMs;
  const why = 'DrainDeadline';
  if (evidence.killAskedAt === null) {
    const deadlineMs = askedMs + drain.drainWithinMs;
    if (nowMs < deadlineMs) return { plan, action: null, recheckAtMs: deadlineMs };
    return {
      plan,
      action: { kind: 'killWorker', worker, incarnation, signal: 'SIGTERM', why },
      recheckAtMs: null,
    };
  }
  const killAtMs = evidence.killAskedAt.monoMs + drain.termGraceMs;
  if (nowMs < killAtMs) return { plan, action: null, recheckAtMs: killAtMs };
  // Said once more each grace period: a process in uninterruptible sleep dies only when it wakes.
  return {
    plan,
    action: { kind: 'killWorker', worker, incarnation, signal: 'SIGKILL', why },
    recheckAtMs: nowMs + drain.termGraceMs,
  };
}

function tellWish(question: WorkerQuestion, incarnation: Incarnation): WorkerDecision {
  const { plan, worker, evidence, status } = question;
  const wish = question.wish.worker === 'quiet' || !question.queueOpen ? 'quiet' : 'run';
  // A new life takes nothing until it is told to.
  const toldWish =
    plan.told !== null && sameIncarnation(plan.told.incarnation, incarnation) ? plan.told.wish : 'quiet';
  if (evidence.readyAt === null || toldWish === wish) {
    return { plan, action: null, recheckAtMs: status.recheckAtMs };
  }
  const message = wish === 'quiet' ? ({ type: 'quiet' } as const) : ({ type: 'resume' } as const);
  return {
    plan: { ...plan, told: { incarnation, wish } },
    action: { kind: 'tellWorker', worker, incarnation, message },
    recheckAtMs: status.recheckAtMs,
  };
}

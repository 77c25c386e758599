/**
 * Says what is remembered of one worker between two decisions, and what holds for several of them together.
 * It judges and decides nothing: it reads what the board has.
 */
import type { Moment } from '../clock.ts';
import { NOTHING_SEEN, type WorkerEvidence } from '../detector/evidence.ts';
import type { Shown } from '../detector/hysteresis.ts';
import type { Truths } from '../detector/truths.ts';
import type { WorkerStatus } from '../detector/verdict.ts';
import { FIRST_PLAN, type WorkerPlan, type Wish } from '../reconciler/worker.ts';
import type { Needed } from './spareBoard.ts';

export interface Entry {
  evidence: WorkerEvidence;
  plan: WorkerPlan;
  wish: Wish;
  status: WorkerStatus;
  shown: Shown | null;
  /** When a living worker came to its present `up`: it recovered, or was made quiet; null while that is since its start. */
  upSince: Moment | null;
  /** When its present life was found to take nothing. */
  convicted: { readonly nonce: string; readonly at: Moment } | null;
  truths: Truths | null;
  /** When it is judged again even if nothing is seen of it. */
  judgeAtMs: number;
}

const UNSEEN: WorkerStatus = { state: 'starting', reason: 'NotStartedYet', since: null, recheckAtMs: null };

export function newEntry(): Entry {
  return {
    evidence: NOTHING_SEEN,
    plan: FIRST_PLAN,
    wish: { worker: 'run', recycle: null, recycleFor: 'Person' },
    status: UNSEEN,
    shown: null,
    upSince: null,
    convicted: null,
    truths: null,
    judgeAtMs: -Infinity,
  };
}

/** Every other worker that should live is ready and has not been asked to leave. */
export function areSettled(entries: ReadonlyMap<string, Entry>, except: string): boolean {
  return [...entries].every(([name, { evidence, wish, plan }]) => {
    const isLeaving = evidence.drainAskedAt !== null || evidence.killAskedAt !== null;
    const isReady = evidence.incarnation !== null && evidence.readyAt !== null && !isLeaving;
    return name === except || wish.worker === 'stop' || plan.overBudget || isReady;
  });
}

/** Who waits for a back-off to pass starts nothing meanwhile. */
export function needOf(entries: readonly Entry[], nowMs: number): Needed {
  return {
    byAnybody: entries.some(({ wish }) => wish.worker === 'run'),
    someoneStarts: entries.some(({ wish, evidence, plan }) => {
      if (evidence.incarnation !== null) return evidence.readyAt === null;
      return wish.worker !== 'stop' && (plan.startAtMs ?? nowMs) <= nowMs;
    }),
  };
}

export function isTaking({ wish, evidence }: Partial<Entry> = {}): boolean {
  return wish?.worker === 'run' && evidence?.resumedAt !== null && evidence?.drainAskedAt === null;
}

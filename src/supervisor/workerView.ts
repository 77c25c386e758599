/**
 * Puts one worker together as people see it: its verdict, since when, in a sentence, with its truths and what it holds.
 * It decides none of it.
 */
import type { Moment } from '../clock.ts';
import type { WorkerEvidence } from '../detector/evidence.ts';
import { sentenceOf } from '../detector/sentence.ts';
import type { Truths } from '../detector/truths.ts';
import type { WorkerStatus, WorkerWish } from '../detector/verdict.ts';
import type { WorkerPlan } from '../reconciler/worker.ts';
import type { WorkerView } from './door.ts';

export interface KnownWorker {
  readonly evidence: WorkerEvidence;
  readonly status: WorkerStatus;
  readonly plan: WorkerPlan;
  /** Null until it was judged for the first time. */
  readonly truths: Truths | null;
  readonly wish: { readonly worker: WorkerWish };
  readonly upSince: Moment | null;
}

export interface ViewFrame {
  readonly slots: number;
  /** The supervisor's own host name. */
  readonly host: string;
  /** RFC 3339: of the supervisor, for what was so before anything was seen. */
  readonly startedAt: string;
}

export interface HeldJobs {
  /** Job ids in hand. */
  readonly jobs: readonly string[];
  /** So many of them share the slot of another on their host. */
  readonly riders: number;
}

/** What is asked of it at one look. */
export interface ViewQuestion extends HeldJobs {
  readonly name: string;
  readonly at: Moment;
}

/** Called for every worker at every turn: fields one by one, since spreading them cost more than all the judging. */
export function viewWorker(known: KnownWorker, asked: ViewQuestion, frame: ViewFrame): WorkerView | null {
  const { evidence, status, truths, plan } = known;
  if (truths === null) return null;
  const { name, jobs, riders, at } = asked;
  const { incarnation, lastBeatAt, beat, deaths } = evidence;
  return {
    name,
    jobs,
    riders,
    slots: frame.slots,
    host: frame.host,
    state: status.state,
    reason: status.reason,
    since: sinceOf(known)?.wall ?? frame.startedAt,
    detail: sentenceOf(status, evidence, nextStart(plan, at)),
    truths,
    incarnation,
    lastBeatAgoMs: lastBeatAt === null ? null : Math.round(at.monoMs - lastBeatAt.monoMs),
    restarts: incarnation === null ? Math.max(0, deaths - 1) : deaths,
    rssBytes: incarnation === null ? null : (beat?.rssBytes ?? null),
    wish: known.wish.worker,
  };
}

/** A recovery begins a new stretch of `up`, and so does a person's quiet and its end; other reasons within `up` do not. */
export function upSince(
  before: Moment | null,
  change: { readonly from: WorkerStatus | null; readonly to: WorkerStatus; readonly at: Moment },
): Moment | null {
  const { from, to, at } = change;
  if (to.state !== 'up' || from === null || from.state === 'starting') return null;
  const quietChanged = (from.reason === 'Quiet') !== (to.reason === 'Quiet');
  return from.state !== 'up' || quietChanged ? at : before;
}

/** RFC 3339, rounded up to a second; null when it lives or starts at once. */
export function nextStart(plan: WorkerPlan, at: Moment): string | null {
  if (plan.startAtMs === null || plan.startAtMs <= at.monoMs) return null;
  const wholeSecond = Math.ceil((Date.parse(at.wall) + plan.startAtMs - at.monoMs) / 1000) * 1000;
  return new Date(wholeSecond).toISOString();
}

/** Since when it is in its state; what a reason within `up` has of its own is in the sentence. */
function sinceOf({ status, evidence, upSince: recovered }: KnownWorker): Moment | null {
  return status.state === 'up' ? (recovered ?? evidence.readyAt) : status.since;
}

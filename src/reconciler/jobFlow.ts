/**
 * Moves a job from event to event: asked for, stage reached, answered, its worker died, cancelled, its queue entry lost.
 * Each function returns the next value of the open job and carries nothing out; the caller saves and publishes it.
 */
import { unreachable } from '../errors.ts';
import {
  isFinal,
  isLook,
  stateOf,
  withoutSealed,
  type HostResult,
  type JobRecord,
  type JobState,
  type SealedSecrets,
  type Stage,
} from '../push/job.ts';
import type { UnansweredReason } from '../push/reason.ts';
import { withDoubt } from './doubt.ts';

/** Where the current attempt of an open job is. */
export type Place =
  /** Not on the queue; `notBeforeMs` holds it back. */
  | { readonly at: 'home'; readonly notBeforeMs: number }
  /** Being put on the queue. */
  | { readonly at: 'leaving'; readonly leftAtMs: number }
  | { readonly at: 'queue'; readonly sinceMs: number; readonly leftAtMs: number }
  | { readonly at: 'worker'; readonly worker: string; readonly nonce: string; readonly sinceMs: number }
  /** The final record is on its way to disk. */
  | { readonly at: 'keeping' };

export interface OpenJob {
  readonly job: JobRecord;
  readonly place: Place;
}

/** One moment on both clocks. */
export interface At {
  readonly monoMs: number;
  readonly wall: string;
}

/** A job whose worker dies this often is not tried again by itself: it may be what kills them. */
export const MOST_LOST_ATTEMPTS = 6;
/** After a worker died, its remote script may still hold the host's lock; we come back until that script's own deadline. */
const BUSY_RETRY_MS = 3_000;
const RETRY_DISPATCH_MS = 500;
const FORGOTTEN_AFTER_MS = 5_000;

/** A new job, or one that an earlier supervisor left open: what that one gave out may still be at work on the host. */
export function admit(job: JobRecord, at: At): OpenJob {
  const lostAttempts = job.attempt > 0 ? Math.max(1, job.lostAttempts) : job.lostAttempts;
  return { job: { ...job, lostAttempts }, place: { at: 'home', notBeforeMs: at.monoMs } };
}

/** May this attempt run? Only the current one, only from the queue, only while nobody cancelled it. */
export function grantsAttempt(open: OpenJob, ask: { readonly attempt: number }): boolean {
  const { job, place } = open;
  const waiting = place.at === 'queue' || place.at === 'leaving';
  return waiting && job.attempt === ask.attempt && !job.cancelRequested && !isFinal(job.state);
}

export function afterGrant(open: OpenJob, by: { worker: string; nonce: string }, at: At): OpenJob {
  return {
    job: advance(open.job, { state: 'starting', stage: 'resolve', worker: by.worker }, at),
    place: { at: 'worker', worker: by.worker, nonce: by.nonce, sinceMs: at.monoMs },
  };
}

/** Into a worker's hands, behind others of its host: it waits there as it did before, and nothing of it has begun. */
export function afterBoarding(open: OpenJob, by: { worker: string; nonce: string }, at: At): OpenJob {
  return {
    job: advance(open.job, { worker: by.worker }, at),
    place: { at: 'worker', worker: by.worker, nonce: by.nonce, sinceMs: at.monoMs },
  };
}

export function afterStage(open: OpenJob, stage: Stage, at: At): OpenJob {
  if (open.place.at !== 'worker') return open;
  return { ...open, job: advance(open.job, { state: stateOfStage(stage), stage }, at) };
}

function stateOfStage(stage: Stage): JobState {
  switch (stage) {
    case 'resolve':
    case 'connect':
    case 'auth':
      return 'starting';
    case 'plan':
    case 'apply':
      return 'running';
    case 'verify':
      return 'verifying';
  }
}

/** The host's answer: final, unless an earlier attempt of this very job still holds the host's lock. */
export function afterResult(open: OpenJob, result: HostResult, at: At): OpenJob {
  const { job } = open;
  const heldByOurselves = result.reason === 'HostBusy' && job.lostAttempts > 0;
  if (heldByOurselves && !job.cancelRequested) return goHome(open, at, BUSY_RETRY_MS);
  const told = withDoubt(job, result);
  const state = job.cancelRequested && result.reason === 'Cancelled' ? 'cancelled' : stateOf(told.outcome);
  return keep(open, { state, result: told }, at);
}

/** Its worker died (proven by the exit): try again at once, unless it was cancelled or has cost too many workers. */
export function afterWorkerDeath(open: OpenJob, at: At): OpenJob {
  // What waited behind others of its host was never begun: it has killed nobody.
  const lost = open.job.state === 'queued' ? 0 : 1;
  const job = { ...open.job, lostAttempts: open.job.lostAttempts + lost };
  if (job.cancelRequested) {
    return keep({ ...open, job }, { state: 'cancelled', result: cutOff(job, 'Cancelled', at) }, at);
  }
  if (job.lostAttempts >= MOST_LOST_ATTEMPTS) {
    return keep({ ...open, job }, { state: 'unknown', result: cutOff(job, 'WorkerDiedTooOften', at) }, at);
  }
  return goHome({ ...open, job }, at, 0);
}

/** For the job's log: how the attempt ended, and what happens next. */
export function lossText({ state, attempt, result }: JobRecord, worker: string): string {
  const ended = `attempt ${String(attempt)} ended without an answer: its worker ${worker} lost it or is gone.`;
  if (!isFinal(state))
    return `${ended} The next attempt follows by itself and reads the host's own record first.`;
  return `${ended} ${endText(result)}`;
}

/** For the log of a job that ended in nobody's hands: there is no worker to write it. */
export function endText(result: HostResult | null): string {
  return result === null ? '' : `${result.outcome} (${result.reason}): ${result.detail}`;
}

/** The only line there is to say of a job that ended without an attempt; null of any other. */
export function wholeLog({ state, attempt, result }: JobRecord): string | null {
  return attempt > 0 || !isFinal(state) || result === null ? null : noteLine(result.at, endText(result));
}

/** What the supervisor says in a job's log. */
export function noteLine(at: string, text: string): string {
  return `${at} garrison: ${text}\n`;
}

/** A person no longer wants it. A running attempt is told to stop and answers; a waiting one ends here. */
export function afterCancel(open: OpenJob, at: At): OpenJob {
  const job = advance(open.job, { cancelRequested: true }, at);
  if (open.place.at === 'worker' || open.place.at === 'keeping') return { ...open, job };
  const detail = 'Cancelled before it started; nothing was done on the host.';
  const result = job.lostAttempts > 0 ? cutOff(job, 'Cancelled', at) : notStarted('Cancelled', detail, at);
  return keep({ ...open, job }, { state: 'cancelled', result }, at);
}

/** Its host is no longer in the inventory. */
export function afterHostGone(open: OpenJob, at: At): OpenJob {
  const detail = `Host ${open.job.host} is no longer in inventory.yaml; nothing was done. Put it back and retry, or forget this job.`;
  return keep(open, { state: 'failed', result: notStarted('HostUnknown', detail, at) }, at);
}

/** The grants that wanted it say something else by now: it must not be pushed any more. */
export function afterGrantGone(open: OpenJob, at: At): OpenJob {
  const { account, host, lostAttempts } = open.job;
  const why = `No grant wants ${account?.name ?? 'this'} on ${host} like this any more, so it was not pushed`;
  const result =
    lostAttempts > 0
      ? cutOff(open.job, 'GrantGone', at)
      : notStarted('GrantGone', `${why}; nothing was done on the host.`, at);
  return keep(open, { state: 'cancelled', result }, at);
}

/** The key that its secret was sealed with is lost, or not to be read: nothing of it can be sent. */
export function afterSecretUnreadable(open: OpenJob, why: string, at: At): OpenJob {
  const detail = `The password hash of this job cannot be read: ${why}. Nothing was done on the host.`;
  const isUntold = open.job.lostAttempts > 0;
  const result = isUntold
    ? cutOff(open.job, 'SecretUnreadable', at)
    : notStarted('SecretUnreadable', detail, at);
  return keep(open, { state: isUntold ? stateOf(result.outcome) : 'failed', result }, at);
}

/** Its secret rests under another key from now on. */
export function afterReseal(open: OpenJob, sealed: SealedSecrets, at: At): OpenJob {
  return { ...open, job: advance(open.job, { sealed }, at) };
}

/** Wanted by grants alone, and in no worker's hands yet. */
export function awaitsAsGranted({ job, place }: OpenJob): boolean {
  return job.granted === true && place.at !== 'worker' && place.at !== 'keeping';
}

/** What a look at the queue showed of this attempt's entry. */
export type EntrySeen = 'waiting' | 'active' | 'gone';

/**
 * An entry that was taken but never asked for, or is gone, is replaced by the next attempt.
 * (A Redis that dies between handing out an entry and answering leaves it active in nobody's hands.)
 */
export function afterLook(open: OpenJob, entry: EntrySeen, at: At): OpenJob {
  if (open.place.at !== 'queue' || entry === 'waiting') return open;
  if (at.monoMs - open.place.sinceMs < FORGOTTEN_AFTER_MS) return open;
  return goHome(open, at, 0);
}

/** A worker that beats without a job it was given has lost it. */
export function isForgotten(
  open: OpenJob,
  beat: { nonce: string; jobIds: readonly string[] },
  nowMs: number,
): boolean {
  const { place, job } = open;
  if (place.at !== 'worker' || place.nonce !== beat.nonce) return false;
  return nowMs - place.sinceMs > FORGOTTEN_AFTER_MS && !beat.jobIds.includes(job.id);
}

/** A person's retry of a job that ended badly: the same job, so the host's own record settles what is unknown. */
export function reopen(job: JobRecord, at: At): OpenJob {
  // Where the outcome is unknown, the script of the last attempt may still be at work there.
  const lostAttempts = job.result?.outcome === 'unknown' ? 1 : 0;
  const fresh = { ...job, cancelRequested: false, lostAttempts, result: null, stage: null, worker: null };
  return { job: advance(fresh, { state: 'queued' }, at), place: { at: 'home', notBeforeMs: at.monoMs } };
}

/** Leaves for the queue, or to go along with another, under its next attempt number. */
export function afterDispatch(open: OpenJob, at: At): OpenJob {
  return {
    job: advance(open.job, { attempt: open.job.attempt + 1 }, at),
    place: { at: 'leaving', leftAtMs: at.monoMs },
  };
}

/** Its entry is on the queue; unless a worker was quicker than the news. */
export function afterArrival(open: OpenJob, at: At): OpenJob {
  if (open.place.at !== 'leaving') return open;
  return { ...open, place: { at: 'queue', sinceMs: at.monoMs, leftAtMs: open.place.leftAtMs } };
}

export function afterFailedDispatch(open: OpenJob, at: At): OpenJob {
  return open.place.at === 'leaving' ? goHome(open, at, RETRY_DISPATCH_MS) : open;
}

/** The one it was to go along with has ended meanwhile, or its worker has. */
export function afterMissedRide(open: OpenJob, at: At): OpenJob {
  return open.place.at === 'leaving' ? goHome(open, at, 0) : open;
}

function goHome(open: OpenJob, at: At, delayMs: number): OpenJob {
  return {
    job: advance(open.job, { state: 'queued', worker: null }, at),
    place: { at: 'home', notBeforeMs: at.monoMs + delayMs },
  };
}

function keep(open: OpenJob, end: { state: JobState; result: HostResult }, at: At): OpenJob {
  // What is done is not tried again; a plan may be applied.
  const needsSecret = end.state !== 'done' || open.job.kind === 'plan';
  const job = needsSecret ? open.job : withoutSealed(open.job);
  return { job: advance(job, end, at), place: { at: 'keeping' } };
}

/** The next revision; `since` moves only when the state does. */
function advance(job: JobRecord, change: Partial<JobRecord>, at: At): JobRecord {
  const since = change.state === undefined || change.state === job.state ? job.since : at.wall;
  return { ...job, ...change, since, revision: job.revision + 1 };
}

function notStarted(reason: 'Cancelled' | UnansweredReason, detail: string, at: At): HostResult {
  return {
    outcome: 'failed',
    stage: 'resolve',
    reason,
    detail,
    changes: [],
    facts: {},
    replayed: false,
    at: at.wall,
  };
}

function cutOff(job: JobRecord, reason: 'Cancelled' | UnansweredReason, at: At): HostResult {
  // Stages are not saved: of an attempt that an earlier supervisor gave out nobody knows how far it came.
  const mayHaveChanged = !isLook(job.kind) && (job.stage !== null || job.lostAttempts > 0);
  const detail = cutOffText(job, reason);
  const next = mayHaveChanged
    ? ` The host may have changed: garrison retry ${job.id} reads the host's own record.`
    : '';
  return {
    outcome: mayHaveChanged ? 'unknown' : 'failed',
    stage: job.stage ?? 'resolve',
    reason,
    detail: detail + next,
    changes: [],
    facts: {},
    replayed: false,
    at: at.wall,
  };
}

function cutOffText({ lostAttempts }: JobRecord, reason: 'Cancelled' | UnansweredReason): string {
  switch (reason) {
    case 'Cancelled':
      return 'Cancelled; its worker had ended before the host answered.';
    case 'GrantGone':
      return 'No grant wants it like this any more; its worker had ended before the host answered.';
    case 'SecretUnreadable':
      return 'Its password hash cannot be read any more (garrison secrets status says why); its worker had ended before the host answered.';
    case 'HostUnknown':
    case 'WorkerDiedTooOften':
      return `Its worker died ${String(lostAttempts)} times while it ran; it is not tried again by itself.`;
    default:
      return unreachable(reason);
  }
}

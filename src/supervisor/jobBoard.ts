/**
 * Moves the open jobs as observations arrive, and says what is to be done next.
 * It touches neither Redis nor a worker: every move is a value of reconciler/jobFlow, every deed an action.
 */
import { earliest, type Moment } from '../clock.ts';
import { unreachable } from '../errors.ts';
import { jobsInHand, type Incarnation } from '../heartbeat.ts';
import { isFinal, type JobRecord } from '../push/job.ts';
import type { WorkerMessage } from '../push/workerMessage.ts';
import type { Action } from '../reconciler/action.ts';
import { decideDispatch } from '../reconciler/dispatch.ts';
import {
  admit,
  afterCancel,
  afterDispatch,
  afterResult,
  afterStage,
  afterWorkerDeath,
  isForgotten,
  reopen,
  type OpenJob,
} from '../reconciler/jobFlow.ts';
import { KeepAgain } from './keepAgain.ts';
import type { LostAttempt } from './door.ts';
import { Holders, tell, type Holder, type Speaker } from './holders.ts';
import { afterEntryNews, type EntryNews } from './entryNews.ts';
import { Granting, type TaskPorts } from './granting.ts';
import { afterEnd, afterLoss } from './jobLogNotes.ts';
import { endWithoutTask, reseal } from './jobSecrets.ts';
import { lostAttempt } from './lostAttempts.ts';
import type { JobObservation } from './observation.ts';
import { OpenJobs, type OpenJobEvents } from './openJobs.ts';
import { RiderDesk } from './riderDesk.ts';
import { dropUngranted, type GrantPorts } from './ungranted.ts';
import { queueTimesOf, type QueueTimes } from './queueTimes.ts';
import type { HeldJobs } from './workerView.ts';

type Heard<T extends WorkerMessage['type']> = Extract<WorkerMessage, { type: T }>;

export interface JobBoardPorts extends OpenJobEvents, GrantPorts, TaskPorts {}

const LOOK_INTERVAL_MS = 5_000;

export class JobBoard {
  #jobs: OpenJobs;
  #holders = new Holders();
  #granting: Granting;
  #riders: RiderDesk;
  readonly #kept = new Set<string>();
  readonly #keepAgain = new KeepAgain();
  readonly #ports: JobBoardPorts;
  #nextLookMs = 0;
  #lastTakenAtMs = -Infinity;

  constructor(ports: JobBoardPorts) {
    this.#ports = ports;
    this.#jobs = new OpenJobs(ports);
    this.#granting = new Granting(this.#jobs, this.#holders, ports);
    this.#riders = new RiderDesk(this.#jobs, this.#holders, this.#granting);
  }

  /** Another keeps the queue: all of it is forgotten here, and nothing of it ended. Returns what our workers hold. */
  stepDown(): [jobId: string, Holder][] {
    const held = this.#holders.all().filter(([, { member }]) => member === undefined);
    this.#jobs = new OpenJobs(this.#ports);
    this.#holders = new Holders();
    this.#granting = new Granting(this.#jobs, this.#holders, this.#ports);
    this.#riders = new RiderDesk(this.#jobs, this.#holders, this.#granting);
    this.#kept.clear();
    this.#keepAgain.clear();
    return held;
  }

  open(): readonly OpenJob[] {
    return this.#jobs.all();
  }

  known(jobId: string): JobRecord | null {
    return this.#jobs.known(jobId);
  }

  /** Is the job's end on disk? What is not would be forgotten by a supervisor that dies now. */
  isKept(jobId: string): boolean {
    return this.#jobs.get(jobId) === null || this.#kept.has(jobId);
  }

  queueTimes(): QueueTimes {
    return queueTimesOf(this.open(), this.#lastTakenAtMs);
  }

  heldAttempts(): ReadonlySet<string> {
    return this.#holders.attempts();
  }

  handOf(worker: string): HeldJobs {
    const jobs = this.#holders.ofWorker(worker);
    const hosts = new Set(jobs.map((jobId) => this.#jobs.get(jobId)?.job.host));
    return { jobs, riders: jobs.length - hosts.size };
  }

  /** Takes in one observation; returns what must be done at once. */
  apply(observation: JobObservation, at: Moment): Action[] {
    switch (observation.kind) {
      case 'submitted':
        return observation.jobs.flatMap((job) => this.#admit(job, at));
      case 'said':
        return this.#hear(observation, observation.message, at);
      case 'workerGone':
        return this.#loseAttemptsOf(observation.incarnation, at);
      case 'memberGone':
        return this.#lose(this.#holders.ofMember(observation.member), at);
      case 'noTask':
        return endWithoutTask({ jobs: this.#jobs, holders: this.#holders }, observation, at);
      case 'fenced':
        this.#granting.noteFence(observation.jobId, observation.fence);
        return this.#riders.sendAlong(observation, at);
      case 'enqueued':
      case 'dispatchFailed':
      case 'looked':
        return this.#followEntry(observation, at);
      case 'kept':
        if (this.#jobs.get(observation.jobId)?.place.at === 'keeping') this.#kept.add(observation.jobId);
        return [];
      case 'indexed':
        return this.#forget(observation.jobId);
      case 'keepFailed':
        this.#keepAgain.note(observation.jobId, at.monoMs);
        return [];
      case 'cancelAsked':
        return this.#cancel(observation.jobId, at);
      case 'grantsChanged':
        return this.#dropUngranted(at);
      case 'reopened':
        return this.#reopen(observation.job, at);
      case 'resealed':
        return reseal(this.#jobs, observation, at);
      default:
        return unreachable(observation);
    }
  }

  /** What became of its entry on the queue. */
  #followEntry(seen: EntryNews, at: Moment): Action[] {
    if (seen.kind === 'dispatchFailed') this.#riders.forget(seen.jobId);
    this.#jobs.move(seen, (open) => afterEntryNews(open, seen, at));
    return [];
  }

  /** Who goes along with what the workers have in hand; only these may be given more. */
  decideRiders(taking: ReadonlySet<string>, at: Moment): Action[] {
    return this.#riders.decide(taking, at);
  }

  /** What may leave for the queue, be looked after or be kept again now; `slots` are those of all workers that take jobs. */
  decide(redisUp: boolean, slots: number, at: Moment): { actions: Action[]; recheckAtMs: number | null } {
    const actions = this.#keepAgain.due(at.monoMs).flatMap((id) => this.#finishIfFinal(this.#jobs.get(id)));
    if (!redisUp) return { actions, recheckAtMs: this.#keepAgain.nextMs() };
    const { ready, recheckAtMs } = decideDispatch(this.open(), { nowMs: at.monoMs, slots });
    for (const open of ready)
      actions.push({ kind: 'dispatch', job: this.#jobs.set(afterDispatch(open, at)).job });
    actions.push(...this.#look(at.monoMs));
    const nextLookMs = this.open().length > 0 ? this.#nextLookMs : null;
    return { actions, recheckAtMs: earliest([recheckAtMs, this.#keepAgain.nextMs(), nextLookMs]) };
  }

  /** A new job, or one that an earlier supervisor left open. */
  #admit(job: JobRecord, at: Moment): Action[] {
    if (this.#jobs.get(job.id) !== null) return [];
    const open = admit(job, at);
    if (!job.cancelRequested) return this.#finishIfFinal(this.#jobs.set(open));
    return afterEnd(this.#jobs.set(afterWorkerDeath(open, at)), at);
  }

  #hear(speaker: Speaker, message: WorkerMessage, at: Moment): Action[] {
    switch (message.type) {
      case 'ask':
        return this.#answerAsk(speaker, message, at);
      case 'stage':
        if (this.#holders.isHeldBy(speaker, message.jobId))
          this.#jobs.move(message, (open) => afterStage(open, message.stage, at));
        return [];
      case 'result':
        return this.#answerResult(speaker, message, at);
      case 'beat':
        return this.#loseForgotten(speaker.incarnation, jobsInHand(message.beat), at);
      case 'ready':
      case 'ssh':
      case 'passed':
      case 'refused':
      case 'drained':
        return [];
      default:
        return unreachable(message);
    }
  }

  #answerAsk(speaker: Speaker, ask: Heard<'ask'>, at: Moment): Action[] {
    const { jobId, attempt } = ask;
    this.#lastTakenAtMs = at.monoMs;
    const { worker, incarnation, member } = speaker;
    const hands = { worker, incarnation, ...(member === undefined ? {} : { member }) };
    const granted = this.#granting.grant({ ...hands, attempt, token: ask.token }, jobId, at);
    if ('task' in granted) return [tell(speaker, { type: 'run', ...granted })];
    return [tell(speaker, { type: 'skip', jobId, attempt }), ...granted.instead];
  }

  #answerResult(speaker: Speaker, message: Heard<'result'>, at: Moment): Action[] {
    const { jobId, attempt, result } = message;
    const stored = tell(speaker, { type: 'stored', jobId, attempt });
    const open = this.#jobs.get(jobId);
    // An answer of an attempt that no longer counts: the current one will read the host's own record.
    if (open?.place.at !== 'worker' || !this.#holders.isHeldBy(speaker, jobId)) return [stored];
    const next = this.#jobs.set(afterResult(open, result, at));
    if (isFinal(next.job.state)) return this.#finishIfFinal(next);
    this.#holders.release(jobId);
    return [stored];
  }

  #loseAttemptsOf(incarnation: Incarnation, at: Moment): Action[] {
    return this.#lose(this.#holders.ofLife(incarnation), at);
  }

  #lose(held: readonly [jobId: string, Holder][], at: Moment): Action[] {
    return held.flatMap(([jobId, { attempt, token }]) => [
      ...(token === null ? [] : [{ kind: 'retire', jobId, attempt, token } satisfies Action]),
      ...this.#loseAttempt(jobId, 'workerEnded', at),
    ]);
  }

  #loseForgotten({ nonce }: Incarnation, inHand: readonly { jobId: string }[], at: Moment): Action[] {
    const beat = { nonce, jobIds: inHand.map(({ jobId }) => jobId) };
    const forgotten = this.open().filter((open) => isForgotten(open, beat, at.monoMs));
    return forgotten.flatMap((open) => this.#loseAttempt(open.job.id, 'forgotten', at));
  }

  #loseAttempt(jobId: string, cause: LostAttempt['cause'], at: Moment): Action[] {
    const holder = this.#holders.release(jobId);
    const open = this.#jobs.get(jobId);
    if (open?.place.at !== 'worker') return [];
    if (holder !== null) this.#ports.onLost(lostAttempt(open.job, holder, cause));
    return afterLoss(this.#jobs.set(afterWorkerDeath(open, at)), open.place.worker, at);
  }

  #dropUngranted(at: Moment): Action[] {
    const grantCheck = (): ReturnType<GrantPorts['grantCheck']> => this.#ports.grantCheck();
    return dropUngranted(this.#jobs, { grantCheck, callOff: (jobId) => this.#cancel(jobId, at) }, at);
  }

  #cancel(jobId: string, at: Moment): Action[] {
    const open = this.#jobs.get(jobId);
    if (open === null || open.job.cancelRequested || isFinal(open.job.state)) return [];
    const next = this.#jobs.set(afterCancel(open, at));
    if (isFinal(next.job.state)) return afterEnd(next, at);
    // Saved at once: a supervisor that dies now must not run at its next start what a person has cancelled.
    const save: Action = { kind: 'save', job: next.job };
    const holder = this.#holders.get(jobId);
    return holder === null
      ? [save]
      : [save, tell(holder, { type: 'cancel', jobId, attempt: holder.attempt })];
  }

  #reopen(job: JobRecord, at: Moment): Action[] {
    const before = this.#jobs.get(job.id);
    if (before !== null && !isFinal(before.job.state)) return [];
    const holder = this.#holders.release(job.id);
    this.#kept.delete(job.id);
    this.#jobs.set(reopen(before?.job ?? job, at));
    // Its end was still on the way to Redis: the worker that waits for that would keep its slot for ever.
    return holder === null ? [] : [tell(holder, { type: 'stored', jobId: job.id, attempt: holder.attempt })];
  }

  #forget(jobId: string): Action[] {
    const open = this.#jobs.get(jobId);
    if (open?.place.at !== 'keeping') return [];
    const holder = this.#holders.release(jobId);
    this.#jobs.close(open);
    this.#granting.forget(jobId);
    this.#keepAgain.forget(jobId);
    this.#kept.delete(jobId);
    return holder === null ? [] : [tell(holder, { type: 'stored', jobId, attempt: holder.attempt })];
  }

  #finishIfFinal(open: OpenJob | null): Action[] {
    return open !== null && isFinal(open.job.state) ? [{ kind: 'finish', job: open.job }] : [];
  }

  #look(nowMs: number): Action[] {
    if (nowMs < this.#nextLookMs) return [];
    this.#nextLookMs = nowMs + LOOK_INTERVAL_MS;
    const queued = this.open().filter((open) => open.place.at === 'queue');
    return queued.map((open) => ({ kind: 'look', jobId: open.job.id, attempt: open.job.attempt }));
  }
}

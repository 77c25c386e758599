/**
 * Judges a worker whose process lives and has become ready: which layer is wrong, if any, the first that matches.
 * It never calls a living worker dead, and while the observer itself is impaired it calls a silent one unknown.
 */
import type { Moment } from '../clock.ts';
import { isImpaired, stretched } from './awareness.ts';
import { quietAtMs, quietestJob, silentMs } from './jobSilence.ts';
import type { StatusQuestion, WorkerReason, WorkerState, WorkerStatus } from './verdict.ts';

/** A stop shorter than this is not worth a word: a debugger, a snapshot. */
const STOPPED_FOR_MS = 1_000;
/** A second beat older than this no longer speaks for the present. */
const THREAD_FRESH_MS = 3_000;

interface Finding {
  readonly state: WorkerState;
  readonly reason: WorkerReason;
  readonly since: Moment | null;
}

/** `heard` is the last beat, or readiness before the first. */
export function decideLiving(question: StatusQuestion, heard: Moment): WorkerStatus {
  const silentMs = question.nowMs - heard.monoMs;
  const silent = silentMs >= stretched(question.limits.lateAfterMs, question.awareness);
  const finding =
    stopped(question) ??
    uninterruptible(question, heard, silentMs) ??
    (silent ? impaired(question, heard) : null) ??
    (silent ? starved(question, heard) : null) ??
    brokerAway(question) ??
    loopBlocked(question, heard) ??
    (silent ? silentFor(question, heard, silentMs) : null) ??
    jobStuck(question) ??
    slotsFull(question) ??
    fetchParked(question) ??
    canaryLate(question) ??
    working(question);
  return { ...finding, recheckAtMs: nextThresholdMs(question, heard) };
}

/** Every time at which a rule below could answer otherwise without new evidence; the verdict holds until the next of them. */
function nextThresholdMs(question: StatusQuestion, heard: Moment): number | null {
  const { evidence, limits, awareness, brokerAwaySince, nowMs } = question;
  const { procState, threadBeat } = evidence;
  const times = [
    heard.monoMs + stretched(limits.lateAfterMs, awareness),
    heard.monoMs + stretched(limits.hungAfterMs, awareness),
    awareness.impairedUntilMs,
    ...(procState === null ? [] : [procState.at.monoMs + STOPPED_FOR_MS]),
    ...(threadBeat === null ? [] : [threadBeat.at.monoMs + THREAD_FRESH_MS]),
    ...(brokerAwaySince === null ? [] : [brokerAwaySince.monoMs + limits.brokerAwayAfterMs]),
    quietAtMs(evidence, limits.jobStuckAfterMs) ?? nowMs,
    canaryDueAtMs(question) ?? nowMs,
  ].filter((atMs) => atMs > nowMs);
  return times.length === 0 ? null : Math.min(...times);
}

function stopped({ evidence: { procState }, nowMs }: StatusQuestion): Finding | null {
  if (procState === null || !isStopLetter(procState.letter)) return null;
  if (nowMs - procState.at.monoMs < STOPPED_FOR_MS) return null;
  return { state: 'hung', reason: 'ProcessStopped', since: procState.at };
}

/** T: stopped by a signal; t: held by a tracer. */
function isStopLetter(letter: string): boolean {
  return letter === 'T' || letter === 't';
}

function uninterruptible(question: StatusQuestion, heard: Moment, silentMs: number): Finding | null {
  const { evidence, limits, awareness } = question;
  if (evidence.procState?.letter !== 'D' || silentMs < stretched(limits.hungAfterMs, awareness)) return null;
  return { state: 'hung', reason: 'Uninterruptible', since: heard };
}

function impaired({ awareness, nowMs }: StatusQuestion, heard: Moment): Finding | null {
  return isImpaired(awareness, nowMs) ? { state: 'unknown', reason: 'ObserverImpaired', since: heard } : null;
}

/** The machine's fault, unless the second beat still comes: a process that is given time for that one is not starved. */
function starved(question: StatusQuestion, heard: Moment): Finding | null {
  if (!question.awareness.starved || hearsThread(question)) return null;
  return { state: 'late', reason: 'Starved', since: heard };
}

function hearsThread({ evidence: { threadBeat }, nowMs }: StatusQuestion): boolean {
  return threadBeat !== null && nowMs - threadBeat.at.monoMs < THREAD_FRESH_MS;
}

function brokerAway({ brokerAwaySince, limits, nowMs }: StatusQuestion): Finding | null {
  if (brokerAwaySince === null || nowMs - brokerAwaySince.monoMs < limits.brokerAwayAfterMs) return null;
  return { state: 'late', reason: 'BrokerAway', since: brokerAwaySince };
}

/** The second beat goes on while the main loop stands: the loop is blocked, not the process stopped. */
function loopBlocked(question: StatusQuestion, heard: Moment): Finding | null {
  const { evidence, limits, awareness } = question;
  if (evidence.threadBeat === null || !hearsThread(question)) return null;
  const { mainStaleMs } = evidence.threadBeat;
  const hung = mainStaleMs >= stretched(limits.blockedAfterMs, awareness);
  if (hung) return { state: 'hung', reason: 'LoopBlocked', since: heard };
  const late = mainStaleMs >= stretched(limits.blockedLateAfterMs, awareness);
  return late ? { state: 'late', reason: 'LoopBlocked', since: heard } : null;
}

function silentFor({ limits, awareness }: StatusQuestion, heard: Moment, silentMs: number): Finding {
  const hung = silentMs >= stretched(limits.hungAfterMs, awareness);
  return hung
    ? { state: 'hung', reason: 'NoBeat', since: heard }
    : { state: 'late', reason: 'BeatLate', since: heard };
}

/** One of its jobs has been silent for long; the worker itself is well. */
function jobStuck({ evidence, limits, nowMs }: StatusQuestion): Finding | null {
  const job = quietestJob(evidence, limits.jobStuckAfterMs, nowMs);
  if (job === null) return null;
  const since = { monoMs: nowMs - silentMs(job, evidence, nowMs), wall: job.heardAt };
  return { state: 'up', reason: 'JobStuck', since };
}

/** Since the last of its slots was taken. */
function slotsFull({ evidence: { beat, lastBeatAt } }: StatusQuestion): Finding | null {
  if (beat === null || lastBeatAt === null || beat.jobs.length < beat.slots) return null;
  const takenAt = beat.jobs.map((job) => job.takenAt).sort();
  const since = { monoMs: lastBeatAt.monoMs, wall: takenAt.at(-1) ?? lastBeatAt.wall };
  return { state: 'up', reason: 'SlotsFull', since };
}

/** Beats, has room, jobs wait for it, and yet the queue has not answered it, or answers and nothing is taken: only a new life helps (bullmq#4585). */
function fetchParked(question: StatusQuestion): Finding | null {
  const { evidence, oldestWaitingMs, queueStillMs, brokerBackAt, limits, nowMs } = question;
  const freeSinceMs = couldTakeSinceMs(question);
  if (evidence.beat === null || freeSinceMs === null) return null;
  // A fetch that was cut off by an outage has as long after it as any other.
  const sinceBackMs = brokerBackAt === null ? Infinity : nowMs - brokerBackAt.monoMs;
  const unansweredMs = Math.min(evidence.beat.unansweredMs ?? 0, oldestWaitingMs, sinceBackMs);
  const untakenMs = Math.min(queueStillMs, nowMs - freeSinceMs, sinceBackMs);
  if (Math.max(unansweredMs, untakenMs) < limits.parkedAfterMs) return null;
  return { state: 'hung', reason: 'FetchParked', since: evidence.lastBeatAt };
}

/** Beats and reaches the queue, and yet the queue's own no-op job does not come back: nothing that is put on it would. */
function canaryLate(question: StatusQuestion): Finding | null {
  const { canary, convictedAt, evidence } = question;
  const stillGuilty = convictedAt !== null && (evidence.tookAt?.monoMs ?? -Infinity) < convictedAt.monoMs;
  // That another one has taken the canary meanwhile says nothing for this one.
  if (stillGuilty && couldTakeSinceMs(question) !== null)
    return { state: 'hung', reason: 'CanaryLate', since: convictedAt };
  const dueAtMs = canaryDueAtMs(question);
  if (dueAtMs === null || question.nowMs < dueAtMs) return null;
  return { state: 'hung', reason: 'CanaryLate', since: canary?.since ?? null };
}

/** By when the canary must be back: counted from when it waits *and* this worker could have taken it. */
function canaryDueAtMs(question: StatusQuestion): number | null {
  const { canary, limits, awareness } = question;
  if (canary === null) return null;
  const freeSinceMs = canary.taken ? canary.since.monoMs : couldTakeSinceMs(question);
  if (freeSinceMs === null) return null;
  return Math.max(canary.since.monoMs, freeSinceMs) + stretched(limits.canaryWithinMs, awareness);
}

/** Since when it is ready, may take jobs and has had a free slot; null while one of these is not so. */
function couldTakeSinceMs({ evidence, wish }: StatusQuestion): number | null {
  const { beat, fullAt, readyAt, resumedAt } = evidence;
  if (wish !== 'run' || readyAt === null || resumedAt === null || beat === null) return null;
  if (beat.jobs.length >= beat.slots) return null;
  return Math.max(readyAt.monoMs, resumedAt.monoMs, fullAt?.monoMs ?? -Infinity);
}

function working({ evidence: { readyAt }, wish }: StatusQuestion): Finding {
  return { state: 'up', reason: wish === 'quiet' ? 'Quiet' : 'Beating', since: readyAt };
}

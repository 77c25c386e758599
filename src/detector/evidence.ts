/**
 * Keeps what has been seen of one worker: each observation goes in, the record of the current life comes out.
 * It judges nothing, and a message of an earlier life changes nothing.
 */
import type { Moment } from '../clock.ts';
import { unreachable } from '../errors.ts';
import { entryId } from '../queueName.ts';
import { sameIncarnation, type Beat, type Incarnation } from '../heartbeat.ts';

export type WorkerObservation =
  | { readonly kind: 'spawned'; readonly incarnation: Incarnation }
  | { readonly kind: 'spawnFailed'; readonly detail: string }
  /** The spare, booted and ready, is this worker from now on. */
  | { readonly kind: 'tookPlace'; readonly incarnation: Incarnation }
  | { readonly kind: 'ready'; readonly incarnation: Incarnation }
  | { readonly kind: 'beat'; readonly incarnation: Incarnation; readonly beat: Beat }
  /** It was told that it may take jobs, or no longer. */
  | { readonly kind: 'resumed'; readonly incarnation: Incarnation }
  | { readonly kind: 'quieted'; readonly incarnation: Incarnation }
  /** It took an entry off the queue. */
  | { readonly kind: 'took'; readonly incarnation: Incarnation }
  /** The second beat, from a thread: how long the main loop has not turned. */
  | { readonly kind: 'threadBeat'; readonly incarnation: Incarnation; readonly mainStaleMs: number }
  /** The state letter of /proc/PID/stat, told when it changes. */
  | { readonly kind: 'procState'; readonly incarnation: Incarnation; readonly letter: string }
  /** Ended children that it has not waited for in two looks running; told when their number changes. */
  | { readonly kind: 'zombiesHeld'; readonly incarnation: Incarnation; readonly count: number }
  | { readonly kind: 'continued'; readonly incarnation: Incarnation }
  /** It was sent SIGCHLD, on which a program that waits at all waits. */
  | { readonly kind: 'nudged'; readonly incarnation: Incarnation }
  | { readonly kind: 'drainAsked'; readonly incarnation: Incarnation; readonly why: DrainReason }
  | { readonly kind: 'autopsyAsked'; readonly incarnation: Incarnation }
  /** What was found is in this file under incidents/; null when it could not be written. */
  | { readonly kind: 'autopsied'; readonly incarnation: Incarnation; readonly file: string | null }
  /** The ssh of this job's attempt was ended past the worker. */
  | {
      readonly kind: 'jobEndAsked';
      readonly incarnation: Incarnation;
      readonly jobId: string;
      readonly attempt: number;
    }
  | { readonly kind: 'killAsked'; readonly incarnation: Incarnation; readonly why: KillReason }
  | {
      readonly kind: 'exited';
      readonly incarnation: Incarnation;
      readonly exitCode: number | null;
      readonly signal: string | null;
      /** Its last lines on stdout and stderr, oldest first. */
      readonly lastLines: readonly string[];
      /** What there was too little of at that moment, as a phrase. */
      readonly shortage?: string;
    }
  /** Proven after the exit: nothing that this life had started lives any more. */
  | { readonly kind: 'gone'; readonly incarnation: Incarnation };

/** Why we ended a worker ourselves; a death without one is the worker's own. */
export type KillReason = 'Hung' | 'DrainDeadline' | 'NeverReady' | 'Stopping';

/** Why a worker was asked to finish and leave. */
export type DrainReason =
  'DrainAsked' | 'JobLimit' | 'AgeLimit' | 'MemoryLimit' | 'FetchParked' | 'CanaryLate' | 'ZombiesHeld';

export interface ExitSeen {
  readonly at: Moment;
  readonly pid: number;
  readonly nonce: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** It was asked to drain, for this reason, and left by itself with code 0. */
  readonly drainedFor: DrainReason | null;
  readonly killedFor: KillReason | null;
  readonly lastLines: readonly string[];
  readonly shortage?: string;
}

/** What is known of the current (or, while none lives, the last) life of a worker. */
export interface WorkerEvidence {
  /** The living incarnation; null between lives. */
  readonly incarnation: Incarnation | null;
  readonly spawnedAt: Moment | null;
  readonly readyAt: Moment | null;
  /** When this life, which had stood ready since `readySince` as the spare, took the worker's place; null for one that was started as the worker. */
  readonly tookPlace: { readonly at: Moment; readonly readySince: Moment } | null;
  readonly lastBeatAt: Moment | null;
  readonly beat: Beat | null;
  /** Since when it may take jobs; null while it may not. */
  readonly resumedAt: Moment | null;
  /** When it last took anything off the queue. */
  readonly tookAt: Moment | null;
  /** When a beat last told that every slot was held. */
  readonly fullAt: Moment | null;
  readonly threadBeat: { readonly at: Moment; readonly mainStaleMs: number } | null;
  readonly procState: { readonly at: Moment; readonly letter: string } | null;
  readonly zombiesHeld: { readonly since: Moment; readonly count: number } | null;
  readonly nudgedAt: Moment | null;
  /** When this life was last sent SIGCONT. */
  readonly continuedAt: Moment | null;
  readonly autopsyAskedAt: Moment | null;
  readonly autopsy: { readonly at: Moment; readonly file: string | null } | null;
  /** `jobId.attempt` of those whose ssh was ended past it. */
  readonly jobEndsAsked: readonly string[];
  readonly drainAskedAt: Moment | null;
  readonly drainReason: DrainReason | null;
  readonly killAskedAt: Moment | null;
  readonly killReason: KillReason | null;
  readonly exit: ExitSeen | null;
  readonly spawnFailure: { readonly at: Moment; readonly detail: string } | null;
  /** Lives ended since the supervisor started. */
  readonly deaths: number;
}

export const NOTHING_SEEN: WorkerEvidence = {
  incarnation: null,
  spawnedAt: null,
  readyAt: null,
  tookPlace: null,
  lastBeatAt: null,
  beat: null,
  resumedAt: null,
  tookAt: null,
  fullAt: null,
  threadBeat: null,
  procState: null,
  zombiesHeld: null,
  nudgedAt: null,
  continuedAt: null,
  autopsyAskedAt: null,
  autopsy: null,
  jobEndsAsked: [],
  drainAskedAt: null,
  drainReason: null,
  killAskedAt: null,
  killReason: null,
  exit: null,
  spawnFailure: null,
  deaths: 0,
};

/** The record after one more observation, received at `at`. */
export function record(seen: WorkerEvidence, observation: WorkerObservation, at: Moment): WorkerEvidence {
  if (observation.kind === 'spawned') {
    return { ...NOTHING_SEEN, deaths: seen.deaths, incarnation: observation.incarnation, spawnedAt: at };
  }
  if (observation.kind === 'spawnFailed') {
    return {
      ...seen,
      exit: null,
      readyAt: null,
      spawnFailure: { at, detail: observation.detail },
      deaths: seen.deaths + 1,
    };
  }
  if (observation.kind === 'tookPlace') {
    return placeTaken(seen, { ...NOTHING_SEEN, incarnation: observation.incarnation }, at);
  }
  const current = seen.incarnation;
  if (current === null || !sameIncarnation(current, observation.incarnation)) return seen;
  return isDeed(observation) ? afterDeed(seen, observation, at) : afterSign(seen, observation, at);
}

/** The record of a worker whose place the spare has taken: what the spare said of itself stays true, its time as this worker begins. */
export function placeTaken(seen: WorkerEvidence, spare: WorkerEvidence, at: Moment): WorkerEvidence {
  return {
    ...spare,
    deaths: seen.deaths,
    spawnedAt: at,
    readyAt: at,
    tookPlace: { at, readySince: spare.readyAt ?? at },
  };
}

/** What we did to it; the rest are signs that it gave. */
type Deed = Extract<
  WorkerObservation,
  { kind: 'continued' | 'nudged' | 'drainAsked' | 'autopsyAsked' | 'autopsied' | 'jobEndAsked' | 'killAsked' }
>;

function isDeed(observation: WorkerObservation): observation is Deed {
  return (
    observation.kind === 'continued' ||
    observation.kind === 'nudged' ||
    observation.kind === 'autopsied' ||
    observation.kind.endsWith('Asked')
  );
}

function afterSign(
  seen: WorkerEvidence,
  observation: Exclude<WorkerObservation, Deed | { kind: 'spawned' | 'spawnFailed' | 'tookPlace' }>,
  at: Moment,
): WorkerEvidence {
  switch (observation.kind) {
    case 'ready':
      return { ...seen, readyAt: at };
    case 'beat':
      return afterBeat(seen, observation.beat, at);
    case 'resumed':
      return { ...seen, resumedAt: at };
    case 'quieted':
      return { ...seen, resumedAt: null };
    case 'took':
      return { ...seen, tookAt: at };
    case 'threadBeat':
      return { ...seen, threadBeat: { at, mainStaleMs: observation.mainStaleMs } };
    case 'procState':
      return { ...seen, procState: { at, letter: observation.letter } };
    case 'zombiesHeld':
      return afterZombies(seen, observation.count, at);
    case 'exited':
      return { ...seen, incarnation: null, exit: exitSeen(seen, observation, at), deaths: seen.deaths + 1 };
    case 'gone':
      return seen;
    default:
      return unreachable(observation);
  }
}

/** The first time counts for what has a deadline. */
function afterDeed(seen: WorkerEvidence, observation: Deed, at: Moment): WorkerEvidence {
  switch (observation.kind) {
    case 'continued':
      return { ...seen, continuedAt: at };
    case 'nudged':
      return { ...seen, nudgedAt: at };
    case 'drainAsked':
      return {
        ...seen,
        drainAskedAt: seen.drainAskedAt ?? at,
        drainReason: seen.drainReason ?? observation.why,
      };
    case 'autopsyAsked':
      return { ...seen, autopsyAskedAt: seen.autopsyAskedAt ?? at };
    case 'autopsied':
      return { ...seen, autopsy: { at, file: observation.file } };
    case 'jobEndAsked':
      return {
        ...seen,
        jobEndsAsked: [...seen.jobEndsAsked, entryId(observation.jobId, observation.attempt)],
      };
    case 'killAsked':
      return { ...seen, killAskedAt: seen.killAskedAt ?? at, killReason: seen.killReason ?? observation.why };
    default:
      return unreachable(observation);
  }
}

/** A late beat says no more than the one after it has said: any order of the same beats gives the same evidence. */
function afterBeat(seen: WorkerEvidence, beat: Beat, at: Moment): WorkerEvidence {
  const isFull = beat.jobs.length >= beat.slots;
  const isNewer = seen.beat === null || beat.seq > seen.beat.seq;
  return {
    ...(isNewer ? afterRecovery(seen) : seen),
    lastBeatAt: later(seen.lastBeatAt, at),
    beat: isNewer ? beat : seen.beat,
    fullAt: isFull ? later(seen.fullAt, at) : seen.fullAt,
  };
}

/** What was done about a hang or a stop answers that one alone: it beats again, and the next is another. */
function afterRecovery(seen: WorkerEvidence): WorkerEvidence {
  const isStopped = seen.procState?.letter === 'T' || seen.procState?.letter === 't';
  if (seen.killAskedAt !== null) return seen;
  return { ...seen, autopsyAskedAt: null, autopsy: null, continuedAt: isStopped ? seen.continuedAt : null };
}

/** A worker that waited for all of them is told anew when it holds others. */
function afterZombies(seen: WorkerEvidence, count: number, at: Moment): WorkerEvidence {
  if (count === 0) return { ...seen, zombiesHeld: null, nudgedAt: null };
  return { ...seen, zombiesHeld: { since: seen.zombiesHeld?.since ?? at, count } };
}

function later(known: Moment | null, at: Moment): Moment {
  return known !== null && known.monoMs > at.monoMs ? known : at;
}

function exitSeen(
  seen: WorkerEvidence,
  observation: Extract<WorkerObservation, { kind: 'exited' }>,
  at: Moment,
): ExitSeen {
  const { exitCode, signal, lastLines, shortage } = observation;
  return {
    at,
    pid: observation.incarnation.pid,
    nonce: observation.incarnation.nonce,
    exitCode,
    signal,
    drainedFor: exitCode === 0 ? seen.drainReason : null,
    killedFor: seen.killReason,
    lastLines,
    ...(shortage === undefined || seen.readyAt !== null ? {} : { shortage }),
  };
}

/** The present life or, between lives, the last; null before the first. */
export function lifeOf({
  incarnation,
  exit,
}: WorkerEvidence): { readonly pid: number; readonly nonce: string } | null {
  const life = incarnation ?? exit;
  return life === null ? null : { pid: life.pid, nonce: life.nonce };
}

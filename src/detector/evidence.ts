/**
 * Keeps what has been seen of one worker: each observation goes in, the record of the current life comes out.
 * It judges nothing, and a message of an earlier life changes nothing.
 */
import type { Moment } from '../clock.ts';
import { unreachable } from '../errors.ts';
import { sameIncarnation, type Beat, type Incarnation } from '../heartbeat.ts';

export type WorkerObservation =
  | { readonly kind: 'spawned'; readonly incarnation: Incarnation }
  | { readonly kind: 'spawnFailed'; readonly detail: string }
  | { readonly kind: 'ready'; readonly incarnation: Incarnation }
  | { readonly kind: 'beat'; readonly incarnation: Incarnation; readonly beat: Beat }
  /** The second beat, from a thread: how long the main loop has not turned. */
  | { readonly kind: 'threadBeat'; readonly incarnation: Incarnation; readonly mainStaleMs: number }
  /** The state letter of /proc/PID/stat, told when it changes. */
  | { readonly kind: 'procState'; readonly incarnation: Incarnation; readonly letter: string }
  | { readonly kind: 'continued'; readonly incarnation: Incarnation }
  | { readonly kind: 'drainAsked'; readonly incarnation: Incarnation }
  | { readonly kind: 'killAsked'; readonly incarnation: Incarnation; readonly why: KillReason }
  | {
      readonly kind: 'exited';
      readonly incarnation: Incarnation;
      readonly exitCode: number | null;
      readonly signal: string | null;
    };

/** Why we ended a worker ourselves; a death without one is the worker's own. */
export type KillReason = 'Hung' | 'DrainDeadline' | 'NeverReady' | 'Stopping';

export interface ExitSeen {
  readonly at: Moment;
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** It was asked to drain and left by itself with code 0. */
  readonly asked: boolean;
  readonly killedFor: KillReason | null;
}

/** What is known of the current (or, while none lives, the last) life of a worker. */
export interface WorkerEvidence {
  /** The living incarnation; null between lives. */
  readonly incarnation: Incarnation | null;
  readonly spawnedAt: Moment | null;
  readonly readyAt: Moment | null;
  readonly lastBeatAt: Moment | null;
  readonly beat: Beat | null;
  readonly threadBeat: { readonly at: Moment; readonly mainStaleMs: number } | null;
  readonly procState: { readonly at: Moment; readonly letter: string } | null;
  /** When this life was last sent SIGCONT. */
  readonly continuedAt: Moment | null;
  readonly drainAskedAt: Moment | null;
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
  lastBeatAt: null,
  beat: null,
  threadBeat: null,
  procState: null,
  continuedAt: null,
  drainAskedAt: null,
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
  const current = seen.incarnation;
  if (current === null || !sameIncarnation(current, observation.incarnation)) return seen;
  switch (observation.kind) {
    case 'ready':
      return { ...seen, readyAt: at };
    case 'beat':
      return { ...seen, lastBeatAt: at, beat: observation.beat };
    case 'threadBeat':
      return { ...seen, threadBeat: { at, mainStaleMs: observation.mainStaleMs } };
    case 'procState':
      return { ...seen, procState: { at, letter: observation.letter } };
    case 'continued':
      return { ...seen, continuedAt: at };
    case 'drainAsked':
      return { ...seen, drainAskedAt: seen.drainAskedAt ?? at };
    case 'killAsked':
      return { ...seen, killAskedAt: seen.killAskedAt ?? at, killReason: seen.killReason ?? observation.why };
    case 'exited':
      return { ...seen, incarnation: null, exit: exitSeen(seen, observation, at), deaths: seen.deaths + 1 };
    default:
      return unreachable(observation);
  }
}

function exitSeen(
  seen: WorkerEvidence,
  observation: Extract<WorkerObservation, { kind: 'exited' }>,
  at: Moment,
): ExitSeen {
  const { exitCode, signal } = observation;
  return {
    at,
    pid: observation.incarnation.pid,
    exitCode,
    signal,
    asked: seen.drainAskedAt !== null && exitCode === 0,
    killedFor: seen.killReason,
  };
}

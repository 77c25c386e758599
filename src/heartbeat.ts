/**
 * What a worker says about itself once a second, and who it is.
 * It never says whether the worker is well: that is the detector's to judge.
 */

/** One life of a worker: a pid alone can be reused, these three together cannot. */
export interface Incarnation {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTicks: number;
  readonly nonce: string;
}

/** A job that a worker has in hand. */
export interface JobInHand {
  readonly jobId: string;
  readonly attempt: number;
  /** RFC 3339, for people: since when it is held, and when its host or ssh was last heard. */
  readonly takenAt: string;
  readonly heardAt: string;
  /** Since ssh or the host last said anything, or the job reached a stage. */
  readonly silentMs: number;
  /** It has ended, and its result is on its way to disk: no ssh is behind it any more. */
  readonly isReporting: boolean;
}

export interface Beat {
  readonly seq: number;
  /** p99 of the worker's event-loop delay since the last beat. */
  readonly loopDelayP99Ms: number;
  /** How long it has been free to fetch without an answer of the queue; null while it is full or may not fetch. */
  readonly unansweredMs: number | null;
  /** One for each slot that is taken. */
  readonly jobs: readonly JobInHand[];
  /** Those that share the slot of another on their host: at work after it, or waiting for that. Absent when there are none. */
  readonly riders?: readonly JobInHand[];
  readonly slots: number;
  /** Of this life, whatever became of them. */
  readonly jobsDone: number;
  readonly rssBytes: number;
}

/** What a life is called that stands ready to take a worker's place; no worker is called so. */
export const SPARE_NAME = 'spare';

/** With those that share a slot. */
export function jobsInHand(beat: Beat | null): readonly JobInHand[] {
  if (beat === null) return [];
  return beat.riders === undefined ? beat.jobs : [...beat.jobs, ...beat.riders];
}

export const BEAT_INTERVAL_MS = 1000;

/** Same life, or a late message from an earlier one? */
export function sameIncarnation(a: Incarnation, b: Incarnation): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.nonce === b.nonce;
}

/** The incarnation as commands take and print it: `pid-startTicks-nonce`. */
export function incarnationText({ pid, startTicks, nonce }: Incarnation): string {
  return `${String(pid)}-${String(startTicks)}-${nonce}`;
}

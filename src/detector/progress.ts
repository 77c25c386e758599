/**
 * Says whether the supervisor's own loops make progress, by how long ago each last came to its end.
 * It never counts a loop that waits for Docker, Redis or a host: a restart of Garrison would mend none of them.
 */

export interface LoopAges {
  /** Since the supervisor's last turn, which comes once a second at least; null before the first. */
  readonly turnMs: number | null;
  /** Since the last look through all processes; null before the first. */
  readonly zombiesMs: number | null;
}

export interface Progress {
  readonly isMade: boolean;
  readonly why: string;
}

const TURN_LIMIT_MS = 10_000;
/** A look rests for up to half a minute where there are very many processes. */
const ZOMBIES_LIMIT_MS = 300_000;

export function progressOf({ turnMs, zombiesMs }: LoopAges): Progress {
  if (turnMs !== null && turnMs > TURN_LIMIT_MS)
    return { isMade: false, why: `the supervisor's last turn was ${seconds(turnMs)} ago` };
  if (zombiesMs !== null && zombiesMs > ZOMBIES_LIMIT_MS)
    return { isMade: false, why: `the last look through all processes was ${seconds(zombiesMs)} ago` };
  return { isMade: true, why: 'its loops make progress' };
}

export interface FeedFacts {
  /** Of the time after which the service manager ends us; null when it watches nobody. */
  readonly watchdogMs: number | null;
  readonly fedAtMs: number;
  readonly nowMs: number;
}

/** Three times within the limit, so that one that comes late costs nothing. */
export const FEEDS_PER_LIMIT = 3;

/** Whether the watchdog is fed now: it is time for that, and the loops make progress. */
export function mayFeed({ watchdogMs, fedAtMs, nowMs }: FeedFacts, progress: Progress): boolean {
  if (watchdogMs === null || !progress.isMade) return false;
  return nowMs - fedAtMs >= watchdogMs / FEEDS_PER_LIMIT;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}

/**
 * Decides what becomes of processes that outlived their parent and were given to the supervisor by the kernel.
 * It ends only what came from a worker's life, or an attempt of a job, that is over; everything else is left as it is.
 */
import type { Moment } from '../clock.ts';

export interface Orphan {
  readonly pid: number;
  readonly startTicks: number;
  /** Name of the program. */
  readonly command: string;
  /** Nonce of the worker's life that it came from, by the mark in its environment; null when it has none that can be read. */
  readonly life: string | null;
  /** `jobId.attempt`, when it came from that attempt's ssh; null when it came from the worker itself. */
  readonly attempt: string | null;
}

export interface KnownOrphan {
  readonly orphan: Orphan;
  readonly since: Moment;
  readonly endAskedAtMs: number | null;
}

/** KILL cannot be refused, but a process in uninterruptible sleep dies only when it wakes. */
export const END_AGAIN_MS = 5_000;

/** What goes on: an orphan of it may still be wanted. */
export interface GoingOn {
  /** Nonces of the workers' lives. */
  readonly lives: ReadonlySet<string>;
  /** `jobId.attempt` of those in hand. */
  readonly attempts: ReadonlySet<string>;
}

/** To be ended now: of a life or an attempt that is over, and not asked a moment ago. */
export function mustEnd(known: KnownOrphan, { lives, attempts }: GoingOn, nowMs: number): boolean {
  const { orphan, endAskedAtMs } = known;
  if (orphan.life === null) return false;
  if (lives.has(orphan.life) && (orphan.attempt === null || attempts.has(orphan.attempt))) return false;
  return endAskedAtMs === null || nowMs - endAskedAtMs >= END_AGAIN_MS;
}

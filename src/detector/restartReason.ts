/**
 * Says why a worker had to be started again, in one word of a closed set, from how its last life ended.
 * It decides no restart.
 */
import type { DrainReason, KillReason, WorkerEvidence } from './evidence.ts';

/** What we ended it for, else how it ended by itself. */
export type RestartReason = KillReason | DrainReason | 'Exited' | 'Killed' | 'SpawnFailed';

const EVERY: Readonly<Record<RestartReason, true>> = {
  Hung: true,
  NeverReady: true,
  DrainDeadline: true,
  Stopping: true,
  DrainAsked: true,
  JobLimit: true,
  AgeLimit: true,
  MemoryLimit: true,
  FetchParked: true,
  CanaryLate: true,
  ZombiesHeld: true,
  Exited: true,
  Killed: true,
  SpawnFailed: true,
};

export const RESTART_REASONS = Object.keys(EVERY) as readonly RestartReason[];

/** Of a life that has ended, or of a start that failed. */
export function restartReason({ exit, spawnFailure }: WorkerEvidence): RestartReason {
  if (exit === null) return spawnFailure === null ? 'Exited' : 'SpawnFailed';
  if (exit.killedFor !== null) return exit.killedFor;
  if (exit.drainedFor !== null) return exit.drainedFor;
  return exit.signal === null ? 'Exited' : 'Killed';
}

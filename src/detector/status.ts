/**
 * Decides one worker's status: evidence, the wish and the time go in, a verdict with its reason and since-when comes out.
 * Nothing here waits, logs, counts or remembers.
 */
import { isImpaired, stretched } from './awareness.ts';
import { decideLiving } from './living.ts';
import type { StatusQuestion, WorkerReason, WorkerStatus } from './verdict.ts';
import type { DrainReason, ExitSeen } from './evidence.ts';

/** The verdict. Death is a fact (an exit was seen), never a timeout; timeouts decide only `late` and `hung`. */
export function decideStatus(question: StatusQuestion): WorkerStatus {
  const { evidence } = question;
  if (evidence.incarnation === null) return decideDead(question);
  if (evidence.drainAskedAt !== null) {
    const reason = evidence.drainReason ?? 'DrainAsked';
    return { state: 'draining', reason, since: evidence.drainAskedAt, recheckAtMs: null };
  }
  // Until it may take jobs, which it is told in the very next turn, nothing is gained yet.
  if (evidence.tookPlace !== null && evidence.resumedAt === null && question.wish === 'run') {
    const since = evidence.tookPlace.at;
    return { state: 'starting', reason: 'SpareTookOver', since, recheckAtMs: null };
  }
  const heard = evidence.lastBeatAt ?? evidence.readyAt;
  return heard === null ? decideStarting(question) : decideLiving(question, heard);
}

function decideDead({ evidence, wish, stopping, overBudget }: StatusQuestion): WorkerStatus {
  const { exit, spawnFailure } = evidence;
  const since = exit?.at ?? spawnFailure?.at ?? null;
  if (wish === 'stop') return { state: 'stopped', reason: 'StoppedByPerson', since, recheckAtMs: null };
  if (stopping) return { state: 'stopped', reason: 'SupervisorStopping', since, recheckAtMs: null };
  if (since === null) return { state: 'starting', reason: 'NotStartedYet', since, recheckAtMs: null };
  // It left as it was asked to and is replaced: no failure, and nothing to wait for.
  if (exit !== null && exit.drainedFor !== null && !isOwnFault(exit.drainedFor))
    return { state: 'starting', reason: 'NotStartedYet', since, recheckAtMs: null };
  if (overBudget) return { state: 'failed', reason: 'CrashLoop', since, recheckAtMs: null };
  return {
    state: 'backoff',
    reason: exit === null ? 'SpawnFailed' : exitReason(exit),
    since,
    recheckAtMs: null,
  };
}

/** Left because of what was wrong with it, and not because somebody or its limits wanted so. */
function isOwnFault(reason: DrainReason): boolean {
  switch (reason) {
    case 'DrainAsked':
    case 'JobLimit':
    case 'AgeLimit':
      return false;
    case 'MemoryLimit':
    case 'FetchParked':
    case 'CanaryLate':
    case 'ZombiesHeld':
      return true;
  }
}

function exitReason(exit: ExitSeen): WorkerReason {
  return exit.signal === null ? 'Exited' : 'Killed';
}

function decideStarting({ evidence, limits, nowMs, awareness }: StatusQuestion): WorkerStatus {
  const since = evidence.spawnedAt;
  const overdueAtMs = (since?.monoMs ?? nowMs) + stretched(limits.readyWithinMs, awareness);
  const overdue = nowMs >= overdueAtMs && !isImpaired(awareness, nowMs);
  if (overdue) return { state: 'hung', reason: 'NeverReady', since, recheckAtMs: null };
  const recheckAtMs = nowMs < overdueAtMs ? overdueAtMs : awareness.impairedUntilMs;
  return { state: 'starting', reason: 'Spawned', since, recheckAtMs };
}

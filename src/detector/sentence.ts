/**
 * Puts a worker's status into one sentence for people: what, since when, why, what happens next.
 * It holds no elapsed time (a sentence that changes each second would make every look a change) and decides nothing.
 */
import { unreachable } from '../errors.ts';
import type { WorkerEvidence } from './evidence.ts';
import type { WorkerStatus } from './status.ts';

/** `nextStart` is RFC 3339, for a dead worker that will be started again. */
export function sentenceOf(status: WorkerStatus, evidence: WorkerEvidence, nextStart: string | null): string {
  const pid = evidence.incarnation === null ? '' : `pid ${String(evidence.incarnation.pid)}`;
  switch (status.reason) {
    case 'NotStartedYet':
      return 'Not started yet; it is about to be.';
    case 'Spawned':
      return `Started as ${pid}; its first beat is awaited.`;
    case 'Beating':
      return `Works as ${pid} and beats every second.`;
    case 'Quiet':
      return `Works as ${pid} but takes no new jobs, as a person asked; garrison start makes it take jobs again.`;
    case 'BeatLate':
      return `${pid} was last heard at ${status.since?.wall ?? 'an unknown time'}; it may be busy and is not touched yet.`;
    case 'NoBeat':
      return `${pid} has been silent since ${status.since?.wall ?? 'its start'}; it is being ended and replaced, its jobs are tried again.`;
    case 'NeverReady':
      return `${pid} has not become ready since ${status.since?.wall ?? 'its start'}; it is being ended and replaced.`;
    case 'DrainAsked':
      return `${pid} finishes what it has in hand and takes nothing new.`;
    case 'MemoryLimit':
      return `${pid} is over workers.memoryLimit: it finishes what it has in hand and is replaced.`;
    case 'StoppedByPerson':
      return 'A person stopped it, and nothing starts it but garrison start.';
    case 'SupervisorStopping':
      return 'Ended with its supervisor; it starts again with it.';
    case 'Exited':
    case 'Killed':
    case 'SpawnFailed':
      return `${lastEnd(evidence)}; ${again(nextStart)}`;
    case 'CrashLoop':
      return `${lastEnd(evidence)}, and it keeps failing: look at its last lines with garrison describe. Tried slowly for ever; ${again(nextStart)}`;
    case 'ObserverImpaired':
      return `${pid} seems silent, but the supervisor itself was late, so nobody is blamed.`;
    default:
      return unreachable(status.reason);
  }
}

function lastEnd({ exit, spawnFailure }: WorkerEvidence): string {
  if (exit === null) return `It could not be started: ${spawnFailure?.detail ?? 'no reason was given'}`;
  const how =
    exit.signal === null ? `exited with code ${String(exit.exitCode)}` : `was ended by ${exit.signal}`;
  return `pid ${String(exit.pid)} ${how}`;
}

function again(nextStart: string | null): string {
  return nextStart === null ? 'it is being started again.' : `it starts again at ${nextStart}.`;
}

/**
 * Puts a worker's status into one sentence for people: what, since when, why, what happens next.
 * It holds no elapsed time (a sentence that changes each second would make every look a change) and decides nothing.
 */
import type { WorkerEvidence } from './evidence.ts';
import { quietestJob } from './jobSilence.ts';
import type { WorkerStatus } from './verdict.ts';

/** `nextStart` is RFC 3339, for a dead worker that will be started again. */
export function sentenceOf(status: WorkerStatus, evidence: WorkerEvidence, nextStart: string | null): string {
  const pid = evidence.incarnation === null ? 'its process' : `pid ${String(evidence.incarnation.pid)}`;
  if (status.state === 'draining') return ofDrain(status, { evidence, pid, nextStart });
  const job = quietestJob(evidence, -Infinity, 0)?.jobId ?? null;
  const place = placeOf(evidence);
  return ofLiving(status, { pid, job, place }) ?? ofChange(status, { evidence, pid, nextStart });
}

/** Of a worker that lives and is judged; null for the others. */
function ofLiving(
  { reason, since: moment }: WorkerStatus,
  { pid, job, place }: { readonly pid: string; readonly job: string | null; readonly place: string },
): string | null {
  const since = moment?.wall ?? 'an unknown time';
  switch (reason) {
    case 'Beating':
      return `Works as ${pid} and beats every second${place}.`;
    case 'Quiet':
      return `Works as ${pid} but takes no new jobs, as a person asked; garrison start makes it take jobs again.`;
    case 'SlotsFull':
      return `Works as ${pid} with every slot taken since ${since}; nothing new is taken until one is free.`;
    case 'JobStuck':
      return `Works as ${pid}; ${job ?? 'a job of it'} has been silent since ${since}: its ssh is ended when its time limit is over, the worker goes on.`;
    case 'BrokerAway':
      return `Works as ${pid}, but Redis has not answered since ${since}; a restart would not help, so there is none.`;
    case 'BeatLate':
      return `${pid} was last heard at ${since}; it may be busy and is not touched yet.`;
    case 'Starved':
      return `${pid} was last heard at ${since}; the machine has too little processor time, so it is not blamed.`;
    case 'LoopBlocked':
      return `The main loop of ${pid} has not turned since ${since}, by word of its second beat; when that lasts it is replaced and its jobs are tried again.`;
    case 'ProcessStopped':
      return `${pid} was stopped by a signal at ${since}; it is told to continue once, and replaced when that does not help.`;
    case 'Uninterruptible':
      return `${pid} waits for the kernel (state D) since ${since}; no signal reaches it: look at the disk or file system it uses.`;
    case 'NoBeat':
      return `${pid} has been silent since ${since}; it is being ended and replaced, its jobs are tried again.`;
    case 'FetchParked':
      return `${pid} has room and jobs wait, but it does not take them; it is drained and replaced, in its turn.`;
    case 'CanaryLate':
      return `${pid} beats and has room, but what was put on the queue at ${since} was not taken; it is drained and replaced, in its turn.`;
    case 'ObserverImpaired':
      return `${pid} was last heard at ${since}, but the supervisor itself was late, so nobody is judged.`;
    default:
      return null;
  }
}

/** Nothing for a life that was started as this worker. */
function placeOf({ tookPlace }: WorkerEvidence): string {
  return tookPlace === null ? '' : `; it was the spare and took this place at ${tookPlace.at.wall}`;
}

interface Change {
  readonly evidence: WorkerEvidence;
  readonly pid: string;
  readonly nextStart: string | null;
}

/** Of a worker that finishes what it has in hand; `since` is when it was told to. */
function ofDrain({ reason }: WorkerStatus, { evidence, pid }: Change): string {
  const leaves = 'it finishes what it has in hand and is replaced.';
  switch (reason) {
    case 'MemoryLimit':
      return `${pid} is over workers.memoryLimit: ${leaves}`;
    case 'JobLimit':
      return `${pid} has done as many jobs as workers.maxJobs allows: ${leaves}`;
    case 'AgeLimit':
      return `${pid} is as old as workers.maxAge allows: ${leaves}`;
    case 'ZombiesHeld':
      return `${pid} does not wait for ${String(evidence.zombiesHeld?.count ?? 0)} ended children: ${leaves} That frees them.`;
    case 'FetchParked':
    case 'CanaryLate':
      return `${pid} took nothing off the queue although it had room: ${leaves}`;
    default:
      return `${pid} finishes what it has in hand and takes nothing new.`;
  }
}

/** Of a worker that starts, ends or has ended. */
function ofChange({ reason, since }: WorkerStatus, { evidence, pid, nextStart }: Change): string {
  switch (reason) {
    case 'NotStartedYet':
      return 'Not started yet; it is about to be.';
    case 'Spawned':
      return `Started as ${pid}; its first beat is awaited.`;
    case 'SpareTookOver':
      return `The spare, ${pid}, has taken its place, and is told to take jobs.`;
    case 'NeverReady':
      return `${pid} has not become ready since ${since?.wall ?? 'its start'}; it is being ended and replaced.`;
    case 'StoppedByPerson':
      return 'A person stopped it, and nothing starts it but garrison start.';
    case 'SupervisorStopping':
      return 'Ended with its supervisor; it starts again with it.';
    case 'CrashLoop':
      return `${lastEnd(evidence)}, and it keeps failing: look at its last lines in the log. Tried slowly for ever; ${again(nextStart)}`;
    default:
      return `${lastEnd(evidence)}; ${again(nextStart)}`;
  }
}

function lastEnd({ exit, spawnFailure }: WorkerEvidence): string {
  if (exit === null) return `It could not be started: ${spawnFailure?.detail ?? 'no reason was given'}`;
  const how =
    exit.signal === null ? `exited with code ${String(exit.exitCode)}` : `was ended by ${exit.signal}`;
  const why = exit.shortage === undefined ? '' : ` before it was ready: ${exit.shortage}`;
  return `pid ${String(exit.pid)} ${how}${why}`;
}

function again(nextStart: string | null): string {
  return nextStart === null ? 'it is being started again.' : `it starts again at ${nextStart}.`;
}

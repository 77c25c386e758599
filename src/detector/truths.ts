/**
 * Says five separate things about a worker, each with its evidence: process, heartbeat, broker, slots, progress.
 * It never folds them into one: which layer is bad decides what helps.
 */
import { unreachable } from '../errors.ts';
import { jobsInHand } from '../heartbeat.ts';
import type { WorkerEvidence } from './evidence.ts';
import { silentMs } from './jobSilence.ts';
import type { StatusLimits, Truth, TruthName } from './verdict.ts';

export type Truths = Readonly<Record<TruthName, Truth>>;

export interface TruthQuestion {
  readonly evidence: WorkerEvidence;
  readonly limits: StatusLimits;
  readonly redisUp: boolean;
  readonly takesJobs: boolean;
  readonly nowMs: number;
  /** RFC 3339, the `since` of every verdict that changes now. */
  readonly nowWall: string;
  readonly previous: Truths | null;
}

type Finding = Pick<Truth, 'verdict' | 'evidence'>;

const NAMES: readonly TruthName[] = ['process', 'heartbeat', 'broker', 'slots', 'progress'];
/** A free worker polls every second; this long without an answer of the queue means that it is cut off. */
const FETCH_OVERDUE_MS = 10_000;
/** The rest are counted. */
const JOBS_NAMED = 3;

export function decideTruths(question: TruthQuestion): Truths {
  const truths: Partial<Record<TruthName, Truth>> = {};
  for (const name of NAMES) truths[name] = decideTruth(name, question);
  return truths as Truths;
}

/** The same as before, to the object, while nothing about it has changed. */
function decideTruth(name: TruthName, question: TruthQuestion): Truth {
  const { verdict, evidence } = find(name, question);
  const before = question.previous?.[name];
  if (before?.verdict !== verdict) return { verdict, evidence, since: question.nowWall };
  return before.evidence === evidence ? before : { verdict, evidence, since: before.since };
}

function find(name: TruthName, question: TruthQuestion): Finding {
  switch (name) {
    case 'process':
      return findProcess(question);
    case 'heartbeat':
      return findHeartbeat(question);
    case 'broker':
      return findBroker(question);
    case 'slots':
      return findSlots(question);
    case 'progress':
      return findProgress(question);
    default:
      return unreachable(name);
  }
}

function findProcess({ evidence }: TruthQuestion): Finding {
  if (evidence.incarnation !== null)
    return { verdict: 'ok', evidence: `pid ${String(evidence.incarnation.pid)} runs` };
  if (evidence.exit === null) return { verdict: 'unknown', evidence: 'not started yet' };
  const how = evidence.exit.signal ?? `code ${String(evidence.exit.exitCode)}`;
  return { verdict: 'bad', evidence: `pid ${String(evidence.exit.pid)} ended with ${how}` };
}

function findHeartbeat({ evidence, limits, nowMs }: TruthQuestion): Finding {
  if (evidence.incarnation === null || evidence.lastBeatAt === null)
    return { verdict: 'unknown', evidence: 'no beat yet' };
  const late = nowMs - evidence.lastBeatAt.monoMs >= limits.lateAfterMs;
  return late
    ? { verdict: 'bad', evidence: `last beat at ${evidence.lastBeatAt.wall}` }
    : { verdict: 'ok', evidence: 'beats every second' };
}

function findBroker({ evidence, redisUp, takesJobs }: TruthQuestion): Finding {
  if (!redisUp) return { verdict: 'bad', evidence: 'Redis does not answer the supervisor' };
  const { beat } = evidence;
  if (evidence.incarnation === null || beat === null)
    return { verdict: 'unknown', evidence: 'the worker has not said' };
  const full = beat.jobs.length >= beat.slots;
  if (!takesJobs || full || beat.unansweredMs === null)
    return { verdict: 'ok', evidence: 'does not need the queue now' };
  return beat.unansweredMs > FETCH_OVERDUE_MS
    ? { verdict: 'bad', evidence: `no answer of the queue for over ${String(FETCH_OVERDUE_MS / 1000)} s` }
    : { verdict: 'ok', evidence: 'the queue answers' };
}

function findSlots({ evidence }: TruthQuestion): Finding {
  const { beat } = evidence;
  if (evidence.incarnation === null || beat === null)
    return { verdict: 'unknown', evidence: 'the worker has not said' };
  const taken = beat.jobs.length;
  const named = beat.jobs.slice(0, JOBS_NAMED).map((job) => `${job.jobId} since ${job.takenAt}`);
  if (taken > JOBS_NAMED) named.push(`${String(taken - JOBS_NAMED)} more`);
  const text = `${String(taken)} of ${String(beat.slots)} slots taken${taken > 0 ? `: ${named.join(', ')}` : ''}`;
  return { verdict: taken < beat.slots ? 'ok' : 'bad', evidence: text };
}

function findProgress({ evidence, limits, nowMs }: TruthQuestion): Finding {
  const { beat } = evidence;
  if (evidence.incarnation === null || beat === null)
    return { verdict: 'unknown', evidence: 'the worker has not said' };
  if (beat.jobs.length === 0) return { verdict: 'ok', evidence: 'nothing in hand' };
  const inHand = jobsInHand(beat);
  const quiet = inHand.filter((job) => silentMs(job, evidence, nowMs) >= limits.jobStuckAfterMs);
  if (quiet.length === 0) return { verdict: 'ok', evidence: `${String(inHand.length)} in hand, moving` };
  const named = quiet.slice(0, JOBS_NAMED).map((job) => `${job.jobId} silent since ${job.heardAt}`);
  if (quiet.length > JOBS_NAMED) named.push(`${String(quiet.length - JOBS_NAMED)} more`);
  return { verdict: 'bad', evidence: named.join(', ') };
}

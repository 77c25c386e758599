/**
 * Finds the job of a worker that has been silent for too long: its ssh or its host is stuck, not the worker.
 * It ends nothing; what follows is the reconciler's to decide.
 */
import { jobsInHand, type JobInHand } from '../heartbeat.ts';
import { entryId } from '../queueName.ts';
import type { WorkerEvidence } from './evidence.ts';

/** Now, and not as of the beat that told of it. */
export function silentMs(job: JobInHand, evidence: WorkerEvidence, nowMs: number): number {
  return job.silentMs + nowMs - (evidence.lastBeatAt?.monoMs ?? nowMs);
}

/** The running job that has been silent longest, when that is at least `limitMs`; null when none is. */
export function quietestJob(evidence: WorkerEvidence, limitMs: number, nowMs: number): JobInHand | null {
  const job = quietest(runningJobs(evidence));
  return job !== null && silentMs(job, evidence, nowMs) >= limitMs ? job : null;
}

/** Of those whose ssh was not yet ended past the worker: one that cannot be ended hides no other. */
export function overdueJob(evidence: WorkerEvidence, limitMs: number, nowMs: number): JobInHand | null {
  const job = quietest(
    runningJobs(evidence).filter(
      ({ jobId, attempt }) => !evidence.jobEndsAsked.includes(entryId(jobId, attempt)),
    ),
  );
  return job !== null && silentMs(job, evidence, nowMs) >= limitMs ? job : null;
}

/** When the quietest job reaches the limit if nothing more is heard of it; null without a job. */
export function quietAtMs(evidence: WorkerEvidence, limitMs: number): number | null {
  const job = quietest(runningJobs(evidence));
  const toldAtMs = evidence.lastBeatAt?.monoMs;
  return job === null || toldAtMs === undefined ? null : toldAtMs + limitMs - job.silentMs;
}

/** What waits for its result to be kept has no ssh any more that could be stuck. */
function runningJobs({ beat }: WorkerEvidence): readonly JobInHand[] {
  return jobsInHand(beat).filter((job) => !job.isReporting);
}

function quietest(jobs: readonly JobInHand[]): JobInHand | null {
  return jobs.reduce<JobInHand | null>(
    (found, job) => (found === null || job.silentMs > found.silentMs ? job : found),
    null,
  );
}

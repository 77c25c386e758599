/**
 * Finds the job of a worker that has been silent for too long: its ssh or its host is stuck, not the worker.
 * It ends nothing; what follows is the reconciler's to decide.
 */
import type { JobInHand } from '../heartbeat.ts';
import type { WorkerEvidence } from './evidence.ts';

/** Now, and not as of the beat that told of it. */
export function silentMs(job: JobInHand, evidence: WorkerEvidence, nowMs: number): number {
  return job.silentMs + nowMs - (evidence.lastBeatAt?.monoMs ?? nowMs);
}

/** The job that has been silent longest, when that is at least `limitMs`; null when none is. */
export function quietestJob(evidence: WorkerEvidence, limitMs: number, nowMs: number): JobInHand | null {
  const jobs = evidence.beat?.jobs ?? [];
  const quietest = jobs.reduce<JobInHand | null>(
    (found, job) => (found === null || job.silentMs > found.silentMs ? job : found),
    null,
  );
  return quietest !== null && silentMs(quietest, evidence, nowMs) >= limitMs ? quietest : null;
}

/** When the quietest job reaches the limit if nothing more is heard of it; null without a job. */
export function quietAtMs(evidence: WorkerEvidence, limitMs: number): number | null {
  const quietest = quietestJob(evidence, -Infinity, 0);
  const toldAtMs = evidence.lastBeatAt?.monoMs;
  return quietest === null || toldAtMs === undefined ? null : toldAtMs + limitMs - quietest.silentMs;
}

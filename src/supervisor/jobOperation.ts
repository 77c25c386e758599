/**
 * Prepares `cancel` and `retry` of a job or of a push, and says when what was wanted is verified.
 * It does nothing to a job itself: the loop does, once it is told.
 */
import { GarrisonError } from '../errors.ts';
import { isFinal, type JobRecord } from '../push/job.ts';
import type { OperationRequest } from './door.ts';
import { needRedis } from './needRedis.ts';
import type { JobObservation } from './observation.ts';
import type { Surroundings } from './ports.ts';
import type { Check, Prepared } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

type JobVerb = 'cancel' | 'retry';

const MOST_NAMED = 50;

export async function prepareForJobs(
  request: OperationRequest & { readonly verb: JobVerb },
  supervisor: Supervisor,
  around: Surroundings,
): Promise<Prepared> {
  const { verb } = request;
  const affected = affectedBy(request, await targetJobs(request, supervisor, around));
  const names = namedFirst(affected, (job) => `job ${job.id} on host ${job.host} (${job.state})`);
  return {
    interrupts: verb === 'cancel' ? names : [],
    detail: `${verb} ${names.join(', ')}`,
    begin: () => {
      for (const job of inOrderOf(verb, affected))
        supervisor.observe({ kind: 'job', observation: jobWish(verb, job) });
      return awaitEnds(verb, affected, supervisor);
    },
  };
}

/** Of ten thousand nobody reads each. */
function namedFirst(jobs: readonly JobRecord[], nameOf: (job: JobRecord) => string): readonly string[] {
  const more = jobs.length - MOST_NAMED;
  const named = jobs.slice(0, MOST_NAMED).map(nameOf);
  return more > 0 ? [...named, `and ${String(more)} more jobs`] : named;
}

function affectedBy(
  { verb, target }: OperationRequest & { readonly verb: JobVerb },
  jobs: readonly JobRecord[],
): readonly JobRecord[] {
  const affected = jobs.filter((job) => (verb === 'cancel' ? !isFinal(job.state) : canRetry(job)));
  if (affected.length > 0) return affected;
  const ended = jobs.every((job) => isFinal(job.state));
  const notYet = ended ? 'has no failed, cancelled or unknown job' : 'has not ended yet';
  const nothing = verb === 'cancel' ? 'has already ended' : notYet;
  throw new GarrisonError('CONFLICTING_STATE', `${target} ${nothing}; nothing to ${verb}`, {
    cure: 'See how it stands with garrison jobs.',
  });
}

/** A cancelled job has ended; a retried one has ended anew, and well. */
function awaitEnds(verb: JobVerb, before: readonly JobRecord[], supervisor: Supervisor): Check {
  const waiting = new Map(before.map((job) => [job.id, job]));
  const ended = new Map<string, JobRecord>();
  return () => {
    for (const job of waiting.values()) {
      const latest = supervisor.newest(job);
      if (!isFinal(latest.state) || latest.revision <= job.revision || !supervisor.isKept(job.id)) continue;
      waiting.delete(job.id);
      ended.set(job.id, latest);
    }
    if (waiting.size > 0) return null;
    const ends = before.flatMap(({ id }) => ended.get(id) ?? []);
    const detail = namedFirst(ends, (job) => `job ${job.id} on host ${job.host}: ${endOf(job)}`).join(', ');
    const isWell = verb === 'cancel' || ends.every((job) => job.state === 'done');
    return { state: isWell ? 'done' : 'failed', detail: `ended: ${detail}` };
  };
}

async function targetJobs(
  { target }: OperationRequest,
  supervisor: Supervisor,
  { memory }: Surroundings,
): Promise<readonly JobRecord[]> {
  const id = target.replace(/^(job|push)\//, '');
  const open = supervisor.openJobs().filter((job) => job.id === id || job.pushId === id);
  const known = new Map(open.map((job) => [job.id, job]));
  // With Redis away the open jobs are still known here, so a cancel works.
  if (open.some((job) => job.id === id)) return open;
  const { redis } = supervisor.snapshot();
  if (!redis.up && open.length > 0) return open;
  needRedis(redis, `${id} cannot be looked up`);
  const push = await memory.push(id);
  const stored = push === null ? await memory.job(id) : null;
  const found = push === null ? (stored === null ? [] : [stored]) : await memory.jobsOf(push);
  if (found.length === 0)
    throw new GarrisonError('NOT_FOUND', `there is no job or push ${id}`, {
      cure: 'List them with garrison jobs.',
    });
  return found.map((job) => known.get(job.id) ?? job);
}

function endOf({ state, result }: JobRecord): string {
  return state === 'cancelled' ? state : (result?.outcome ?? state);
}

function canRetry(job: JobRecord): boolean {
  return job.state === 'failed' || job.state === 'cancelled' || job.state === 'unknown';
}

/** A cancel from the end: else those that have not left for the queue would take the places of those that are cancelled there. */
function inOrderOf(verb: JobVerb, jobs: readonly JobRecord[]): readonly JobRecord[] {
  return verb === 'cancel' ? [...jobs].reverse() : jobs;
}

function jobWish(verb: JobVerb, job: JobRecord): JobObservation {
  return verb === 'cancel' ? { kind: 'cancelAsked', jobId: job.id } : { kind: 'reopened', job };
}

/**
 * Writes down a push that is asked for: its record, and one job for each of its hosts.
 * It keeps and starts nothing.
 */
import { now } from '../clock.ts';
import type { JobRecord, PlanAgreed, PushRecord } from '../push/job.ts';
import type { PushRequest } from './pushAsk.ts';
import type { PlannedPush } from './planApply.ts';
import type { UndoneJobs } from './undoDraft.ts';

export function draftPush(
  request: PushRequest & Partial<Pick<PlannedPush, 'agreed'> & Pick<UndoneJobs, 'undoes'>>,
  newId: (prefix: 'p' | 'j') => string,
): { push: PushRecord; jobs: JobRecord[] } {
  const createdAt = now().wall;
  const pushId = newId('p');
  const planOf = request.planOf === undefined ? {} : { planOf: request.planOf };
  const { kind, actor, reason, account, agreed } = request;
  const jobs = request.hosts.map((host): JobRecord => ({
    ...{ id: newId('j'), pushId, kind, host, account, createdAt },
    ...planOf,
    ...agreedOn(agreed?.get(host)),
    ...takingBack(request.undoes?.get(host)),
    ...(request.granted === true ? { granted: true } : {}),
    state: 'queued',
    since: createdAt,
    attempt: 0,
    lostAttempts: 0,
    revision: 1,
    stage: null,
    worker: null,
    cancelRequested: false,
    result: null,
  }));
  const jobIds = jobs.map((job) => job.id);
  const accountName = account?.name ?? null;
  const undoOf = takingBack(request.undoOf);
  return {
    jobs,
    push: { id: pushId, kind, accountName, ...planOf, ...undoOf, createdAt, actor, reason, jobIds },
  };
}

function takingBack(undoOf: string | undefined): Pick<JobRecord, 'undoOf'> {
  return undoOf === undefined ? {} : { undoOf };
}

function agreedOn(agreed: PlanAgreed | undefined): Pick<JobRecord, 'agreed'> {
  return agreed === undefined ? {} : { agreed };
}

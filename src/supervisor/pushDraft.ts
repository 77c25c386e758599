/**
 * Writes down a push that is asked for: its record, and one job for each of its hosts.
 * It keeps and starts nothing.
 */
import { now } from '../clock.ts';
import type { JobRecord, PushRecord } from '../push/job.ts';
import type { PushRequest } from './door.ts';

export function draftPush(
  request: PushRequest,
  newId: (prefix: 'p' | 'j') => string,
): { push: PushRecord; jobs: JobRecord[] } {
  const createdAt = now().wall;
  const pushId = newId('p');
  const jobs = request.hosts.map((host): JobRecord => ({
    id: newId('j'),
    pushId,
    kind: request.kind,
    host,
    account: request.account,
    state: 'queued',
    since: createdAt,
    createdAt,
    attempt: 0,
    lostAttempts: 0,
    revision: 1,
    stage: null,
    worker: null,
    cancelRequested: false,
    result: null,
  }));
  const { kind, actor, reason } = request;
  const accountName = request.account?.name ?? null;
  return {
    jobs,
    push: { id: pushId, kind, accountName, createdAt, actor, reason, jobIds: jobs.map((job) => job.id) },
  };
}

/** A job's record for tests of what happens to it: queued on web-1, nothing tried yet. */
import type { JobRecord } from '../../src/push/job.ts';

export function jobRecord(id: string, more: Partial<JobRecord> = {}): JobRecord {
  const madeAt = '2026-01-01T00:00:00.000Z';
  return {
    id,
    pushId: 'p-1',
    kind: 'push',
    host: 'web-1',
    account: null,
    state: 'queued',
    since: madeAt,
    createdAt: madeAt,
    attempt: 0,
    lostAttempts: 0,
    revision: 1,
    stage: null,
    worker: null,
    cancelRequested: false,
    result: null,
    ...more,
  };
}

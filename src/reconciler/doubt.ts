/**
 * Says of an answer whether it may be taken for all that became of the job, where an earlier attempt of it was never heard.
 * It makes no answer better than it is.
 */
import { isLook, type HostResult, type JobRecord } from '../push/job.ts';
import { REASONS_BEFORE_RECORD } from '../push/reason.ts';

/** `unknown` where an earlier attempt may have done it, and this one ended before the host could say so; else as it is. */
export function withDoubt(
  { id, kind, lostAttempts }: Pick<JobRecord, 'id' | 'kind' | 'lostAttempts'>,
  result: HostResult,
): HostResult {
  if (isLook(kind) || lostAttempts === 0 || !isRecordUnread(result)) return result;
  const next = `An earlier attempt ended without an answer, so the host may have changed: garrison retry ${id} reads the host's own record.`;
  return { ...result, outcome: 'unknown', detail: `${result.detail} ${next}`.trimStart() };
}

function isRecordUnread({ outcome, stage, reason }: HostResult): boolean {
  if (outcome !== 'failed' && outcome !== 'conflict') return false;
  switch (stage) {
    case 'resolve':
    case 'connect':
    case 'auth':
      return true;
    case 'plan':
      return REASONS_BEFORE_RECORD.includes(reason);
    case 'apply':
    case 'verify':
      return false;
  }
}

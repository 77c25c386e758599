/**
 * Writes into the journal which attempts of which jobs ended with a worker's life: one line for each life, however many jobs it held.
 * It decides nothing; that they are tried again is jobFlow's.
 */
import type { JobRecord } from '../push/job.ts';
import type { LostAttempt } from './door.ts';
import type { Holder } from './holders.ts';
import type { AuditLine, Surroundings } from './ports.ts';
import type { Supervisor } from './supervisor.ts';

export function followLostAttempts(
  supervisor: Pick<Supervisor, 'onChange'>,
  around: Pick<Surroundings, 'note'>,
): void {
  supervisor.onChange((change) => {
    if (change.type !== 'attemptsLost') return;
    for (const line of lostLines(change.lost)) around.note(line);
  });
}

/** The journal's lines, one for each life and cause. */
export function lostLines(lost: readonly LostAttempt[]): AuditLine[] {
  const groups = new Map<string, LostAttempt[]>();
  for (const one of lost) {
    const key = `${one.life.nonce} ${one.cause}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [{ worker, life, cause }] = group as [LostAttempt];
    const attempts = group.map(({ jobId, pushId, host, attempt }) => ({ jobId, pushId, host, attempt }));
    return { event: 'attemptsLost', worker, life, cause, attempts };
  });
}

export function lostAttempt(job: JobRecord, holder: Holder, cause: LostAttempt['cause']): LostAttempt {
  const { id: jobId, pushId, host } = job;
  const { worker, attempt, incarnation } = holder;
  const life = { pid: incarnation.pid, nonce: incarnation.nonce };
  return { jobId, pushId, host, attempt, worker, life, cause };
}

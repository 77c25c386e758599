/**
 * Says of a push whether it can be taken back, host by host, as far as the records tell.
 * It never has the last word: the host keeps what was, and knows whether anybody has changed it since.
 */
import { isFinal, type JobRecord, type PushRecord } from './job.ts';

type Job = Pick<JobRecord, 'id' | 'pushId' | 'kind' | 'host' | 'state' | 'createdAt' | 'result' | 'undoOf'>;

/** `why` is a sentence for people. */
export type Undoability =
  | { readonly undoable: true; readonly notUndoable: null }
  | { readonly undoable: false; readonly notUndoable: string };

/** It may have changed its host: then what the host keeps decides. */
export function mayHaveChanged({ kind, result }: Pick<Job, 'kind' | 'result'>): boolean {
  if (kind !== 'push' && kind !== 'revoke') return false;
  switch (result?.outcome) {
    case 'changed':
    case 'unknown':
      return true;
    case 'failed':
      return result.changes.length > 0;
    default:
      return false;
  }
}

/** `ofAccount`: jobs about the same account, of any push and any kind. */
export function undoability(
  { kind }: Pick<PushRecord, 'kind'>,
  jobs: readonly Job[],
  ofAccount: readonly Job[],
): Undoability {
  const not = (notUndoable: string): Undoability => ({ undoable: false, notUndoable });
  if (kind !== 'push' && kind !== 'revoke') return not(`a ${kind} is never undone.`);
  if (jobs.some(({ state }) => !isFinal(state))) return not('it has not ended yet.');
  const changed = jobs.filter(mayHaveChanged);
  if (changed.length === 0) return not('it changed nothing on any host.');
  const obstacles = changed.map((job) => obstacle(job, ofAccount));
  if (obstacles.includes(null)) return { undoable: true, notUndoable: null };
  return not([...new Set(obstacles)].join(' '));
}

/** The pushes that have taken it back on some host, in the order of `ofAccount`. */
export function undoneBy(jobs: readonly Pick<Job, 'id'>[], ofAccount: readonly Job[]): readonly string[] {
  const ids = new Set(jobs.map(({ id }) => id));
  const undos = ofAccount.filter(
    (each) => each.kind === 'undo' && each.undoOf !== undefined && ids.has(each.undoOf) && isDone(each),
  );
  return [...new Set(undos.map(({ pushId }) => pushId))];
}

/** Null where nothing that is known stands in the way on this host. */
function obstacle(job: Job, ofAccount: readonly Job[]): string | null {
  const undos = ofAccount.filter(({ kind, undoOf }) => kind === 'undo' && undoOf === job.id);
  if (undos.some(({ state }) => !isFinal(state))) return `it is being undone on ${job.host}.`;
  if (undos.some(isDone)) return `it was undone on ${job.host}.`;
  const undone = new Set(
    ofAccount.filter((each) => each.kind === 'undo' && isDone(each)).map(({ undoOf }) => undoOf),
  );
  const later = ofAccount.find(
    (each) =>
      each.host === job.host &&
      each.createdAt > job.createdAt &&
      !undone.has(each.id) &&
      (mayHaveChanged(each) || (each.kind === 'remove' && isDone(each))),
  );
  if (later === undefined) return null;
  const next = later.kind === 'remove' ? '' : '; undo that first';
  return `a later ${later.kind} (${later.id}) changed the account on ${job.host}${next}.`;
}

function isDone({ result }: Job): boolean {
  return result?.outcome === 'changed';
}

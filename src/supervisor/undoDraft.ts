/**
 * Turns a push that ended into the undo of it: for each host where it may have changed something, the job that is taken back there.
 * It never says whether that is still possible: the host does.
 */
import { GarrisonError } from '../errors.ts';
import type { AccountWish } from '../push/account.ts';
import { isFinal, type JobRecord, type PushRecord } from '../push/job.ts';
import { mayHaveChanged } from '../push/undoable.ts';
import type { PushRequest } from './pushAsk.ts';

export interface UndoneJobs {
  readonly account: AccountWish;
  readonly hosts: readonly string[];
  /** Host by host, the job that is taken back. */
  readonly undoes: ReadonlyMap<string, string>;
}

export function isUndo({ kind, planOf }: Pick<PushRequest, 'kind' | 'planOf'>): boolean {
  return kind === 'undo' || (kind === 'plan' && planOf === 'undo');
}

/** Throws USAGE, REFUSED_BY_GUARD and CONFLICTING_STATE, with what to do instead. */
export function jobsToUndo(
  asked: Pick<PushRequest, 'kind' | 'hosts' | 'confirm'>,
  push: PushRecord,
  jobs: readonly JobRecord[],
): UndoneJobs {
  const name = push.accountName;
  if ((push.kind !== 'push' && push.kind !== 'revoke') || name === null)
    throw new GarrisonError('USAGE', `${push.id} is a ${push.kind}, and only a push or a revoke is undone`, {
      cure: 'garrison jobs names the pushes.',
    });
  if (asked.kind === 'undo' && asked.confirm !== name)
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      'an undo may take the account away: it needs the name of the account once more, as confirm',
    );
  const strangers = asked.hosts.filter((host) => jobs.every((job) => job.host !== host));
  if (strangers.length > 0)
    throw new GarrisonError('USAGE', `${push.id} was not for ${strangers.join(', ')}`, {
      cure: `garrison describe push ${push.id} names its hosts.`,
    });
  const meant = jobs.filter(({ host }) => asked.hosts.length === 0 || asked.hosts.includes(host));
  const open = meant.filter(({ state }) => !isFinal(state));
  if (open.length > 0)
    throw refusal(
      push,
      `${open.map(({ host }) => host).join(', ')} has not answered yet`,
      'Wait until it has ended, or cancel it.',
    );
  const changed = meant.filter(mayHaveChanged);
  if (changed.length === 0)
    throw refusal(push, 'it changed nothing there', `garrison describe push ${push.id} says what it did.`);
  return {
    account: { name, keys: [], groups: [], shell: null, sudo: { kind: 'none' }, comment: '' },
    hosts: changed.map(({ host }) => host),
    undoes: new Map(changed.map(({ host, id }) => [host, id])),
  };
}

/** Two undos of one job at the same time are one too many. */
export function refuseSecondUndo(push: PushRecord, { undoes }: UndoneJobs, open: readonly JobRecord[]): void {
  const ids = new Set(undoes.values());
  const same = open.find(({ kind, undoOf }) => kind === 'undo' && undoOf !== undefined && ids.has(undoOf));
  if (same !== undefined)
    throw refusal(
      push,
      `it is being undone on ${same.host} (${same.pushId})`,
      `Follow it with garrison describe push ${same.pushId}.`,
    );
}

function refusal(push: PushRecord, why: string, cure: string): GarrisonError {
  return new GarrisonError('CONFLICTING_STATE', `${push.id} cannot be undone: ${why}`, { cure });
}

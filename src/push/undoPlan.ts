/**
 * Says what an undo would do on a host, or why it would do nothing there.
 * It changes nothing and asks nobody; the script on the host looks again before it acts, and goes by the same.
 */
import { unreachable } from '../errors.ts';
import type { AccountPlan, Judged, PlannedChange } from './plan.ts';
import { blocked, conflict } from './planStop.ts';
import type { UndoFacts } from './undoFacts.ts';

export function planUndo(facts: UndoFacts): AccountPlan {
  const judged = refusal(facts) ?? giveBack(facts);
  return { of: 'undo', words: {}, changes: [], ...judged, notes: notesOf(judged, facts), digest: '' };
}

function refusal(facts: UndoFacts): Judged | null {
  const { isInUse, mark, record, differs, takesAway, isReadOnly } = facts;
  if (isInUse) return conflict('AccountInUse');
  if (mark === 'damaged') return conflict('AccountMarkDamaged');
  if (mark === 'other') return conflict('AccountOfOtherCluster');
  switch (record) {
    case 'none':
      return conflict('NothingToUndo');
    case 'begun':
      return conflict('PushUnfinished');
    case 'undone':
      return { verdict: 'unchanged', reason: 'AlreadyUndone' };
    case 'left':
    case 'undoing':
      break;
    default:
      return unreachable(record);
  }
  if (differs !== '') return conflict('ChangedSincePush', { differs });
  if (takesAway !== null && takesAway.processes > 0)
    return conflict('AccountRuns', {
      liveProcesses: String(takesAway.processes),
      running: takesAway.running,
    });
  return isReadOnly ? blocked('HostReadOnly') : null;
}

function giveBack(facts: UndoFacts): Judged {
  const changes = facts.takesAway === null ? backAsItWas(facts) : takenAway(facts, facts.takesAway);
  return { verdict: 'change', reason: 'AccountUndone', changes };
}

function takenAway(
  facts: UndoFacts,
  { home, isBare, hasCrontab }: NonNullable<UndoFacts['takesAway']>,
): readonly PlannedChange[] {
  if (!facts.isThere) return ofSudo(facts);
  const isArchived = !isBare && (home !== '' || hasCrontab);
  return [
    ...(isArchived ? [change('home-archived', home === '' ? 'its crontab' : home)] : []),
    change('account-removed', 'the push made it'),
    ...ofSudo(facts),
    ...(home === '' ? [] : [change('home-removed', home)]),
    ...(hasCrontab ? [change('crontab-removed', 'its crontab')] : []),
  ];
}

/** In the order in which the host does it. */
function backAsItWas(facts: UndoFacts): readonly PlannedChange[] {
  const { isAccessBack, shell, comment, join, leave, keyLines, sudo } = facts;
  return [
    ...(sudo === 'remove' ? ofSudo(facts) : []),
    ...(keyLines === null
      ? []
      : [change('keys-restored', keysText(keyLines.before), keysText(keyLines.now))]),
    ...leave.map((group) => change('groups-removed', group, group)),
    ...join.map((group) => change('groups-added', group)),
    ...(shell === null ? [] : [change('shell-set', shell.before, shell.now)]),
    ...(isAccessBack ? [change('access-restored', 'its password, lock and end')] : []),
    ...(comment === null ? [] : [change('comment-set', comment.before, comment.now)]),
    ...(sudo === 'write' ? ofSudo(facts) : []),
  ];
}

function ofSudo({ sudo }: UndoFacts): readonly PlannedChange[] {
  switch (sudo) {
    case null:
      return [];
    case 'remove':
      return [change('sudo-removed', 'our rule', 'our rule')];
    case 'write':
      return [change('sudo-written', 'the rule of before')];
    default:
      return unreachable(sudo);
  }
}

function notesOf({ verdict }: Judged, { takesAway, record }: UndoFacts): readonly string[] {
  if (verdict !== 'change') return [];
  return [
    ...(record === 'undoing' ? ['an undo was cut short here; this goes on with it'] : []),
    ...(takesAway?.isBare === true
      ? ['its home holds nothing but what the push put there, so it is not archived']
      : []),
  ];
}

function change(code: PlannedChange['code'], what: string, before: string | null = null): PlannedChange {
  return { code, what, before };
}

function keysText(lines: number): string {
  return lines === 1 ? '1 key' : `${String(lines)} keys`;
}

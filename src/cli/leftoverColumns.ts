/**
 * Which columns people see of a leftover.
 * It never works a value out: what nobody can tell is shown as unknown, never as none.
 */
import type { Leftover } from '../supervisor/door.ts';
import type { Column } from './table.ts';

export const LEFTOVER_COLUMNS: readonly Column<Leftover>[] = [
  { title: 'HOST', of: ({ host }) => host },
  { title: 'ACCOUNT', of: ({ account }) => account },
  { title: 'STATE', of: stateOf, tone: (leftover) => (leftover.isLocked ? 'good' : 'warn') },
  { title: 'SINCE', of: ({ since, kind }) => (kind === 'byHand' ? 'by hand' : seconds(since)) },
  { title: 'LAST LOGIN', of: ({ lastLogin }) => (lastLogin === 'never' ? lastLogin : seconds(lastLogin)) },
  { title: 'PROCESSES', of: ({ processes }) => known(processes) },
  { title: 'SESSIONS', of: ({ sessions }) => known(sessions) },
  { title: 'CRONTAB', of: ({ crontab }) => (crontab === null ? UNKNOWN : crontab ? 'yes' : 'no') },
  { title: 'FILES ELSEWHERE', of: filesOf },
  { title: 'RUNNING', of: ({ running }) => running.join(', '), wide: true },
  {
    title: 'DECISION',
    of: ({ decision }) => (decision === null ? '' : `${decision.what}: ${decision.reason} (${decision.by})`),
  },
];

const UNKNOWN = 'unknown';

function stateOf({ state, isLocked }: Leftover): string {
  return isLocked ? 'locked' : state === 'ready' ? 'open' : state;
}

function filesOf({ filesElsewhere }: Leftover): string {
  if (filesElsewhere === null) return UNKNOWN;
  return `${filesElsewhere.isAtLeast ? 'at least ' : ''}${String(filesElsewhere.count)}`;
}

function known(value: number | null): string {
  return value === null ? UNKNOWN : String(value);
}

/** To the second; the rest is in JSON. */
function seconds(moment: string | null): string {
  return moment === null ? UNKNOWN : moment.replace(/\.\d+/, '');
}

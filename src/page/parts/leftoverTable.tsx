/**
 * Leftovers in a table: what each still has on its host, why it is one, what was decided, and what can be done about it.
 * What nobody can tell is shown as unknown, never as none; what would be refused is not offered, and says why.
 */
import { useLocation } from 'wouter-preact';
import type { Leftover } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { askToKeep, askToLock, askToRemove, isLockedByUs, removalForbidden } from '../jobs/leftoverDeeds.ts';
import { t } from '../words/language.ts';
import { ColumnHeads, type Column } from './columnHeads.tsx';
import { Said } from './said.tsx';
import { State } from './state.tsx';
import { Time } from './time.tsx';
import { Wide } from './wide.tsx';

const COLUMNS: readonly Column[] = ['host', 'account', 'state', 'why', 'lastLogin', 'stillHas'];

interface LeftoverTableProps {
  readonly leftovers: readonly Leftover[];
  readonly reread: () => Promise<void>;
}

export function LeftoverTable({ leftovers, reread }: LeftoverTableProps) {
  return (
    <Wide>
      <table class="jobs">
        <ColumnHeads columns={mayAct.value ? [...COLUMNS, 'actions'] : COLUMNS} />
        <tbody>
          {leftovers.map((each) => (
            <Row key={`${each.host}/${each.account}`} leftover={each} reread={reread} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Row({ leftover, reread }: { leftover: Leftover; reread: () => Promise<void> }) {
  const { host, account, isLocked, state, lastLogin } = leftover;
  return (
    <tr data-leftover={`${host}/${account}`}>
      <th scope="row">
        <Said>{host}</Said>
      </th>
      <td>
        <Said>{account}</Said>
      </td>
      <td class="keep">
        <State state={isLocked ? 'locked' : state === 'ready' ? 'unlocked' : state} />
      </td>
      <td class="said">
        <Why leftover={leftover} />
      </td>
      <td>
        <LastLogin at={lastLogin} />
      </td>
      <td class="said">
        <Said>{stillHas(leftover)}</Said>
      </td>
      {mayAct.value ? (
        <td>
          <Actions leftover={leftover} reread={reread} />
        </td>
      ) : null}
    </tr>
  );
}

function Why({ leftover: { kind, since, decision } }: { leftover: Leftover }) {
  return (
    <>
      {t(`leftovers.why.${kind}`)}
      {since === null ? null : (
        <p class="tight">
          {t('leftovers.since')} <Time at={since} />
        </p>
      )}
      {decision === null ? null : (
        <p class="tight">
          <Said>{t('leftovers.kept', { by: decision.by, reason: decision.reason })}</Said>{' '}
          <Time at={decision.at} />
        </p>
      )}
    </>
  );
}

function LastLogin({ at }: { at: string | null }) {
  const label = <span class="phone-label">{t('column.lastLogin')}: </span>;
  if (at === null)
    return (
      <>
        {label}
        {t('leftovers.unknown')}
      </>
    );
  return at === 'never' ? (
    <>
      {label}
      {t('leftovers.never')}
    </>
  ) : (
    <>
      {label}
      <Time at={at} />
    </>
  );
}

/** In a line: what runs, who is in, a crontab, and files outside the homes. */
function stillHas({ processes, running, sessions, crontab, filesElsewhere }: Leftover): string {
  const names = running.length === 0 ? '' : t('leftovers.running', { names: running.join(', ') });
  const files = filesElsewhere === null ? null : filesElsewhere.count;
  const isAtLeast = filesElsewhere?.isAtLeast === true;
  return [
    processes === null ? t('leftovers.noProcesses') : `${t('leftovers.processes', { n: processes })}${names}`,
    sessions === null ? t('leftovers.noSessions') : t('leftovers.sessions', { n: sessions }),
    t(crontab === null ? 'leftovers.noCrontab' : crontab ? 'leftovers.crontab' : 'leftovers.withoutCrontab'),
    files === null
      ? t('leftovers.noFiles')
      : t(isAtLeast ? 'leftovers.filesAtLeast' : 'leftovers.files', { n: files }),
  ].join(t('leftovers.and'));
}

function Actions({ leftover, reread }: { leftover: Leftover; reread: () => Promise<void> }) {
  const [, navigate] = useLocation();
  const forbidden = removalForbidden(leftover);
  const deed = (label: string, onClick: () => void) => (
    <button
      type="button"
      class="small"
      aria-label={`${label} ${leftover.account} ${leftover.host}`}
      onClick={onClick}
    >
      {label}
    </button>
  );
  return (
    <span class="buttons">
      {deed(t(leftover.decision === null ? 'leftovers.keep' : 'leftovers.undo'), () =>
        askToKeep(leftover, reread),
      )}
      {isLockedByUs(leftover) ? null : deed(t('leftovers.lock'), () => askToLock(leftover, navigate))}
      {forbidden === null ? (
        deed(t('leftovers.remove'), () => askToRemove(leftover, navigate))
      ) : (
        <span class="quiet">{t(forbidden)}</span>
      )}
    </span>
  );
}

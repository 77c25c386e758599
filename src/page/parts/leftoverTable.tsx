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

const COLUMNS: readonly Column[] = [
  ...(['host', 'account', 'state', 'why', 'since', 'lastLogin', 'running', 'sessions'] as const),
  ...(['crontab', 'filesElsewhere', 'decision'] as const),
];

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
  const { host, account, isLocked, state, kind, since, decision } = leftover;
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
      <td class="said">{t(`leftovers.why.${kind}`)}</td>
      <td class="figure">{since === null ? t('leftovers.notGranted') : <Time at={since} />}</td>
      <td class="figure">
        <LastLogin at={leftover.lastLogin} />
      </td>
      <td>
        <Running leftover={leftover} />
      </td>
      <td class="figure">{labelled('sessions', known(leftover.sessions))}</td>
      <td class="figure">{labelled('crontab', yesNo(leftover.crontab))}</td>
      <td class="figure">{labelled('filesElsewhere', filesOf(leftover))}</td>
      <td class="said">
        {decision === null ? (
          ''
        ) : (
          <Said>{t('leftovers.kept', { by: decision.by, reason: decision.reason })}</Said>
        )}
      </td>
      {mayAct.value ? (
        <td>
          <Actions leftover={leftover} reread={reread} />
        </td>
      ) : null}
    </tr>
  );
}

/** On a phone the heads of the columns are not seen. */
function labelled(column: 'sessions' | 'crontab' | 'filesElsewhere', value: string) {
  return (
    <>
      <span class="phone-label">{t(`column.${column}`)}: </span>
      {value}
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

function Running({ leftover: { processes, running } }: { leftover: Leftover }) {
  return (
    <>
      {processes === null ? t('leftovers.unknown') : t('leftovers.processes', { n: processes })}{' '}
      <span class="quiet">
        <Said>{running.join(', ')}</Said>
      </span>
    </>
  );
}

function known(value: number | null): string {
  return value === null ? t('leftovers.unknown') : String(value);
}

function yesNo(value: boolean | null): string {
  return value === null ? t('leftovers.unknown') : t(value ? 'leftovers.yes' : 'leftovers.no');
}

function filesOf({ filesElsewhere }: Leftover): string {
  if (filesElsewhere === null) return t('leftovers.unknown');
  const { count, isAtLeast } = filesElsewhere;
  return isAtLeast ? t('leftovers.atLeast', { n: count }) : String(count);
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

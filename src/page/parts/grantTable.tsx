/**
 * What grants.yaml wants, in a table: each account with its hosts, what it gets there, and which grant wants it by whom and until when.
 * It shows only what the file says at this moment.
 */
import type { Wanted } from '../../supervisor/door.ts';
import { fitsGrant, grantRows, type GrantRow } from '../jobs/grantRows.ts';
import { t } from '../words/language.ts';
import { ColumnHeads } from './columnHeads.tsx';
import { useFilter } from './filters.ts';
import { Said } from './said.tsx';
import { SearchField } from './searchField.tsx';
import { Wide } from './wide.tsx';

const HOSTS_NAMED = 3;

export function GrantTable({ wanted }: { wanted: readonly Wanted[] }) {
  const [text, setText] = useFilter('grant');
  const rows = grantRows(wanted);
  const shown = rows.filter((row) => fitsGrant(row, text));
  return (
    <>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <SearchField value={text} onSearch={setText} hint={t('grants.searchHint')} />
      </form>
      <p role="status">{t('grants.count', { rows: shown.length, pairs: wanted.length })}</p>
      {shown.length === 0 ? null : (
        <Wide>
          <table class="jobs" data-grants={rows.length}>
            <ColumnHeads columns={['account', 'hosts', 'sudo', 'groups', 'keys', 'grantedBy', 'until']} />
            <tbody>
              {shown.map((row) => (
                <Row key={row.key} row={row} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </>
  );
}

function Row({ row: { account, grants, hosts } }: { row: GrantRow }) {
  return (
    <tr data-grant={account.name}>
      <th scope="row">
        <Said>{account.name}</Said>
      </th>
      <td>
        <Hosts hosts={hosts} />
      </td>
      <td>{sudoOf(account.sudo)}</td>
      <td>
        <Said>{account.groups.join(', ')}</Said>
      </td>
      <td class="figure">{account.keys.length}</td>
      <td>
        {grants.map((each) => (
          <p key={each.grant} class="tight">
            <Said>{grantText(each)}</Said>
          </p>
        ))}
      </td>
      <td>
        {grants.map((each) => (
          <p key={each.grant} class="tight">
            <Said>{each.until ?? t('grants.noEnd')}</Said>
          </p>
        ))}
      </td>
    </tr>
  );
}

function sudoOf(sudo: GrantRow['account']['sudo']): string | preact.JSX.Element {
  switch (sudo.kind) {
    case 'none':
    case 'all':
      return t(`push.sudo.${sudo.kind}`);
    case 'commands':
      return <Said>{sudo.commands.join(', ')}</Said>;
  }
}

/** A sentence, in the reader's language: which grant, how it reaches the host, and who gave it. */
export function grantText({ grant, group, by }: GrantRow['grants'][number]): string {
  const way = group === null ? t('grants.byName') : t('grants.byGroup', { group });
  const person = by === null ? '' : t('grants.by', { by });
  return t('grants.grant', { n: grant, way: `${way}${person}` });
}

function Hosts({ hosts }: { hosts: readonly string[] }) {
  const named = <Said>{hosts.slice(0, HOSTS_NAMED).join(', ')}</Said>;
  if (hosts.length <= HOSTS_NAMED) return named;
  return (
    <details>
      <summary>
        {named} {t('choice.more', { n: hosts.length - HOSTS_NAMED })}
      </summary>
      <Said>{hosts.slice(HOSTS_NAMED).join(', ')}</Said>
    </details>
  );
}

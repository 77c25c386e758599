/**
 * For administrators: the accounts of the page with their roles, who is locked out and until when, and names that were tried but do not exist.
 * Nothing is done to an account before the question about it is answered.
 */
import { useEffect } from 'preact/hooks';
import { actor, mayAdminister } from '../actor.ts';
import { connection } from '../live.ts';
import { ColumnHeads } from '../parts/columnHeads.tsx';
import { Said } from '../parts/said.tsx';
import { Time } from '../parts/time.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { UserDialog } from '../parts/userDialog.tsx';
import { Wide } from '../parts/wide.tsx';
import {
  deed,
  logins,
  readUsers,
  ROLES,
  users,
  usersTrouble,
  type Lock,
  type Role,
  type UnknownName,
  type User,
} from '../users.ts';
import { t } from '../words/language.ts';

const LOOK_EVERY_MS = 5_000;

export function UsersPage() {
  useEffect(() => {
    if (!mayAdminister.value) return undefined;
    void readUsers();
    const timer = setInterval(() => {
      if (connection.value.state !== 'paused' && document.visibilityState === 'visible') void readUsers();
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [mayAdminister.value]);
  if (actor.value !== null && !mayAdminister.value) return <p>{t('users.notYou')}</p>;
  return (
    <>
      <h1>{t('nav.users')}</h1>
      {usersTrouble.value === null ? null : <Trouble error={usersTrouble.value} />}
      <Accounts list={users.value} />
      <UnknownNames />
      <UserDialog />
    </>
  );
}

function Accounts({ list }: { list: readonly User[] | null }) {
  if (list === null) return <p role="status">{t('list.loading')}</p>;
  return (
    <>
      <p>
        <button type="button" onClick={() => (deed.value = { kind: 'add' })}>
          {t('users.title.add')}
        </button>
      </p>
      {list.length === 0 ? <p>{t('users.none')}</p> : <AccountTable list={list} />}
    </>
  );
}

function AccountTable({ list }: { list: readonly User[] }) {
  const locks = logins.value?.locks ?? [];
  return (
    <Wide>
      <table class="users">
        <ColumnHeads columns={['name', 'role', 'locked', 'passwordSet', 'actions']} />
        <tbody>
          {list.map((user) => (
            <AccountRow
              key={user.name}
              user={user}
              locks={locks.filter(({ account }) => account === user.name)}
            />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function AccountRow({
  user: { name, role, passwordChangedAt },
  locks,
}: {
  user: User;
  locks: readonly Lock[];
}) {
  return (
    <tr data-account={name}>
      <th scope="row">
        <Said>{name}</Said>
      </th>
      <td>
        <RoleChoice name={name} role={role} />
      </td>
      <td>
        <Locks name={name} locks={locks} />
      </td>
      <td>
        <Time at={passwordChangedAt} />
      </td>
      <td>
        <span class="buttons">
          {(['password', 'rename', 'remove'] as const).map((kind) => (
            <button
              key={kind}
              type="button"
              class="small"
              aria-label={`${t(`users.do.${kind}`)} ${name}`}
              onClick={() => (deed.value = { kind, name })}
            >
              {t(`users.do.${kind}`)}
            </button>
          ))}
        </span>
      </td>
    </tr>
  );
}

/** Shows the role it has until the question is answered. */
function RoleChoice({ name, role }: { name: string; role: Role }) {
  return (
    <select
      aria-label={`${t('column.role')} ${name}`}
      value={role}
      onChange={(event) => {
        const chosen = event.currentTarget.value as Role;
        event.currentTarget.value = role;
        deed.value = { kind: 'role', name, role: chosen };
      }}
    >
      {ROLES.map((each) => (
        <option key={each} value={each}>
          {t(`role.${each}`)}
        </option>
      ))}
    </select>
  );
}

function Locks({ name, locks }: { name: string; locks: readonly Lock[] }) {
  if (locks.length === 0) return <span class="quiet">{t('users.notLocked')}</span>;
  return (
    <ul class="locks">
      {locks.map(({ source, tries, until }) => (
        <li key={source}>
          <span class="state bad">
            <span aria-hidden="true">✖</span> {t('users.lockedFrom', { source, tries })}
          </span>{' '}
          {t('users.ends')} <Time at={until} />{' '}
          <button
            type="button"
            class="small"
            aria-label={`${t('users.do.unlock')} ${name} ${source}`}
            onClick={() => (deed.value = { kind: 'unlock', name, source })}
          >
            {t('users.do.unlock')}
          </button>
        </li>
      ))}
    </ul>
  );
}

function UnknownNames() {
  const known = logins.value;
  if (known === null) return null;
  // In the order they came, so that no row moves when a name is tried again.
  const names = [...known.unknownNames].sort((a, b) => (a.firstAt < b.firstAt ? -1 : 1));
  return (
    <>
      <h2>{t('users.unknown')}</h2>
      <p class="quiet">{t('users.unknownWhy')}</p>
      {names.length === 0 ? <p>{t('list.empty')}</p> : <UnknownTable names={names} />}
      {known.impossibleNames === 0 ? null : <p>{t('users.impossible', { n: known.impossibleNames })}</p>}
    </>
  );
}

function UnknownTable({ names }: { names: readonly UnknownName[] }) {
  return (
    <Wide>
      <table class="users">
        <ColumnHeads columns={['name', 'tries', 'source', 'lastTry', 'nearest']} />
        <tbody>
          {names.map(({ name, tries, addresses, lastAt, nearest }) => (
            <tr key={name} data-unknown={name}>
              <th scope="row">
                <Said>{name}</Said>
              </th>
              <td class="figure">{tries}</td>
              <td>
                <Said>{addresses.join(', ')}</Said>
              </td>
              <td>
                <Time at={lastAt} />
              </td>
              <td>
                <Said>{nearest ?? '–'}</Said>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

/**
 * `user list`: the accounts with their locks, then the names that were tried and do not exist.
 * It shows the same in every format.
 */
import type { LockView, LoginsView } from '../server/loginDesk.ts';
import type { UnknownName } from '../server/unknownNames.ts';
import type { UserView } from '../server/userStore.ts';
import { apiPath } from './client.ts';
import { seconds } from './columns.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { visibleJson } from './output.ts';
import { printList, type ListDocument } from './print.ts';
import { tableLines, type Column } from './table.ts';

type UserRow = UserView & { readonly locks: readonly LockView[] };

const USER_COLUMNS: readonly Column<UserRow>[] = [
  { title: 'ACCOUNT', of: ({ name }) => name },
  { title: 'ROLE', of: ({ role }) => role },
  { title: 'LOCKED', of: ({ locks }) => locks.map(lockText).join('; ') },
  { title: 'PASSWORD SET', of: ({ passwordChangedAt }) => seconds(passwordChangedAt) },
  { title: 'CREATED', of: ({ createdAt }) => seconds(createdAt), wide: true },
];

const NAME_COLUMNS: readonly Column<UnknownName>[] = [
  { title: 'UNKNOWN NAME', of: ({ name }) => name },
  { title: 'TRIES', of: ({ tries }) => String(tries) },
  { title: 'FROM', of: ({ addresses }) => addresses.join(', ') },
  { title: 'SINCE', of: ({ firstAt }) => seconds(firstAt) },
  { title: 'LAST', of: ({ lastAt }) => seconds(lastAt) },
  { title: 'NEAREST ACCOUNT', of: ({ nearest }) => nearest ?? '' },
];

export async function listUsers(context: Context): Promise<number> {
  const { client, output, format } = context;
  const users = (await client.get(apiPath('users'))) as ListDocument<UserView>;
  const { item: logins } = (await client.get(apiPath('logins'))) as { item: LoginsView };
  const items = users.items.map((user) => ({
    ...user,
    locks: logins.locks.filter(({ account }) => account === user.name),
  }));
  const { unknownNames, impossibleNames } = logins;
  if (format === 'json') {
    output.data(visibleJson({ ...users, items, unknownNames, impossibleNames }));
    return EXIT.done;
  }
  printList(context, {
    document: { ...users, items },
    columns: USER_COLUMNS,
    nameOf: ({ name }) => name,
    whenEmpty: 'no accounts; garrison user add NAME makes one',
  });
  if (format === 'table' || format === 'wide') showUnknown(context, logins);
  return EXIT.done;
}

function showUnknown({ output }: Context, { unknownNames, impossibleNames }: LoginsView): void {
  if (unknownNames.length > 0) output.data(`\n${tableLines(unknownNames, NAME_COLUMNS, output).join('\n')}`);
  if (impossibleNames > 0)
    output.note(
      `${String(impossibleNames)} more tries with what no account could be called; those texts are not kept`,
    );
}

function lockText({ source, tries, until }: LockView): string {
  return `from ${source} until ${seconds(until)} after ${String(tries)} tries`;
}

/** What the question before a change of an account warns of: the own account, and the last administrator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warningsOf } from '../../src/page/userWarnings.ts';
import { en } from '../../src/page/words/en.ts';
import { zh } from '../../src/page/words/zh.ts';

type Accounts = readonly { readonly name: string; readonly role: string }[];
type Deed = Parameters<typeof warningsOf>[0];

const ALONE = [
  { name: 'ann', role: 'admin' },
  { name: 'bob', role: 'view' },
];
const TWO = [...ALONE, { name: 'eve', role: 'admin' }];

const cases: readonly (readonly [string, Deed, string, Accounts, readonly string[]])[] = [
  [
    'taking the role from oneself, the last',
    { kind: 'role', name: 'ann', role: 'view' },
    'user:ann',
    ALONE,
    ['ownRole', 'lastAdmin'],
  ],
  [
    'taking the role from oneself',
    { kind: 'role', name: 'ann', role: 'operate' },
    'user:ann',
    TWO,
    ['ownRole'],
  ],
  [
    'taking the role from the last, by a link',
    { kind: 'role', name: 'ann', role: 'view' },
    'page',
    ALONE,
    ['lastAdmin'],
  ],
  ['taking the role from another', { kind: 'role', name: 'ann', role: 'view' }, 'user:eve', TWO, []],
  ['keeping it', { kind: 'role', name: 'ann', role: 'admin' }, 'user:ann', ALONE, []],
  ['giving it', { kind: 'role', name: 'bob', role: 'admin' }, 'user:ann', ALONE, []],
  [
    'removing oneself, the last',
    { kind: 'remove', name: 'ann' },
    'user:ann',
    ALONE,
    ['ownSession', 'lastAdmin'],
  ],
  ['removing another', { kind: 'remove', name: 'bob' }, 'user:ann', ALONE, []],
  ['renaming oneself', { kind: 'rename', name: 'ann' }, 'user:ann', ALONE, ['ownSession']],
  ['the own password', { kind: 'password', name: 'ann' }, 'user:ann', ALONE, ['ownSession']],
  ['unlocking oneself', { kind: 'unlock', name: 'ann' }, 'user:ann', ALONE, []],
  ['adding', { kind: 'add' }, 'user:ann', ALONE, []],
];
for (const [what, deed, me, accounts, warned] of cases)
  test(`${what}: ${warned.join(' and ') || 'nothing'}`, () => {
    const keys = warningsOf(deed, { me, accounts });
    assert.deepEqual(
      keys,
      warned.map((each) => `users.warn.${each}`),
    );
    for (const key of keys) assert.notDeepEqual([en[key]], [zh[key]]);
  });

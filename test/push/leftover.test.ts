/** What is left over, and what a host's survey is read into: values in, values out. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'node:test';
import { parseAccountWish, type AccountWish } from '../../src/push/account.ts';
import {
  leftoversOf,
  noteKey,
  type LeftoverNote,
  type LeftoverNotes,
  type SurveyedHost,
} from '../../src/push/leftover.ts';
import { readSurvey, type OwnedAccount } from '../../src/push/survey.ts';

const owned = (name: string, more: Partial<OwnedAccount> = {}): OwnedAccount => ({
  ...{ name, state: 'ready', presence: 'ours', jobId: 'j-1', wasGranted: true, since: null, uid: 1000 },
  ...{ isLocked: false, lastLogin: null, processes: 0, running: [], sessions: 0, hasCrontab: false },
  ...{ filesElsewhere: null, archive: null },
  ...more,
});
const wants = (host: string, name: string): { host: string; account: AccountWish } => ({
  host,
  account: parseAccountWish({ name, keys: [] }),
});
const survey = (host: string, at: string, ...accounts: OwnedAccount[]): SurveyedHost => ({
  host,
  at,
  owned: accounts,
});

type Entry = readonly [key: string, note: LeftoverNote];

describe('leftovers', () => {
  it('are those that were granted and are no longer, since the first survey that found them so', () => {
    const accounts = [owned('lee'), owned('mia'), owned('bob', { wasGranted: false })];
    const first = leftoversOf([survey('web-1', 'T1', ...accounts)], [wants('web-1', 'mia')], {});
    assert.deepEqual(
      first.leftovers.map(({ account, kind, since }) => [account, kind, since]),
      [
        ['lee', 'leftover', 'T1'],
        ['bob', 'byHand', null],
      ],
    );
    const later = leftoversOf([survey('web-1', 'T2', ...accounts)], [wants('web-1', 'mia')], first.notes);
    assert.equal(later.leftovers[0]?.since, 'T1');
    const again = leftoversOf([survey('web-1', 'T3', ...accounts)], [wants('web-1', 'lee')], later.notes);
    assert.equal(
      again.notes[noteKey('web-1', 'lee')],
      undefined,
      'granted again: it was no leftover meanwhile',
    );
  });

  it('are never what is gone or somebody else has, but a removal that was cut short', () => {
    const accounts = [
      owned('a', { presence: 'absent' }),
      owned('b', { presence: 'other' }),
      owned('c', { presence: 'absent', state: 'removed' }),
      owned('d', { presence: 'absent', state: 'removing' }),
      owned('e', { presence: 'unknown' }),
    ];
    const { leftovers } = leftoversOf([survey('web-1', 'T1', ...accounts)], [], {});
    assert.deepEqual(
      leftovers.map(({ account }) => account),
      ['d', 'e'],
    );
  });

  it('never name what is wanted, keep each decision, and forget nothing of hosts that were not asked', () => {
    const names = ['lee', 'mia', 'a.b'];
    const decision = { what: 'keep', by: 'root', at: 'T0', reason: 'needed' } as const;
    fc.assert(
      fc.property(
        fc.subarray(names),
        fc.subarray(names),
        fc.subarray(names),
        fc.boolean(),
        (there, wished, decided, wasGranted) => {
          const notes: LeftoverNotes = Object.fromEntries([
            ...decided.map((name): Entry => [noteKey('web-1', name), { since: null, decision }]),
            [noteKey('web-10', 'lee'), { since: 'T0', decision: null }] satisfies Entry,
          ]);
          const seen = survey('web-1', 'T1', ...there.map((name) => owned(name, { wasGranted })));
          const wanted = [...wished.map((name) => wants('web-1', name)), wants('web-2', 'lee')];
          const found = leftoversOf([seen], wanted, notes);
          assert.deepEqual(
            found.leftovers.map(({ account }) => account),
            there.filter((name) => !wished.includes(name)),
          );
          for (const { account, decision: kept } of found.leftovers)
            assert.equal(kept !== null, decided.includes(account));
          assert.deepEqual(found.notes[noteKey('web-10', 'lee')], notes[noteKey('web-10', 'lee')]);
          const again = leftoversOf([{ ...seen, at: 'T2' }], wanted, found.notes);
          assert.deepEqual(again, found, 'a second look says the same');
        },
      ),
    );
  });
});

const TOLD = `account lee
state ready
job j-1
granted yes
since 2026-01-02T03:04:05Z
presence ours
uid 1001
locked no
expired no
lastLogin never
processes 2
sessions 1
process 17 \u001b[2Jsh
crontab yes
files 12
filesSearch part
others 1
damaged 0
untold 0
whole yes
`;

describe("a host's survey", () => {
  it('is read where it is whole', () => {
    const read = readSurvey(btoa(TOLD));
    assert.deepEqual([read?.others, read?.damaged, read?.untold], [1, 0, 0]);
    const lee = read?.owned[0];
    assert.deepEqual([lee?.processes, lee?.running, lee?.lastLogin], [2, ['17  [2Jsh'], 'never']);
    assert.deepEqual(lee?.filesElsewhere, { count: 12, isAtLeast: true });
  });

  it('is nothing where anything that counts is missing, impossible, torn or there twice', () => {
    for (const [from, to] of [
      ['whole yes\n', ''],
      ['account lee', 'account ../lee'],
      ['presence ours', 'presence mine'],
      ['state ready', 'state odd'],
      ['others 1', 'others -1'],
      ['others 1', 'account lee\nstate ready\npresence ours\nothers 1'],
    ] as const)
      assert.equal(readSurvey(btoa(TOLD.replace(from, to))), null, to);
    assert.equal(readSurvey('%'), null);
    assert.equal(readSurvey(''), null);
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.string(), (text) => void readSurvey(Buffer.from(text).toString('base64'))));
    fc.assert(fc.property(fc.string(), (text) => void readSurvey(text)));
  });
});

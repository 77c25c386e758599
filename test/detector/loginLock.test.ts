/** The lock of a login: what a try counts for, and for whom it never counts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  forget,
  ledgerOf,
  liveRow,
  locksOf,
  takeTry,
  type Ledger,
  type Try,
} from '../../src/detector/loginLock.ts';
import { nearestName, slipsBetween } from '../../src/detector/nearestName.ts';

const NO_ROWS = ledgerOf([]);
const RULES = { tries: 3, lockMs: 60_000 };
const betty = { account: 'betty1210', exists: true, source: '10.0.0.5' };

/** Tries in a row, from the first moment on; the ledger and the last verdict. */
function after(tries: readonly Try[], ledger: Ledger = NO_ROWS): { ledger: Ledger; verdicts: string[] } {
  const verdicts: string[] = [];
  let at = ledger;
  for (const tried of tries) {
    const { ledger: next, verdict } = takeTry(at, tried, RULES);
    verdicts.push(verdict);
    at = next;
  }
  return { ledger: at, verdicts };
}

const triesOf = (who: Omit<Try, 'atMs'>, times: readonly number[]): Try[] =>
  times.map((atMs) => ({ ...who, atMs }));

const anyTry = fc.record({
  account: fc.constantFrom('ann', 'betty1210', 'betty1211', 'chen'),
  source: fc.constantFrom('10.0.0.5', '10.0.0.6', '2001:db8::/64'),
  stepMs: fc.integer({ min: 0, max: 40_000 }),
});
const EXISTING = ['ann', 'betty1210'];

function history(steps: readonly { account: string; source: string; stepMs: number }[]): Try[] {
  let atMs = 0;
  return steps.map(({ account, source, stepMs }) => {
    atMs += stepMs;
    return { account, source, atMs, exists: EXISTING.includes(account) };
  });
}

describe('a lock', () => {
  test('begins with the try that is one too many, and ends by itself', () => {
    const { ledger, verdicts } = after(triesOf(betty, [0, 1, 2, 3]));
    assert.deepEqual(verdicts, ['open', 'open', 'open', 'locked']);
    assert.deepEqual(locksOf(ledger, 3), [
      { account: 'betty1210', source: '10.0.0.5', tries: 3, untilMs: 60_002 },
    ]);
    assert.equal(takeTry(ledger, { ...betty, atMs: 60_001 }, RULES).verdict, 'locked');
    assert.equal(takeTry(ledger, { ...betty, atMs: 60_002 }, RULES).verdict, 'open');
    assert.deepEqual(locksOf(ledger, 60_002), []);
  });
  test('is of that source alone: the same person gets in from elsewhere', () => {
    const { ledger } = after(triesOf(betty, [0, 1, 2]));
    assert.equal(takeTry(ledger, { ...betty, source: '10.0.0.6', atMs: 3 }, RULES).verdict, 'open');
  });
  test('is taken away by an unlock, of one source or of all', () => {
    const elsewhere = { ...betty, source: '10.0.0.6' };
    const { ledger } = after([...triesOf(betty, [0, 1, 2]), ...triesOf(elsewhere, [3, 4, 5])]);
    assert.deepEqual(
      locksOf(forget(ledger, 'betty1210', '10.0.0.5'), 6).map(({ source }) => source),
      ['10.0.0.6'],
    );
    assert.deepEqual(locksOf(forget(ledger, 'betty1210'), 6), []);
    assert.equal(locksOf(forget(ledger, 'betty121'), 6).length, 2);
  });
  test('begins anew after it: a row that is over is not gone on with', () => {
    const { ledger } = after(triesOf(betty, [0, 1, 2]));
    assert.equal(
      takeTry(ledger, { ...betty, atMs: 70_000 }, RULES).ledger.get('betty1210 10.0.0.5')?.tries,
      1,
    );
  });
});

describe('whatever is tried', () => {
  const runs = { numRuns: 500 };
  test('a name that is no account is never locked, and leaves nothing behind', () => {
    fc.assert(
      fc.property(fc.array(anyTry, { maxLength: 60 }), (steps) => {
        let ledger: Ledger = NO_ROWS;
        for (const tried of history(steps)) {
          const taken = takeTry(ledger, tried, RULES);
          if (!tried.exists) {
            assert.equal(taken.verdict, 'open');
            assert.equal(taken.ledger, ledger);
          }
          ledger = taken.ledger;
        }
        assert.ok([...ledger.values()].every(({ account }) => EXISTING.includes(account)));
      }),
      runs,
    );
  });
  test('a try during a lock does not extend it: it ends when it was said to', () => {
    fc.assert(
      fc.property(fc.array(anyTry, { maxLength: 80 }), (steps) => {
        let ledger: Ledger = NO_ROWS;
        for (const tried of history(steps)) {
          const before = liveRow(ledger, tried, RULES);
          const { ledger: next, verdict } = takeTry(ledger, tried, RULES);
          if (verdict === 'locked') assert.equal(next, ledger);
          else if (tried.exists) assert.ok((before?.tries ?? 0) < RULES.tries);
          for (const { untilMs } of locksOf(next, tried.atMs))
            assert.ok(untilMs - tried.atMs <= RULES.lockMs);
          ledger = next;
        }
      }),
      runs,
    );
  });
  test('others, and other sources, change nothing for somebody', () => {
    fc.assert(
      fc.property(fc.array(anyTry, { maxLength: 60 }), (steps) => {
        const all = history(steps);
        const mine = (one: Try): boolean => one.account === 'ann' && one.source === '10.0.0.5';
        const among = after(all).verdicts.filter((_, index) => mine(all[index]!));
        assert.deepEqual(among, after(all.filter(mine)).verdicts);
      }),
      runs,
    );
  });
  test('a new owner of a name inherits nothing', () => {
    fc.assert(
      fc.property(fc.array(anyTry, { maxLength: 60 }), (steps) => {
        const all = history(steps);
        const ledger = forget(after(all).ledger, 'ann');
        const atMs = all.at(-1)?.atMs ?? 0;
        for (const source of ['10.0.0.5', '10.0.0.6', '2001:db8::/64'])
          assert.equal(liveRow(ledger, { account: 'ann', source, atMs }, RULES), null);
      }),
      runs,
    );
  });
  test('the ledger is bounded, and a flood from elsewhere frees nobody', () => {
    let { ledger } = after(triesOf(betty, [0, 1, 2]));
    for (let number = 0; number < 3_000; number += 1) {
      const tried = { ...betty, source: `10.1.${String(number >> 8)}.${String(number & 255)}`, atMs: 10 };
      ledger = takeTry(ledger, tried, RULES).ledger;
    }
    assert.ok(ledger.size <= 1024, String(ledger.size));
    assert.equal(takeTry(ledger, { ...betty, atMs: 20 }, RULES).verdict, 'locked');
  });
});

describe('the nearest name', () => {
  const names = ['ann', 'betty1210', 'chen', 'chan', 'operator'];
  for (const [typed, nearest] of [
    ['betty1211', 'betty1210'],
    ['bety1210', 'betty1210'],
    ['ebtty1210', 'betty1210'],
    ['Betty1210x', 'betty1210'],
    ['opreatro', 'operator'],
    ['chne', 'chen'],
    ['bob', null],
    ['xy', null],
    ['', null],
    ['betty1', null],
    ['b'.repeat(10_000), null],
  ] as const) {
    test(`of ${typed.slice(0, 20)} is ${String(nearest)}`, () => {
      assert.equal(nearestName(typed, names), nearest);
    });
  }
  test('counts slips the same way both ways, and none for the same', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        assert.equal(slipsBetween(a, b, 99), slipsBetween(b, a, 99));
        assert.equal(slipsBetween(a, b, 99) === 0, a === b);
        assert.equal(slipsBetween(a, b, 3), Math.min(3, slipsBetween(a, b, 99)));
      }),
    );
  });
});

/** The guard's rules: a case for each, and random machines on which it must never approve a process that Garrison did not make. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GUARD_RULES, isPid, refusalOf } from '../../src/reconciler/guard.ts';
import { assertTable, GUARD_CASES, NO_PIDS } from '../support/guardCases.ts';
import { assertWorlds } from '../support/guardWorlds.ts';

describe('the guard', () => {
  for (const one of GUARD_CASES) {
    it(`${one.answer ?? 'lets pass'}: ${one.name}`, () => {
      assert.equal(refusalOf(one.order, one.around), one.answer);
    });
  }

  it('has a case for every rule', () => {
    const answered = new Set(GUARD_CASES.map(({ answer }) => answer));
    assert.deepEqual(
      Object.keys(GUARD_RULES).filter((rule) => !answered.has(rule as keyof typeof GUARD_RULES)),
      [],
    );
  });

  it('knows what cannot be a pid', () => {
    for (const value of NO_PIDS) assert.equal(isPid(value as number), false, String(value));
  });

  it('approves on no machine what is not of the tree that Garrison made, and on each what is', () => {
    assertWorlds(refusalOf, { numRuns: 400 });
  });

  it('would be found out if it refused everything, or nothing', () => {
    const runs = { numRuns: 5, seed: 1 };
    assert.throws(() => {
      assertWorlds(() => 'Gone', runs);
    }, /is ours/);
    assert.throws(() => {
      assertWorlds(() => null, runs);
    }, /it is in no table/);
    assert.throws(() => {
      assertTable(() => null);
    });
  });
});

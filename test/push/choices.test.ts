/** What a plan offers for somebody else's account: only what would not be refused in turn, and nothing where nothing is allowed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostFacts } from '../../src/push/hostFacts.ts';
import { planAccount } from '../../src/push/plan.ts';
import { accountOf, factsOf, markOf, OURS, TAKING, TOKEN, wishOf } from '../support/planScene.ts';

const choicesOf = (facts: HostFacts, wish: AccountWish = wishOf()): readonly string[] =>
  planAccount('push', wish, facts).choices ?? [];

describe('the choices of a plan', () => {
  it('are all three for an account that somebody else made', () => {
    assert.deepEqual(choicesOf(factsOf()), ['keysOnly', 'adopt', 'takeOver']);
    assert.deepEqual(choicesOf(factsOf(), wishOf({ keys: [] })), ['adopt', 'takeOver']);
  });
  it('are none where nothing is allowed: root, the account in use, another Garrison’s, ours, half made', () => {
    for (const facts of [
      factsOf({ isInUse: true }),
      factsOf({ account: accountOf({ uid: 0 }) }),
      factsOf({ mark: markOf({ mark: 'other' }) }),
      factsOf({ mark: markOf({ mark: 'damaged' }) }),
      factsOf({ mark: { ...OURS, state: 'creating' } }),
      factsOf({ mark: OURS }),
      factsOf({ mark: OURS, account: accountOf({ gecos: `garrison-${TOKEN}` }) }),
      factsOf({ account: null, place: { home: '/home/eva', isHomeTaken: false, isGroupTaken: false } }),
    ])
      assert.deepEqual(choicesOf(facts), [], JSON.stringify(facts));
    assert.equal(planAccount('revoke', wishOf(), factsOf()).choices, undefined);
  });
  it('leave a take-over out of the system’s, and all but a take-over where somebody locked it', () => {
    assert.deepEqual(choicesOf(factsOf({ account: accountOf({ uid: 33, homeOwner: 33 }) })), [
      'keysOnly',
      'adopt',
    ]);
    assert.deepEqual(choicesOf(factsOf({ account: accountOf({ isLocked: true }) })), ['takeOver']);
  });
  it('go on to a take-over by name where one was refused for what the account can become', () => {
    const taken = factsOf({ taking: { ...TAKING, privileges: 'wheel' } });
    const wish = wishOf({ claim: 'takeOver' });
    assert.equal(planAccount('push', wish, taken).reason, 'AccountPrivileged');
    assert.deepEqual(choicesOf(taken, wish), ['takeOver']);
    assert.deepEqual(choicesOf(taken, { ...wish, privileged: true }), []);
  });
  it('are never refused when they are made, whatever the host is like', () => {
    const bool = fc.boolean();
    const accounts = fc.record({
      ...{ uid: fc.constantFrom(0, 33, 1001), isLocked: bool, isExpired: bool, isLockBare: bool },
      ...{ gecos: fc.constantFrom('', `garrison-${TOKEN}`), keysFile: fc.constantFrom('file', 'odd') },
    });
    const marks = fc.constantFrom(markOf(), OURS, markOf({ mark: 'other' }), {
      ...OURS,
      claim: 'keysOnly' as const,
    });
    fc.assert(
      fc.property(accounts, marks, bool, (account, mark, isInUse) => {
        const facts = factsOf({
          isInUse,
          mark,
          account: accountOf({ ...account, homeOwner: account.uid }),
        });
        for (const claim of choicesOf(facts)) {
          const bare = { groups: [], shell: null, sudo: { kind: 'none' }, comment: '' } as const;
          const wish = wishOf({ ...(claim === 'keysOnly' ? bare : {}), claim: claim as 'adopt' });
          const asked = claim === 'takeOver' ? { ...facts, taking: TAKING } : facts;
          assert.notEqual(planAccount('push', wish, asked).verdict, 'conflict', claim);
        }
      }),
    );
  });
});

/** What a choice for somebody else's account must say to be one, and what it may not ask for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAccountWish, type AccountInput } from '../../src/push/account.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIpnLh3ZBRSYNMmN8DKJwC0Pl7Wq2dkrwFDRZ0i7WqRi eva';
const wish = (more: Partial<AccountInput>): object => parseAccountWish({ name: 'eva', keys: [KEY], ...more });

describe('a choice', () => {
  it('is in the wish, and a wish without one has no trace of it', () => {
    assert.ok(!('claim' in wish({})) && !('claim' in wish({ claim: 'none' })));
    assert.deepEqual(wish({ claim: 'adopt' }), { ...wish({}), claim: 'adopt' });
    const taken = { claim: 'takeOver', confirmed: 'eva' } as const;
    assert.deepEqual(wish(taken), { ...wish({}), claim: 'takeOver' });
    assert.deepEqual(wish({ ...taken, privileged: 'eva' }), {
      ...wish({}),
      ...{ claim: 'takeOver', privileged: true },
    });
  });

  for (const [what, more, says] of [
    ['a take-over that nobody confirmed', { claim: 'takeOver' }, /not confirmed by its name/],
    ['one confirmed by another name', { claim: 'takeOver', confirmed: 'eve' }, /not confirmed by its name/],
    [
      'one that names another privileged account',
      { claim: 'takeOver', confirmed: 'eva', privileged: 'root' },
      /another account than eva/,
    ],
    ['a confirmation of nothing', { confirmed: 'eva' }, /only with a take-over/],
    ['privilege without a take-over', { claim: 'adopt', privileged: 'eva' }, /only with a take-over/],
    ['keys only, and a group', { claim: 'keysOnly', groups: ['wheel'] }, /keys only, and yet groups/],
    ['keys only, and sudo', { claim: 'keysOnly', sudo: 'all' }, /keys only, and yet sudo/],
    ['keys only, and no key', { claim: 'keysOnly', keys: [] }, /keys only, and yet no key/],
  ] as const)
    it(`is refused as ${what}`, () => {
      assert.throws(() => wish(more), { code: 'ACCOUNT_INVALID', message: says });
    });
});

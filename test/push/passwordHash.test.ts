/** Which texts are taken for password hashes: what crypt(5) of today makes, and nothing that might be a password. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GarrisonError } from '../../src/errors.ts';
import { parseAccountWish } from '../../src/push/account.ts';
import { checkPasswordHash } from '../../src/push/passwordHash.ts';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const text = (from: number, to: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...Array.from(ALPHABET)), { minLength: from, maxLength: to })
    .map((chars) => chars.join(''));
const rounds = fc.constantFrom('', 'rounds=5000$', 'rounds=656000$');

const good = fc.oneof(
  fc.tuple(text(22, 22), text(43, 43)).map(([salt, hash]) => `$y$j9T$${salt}$${hash}`),
  fc.tuple(rounds, text(1, 16), text(86, 86)).map(([n, salt, hash]) => `$6$${n}${salt}$${hash}`),
  fc.tuple(rounds, text(1, 16), text(43, 43)).map(([n, salt, hash]) => `$5$${n}${salt}$${hash}`),
  fc.tuple(fc.constantFrom('05', '10', '12'), text(53, 53)).map(([cost, rest]) => `$2b$${cost}$${rest}`),
);

/** What the refusal says; it must hold nothing of what was given. */
function refusalOf(given: string): string {
  try {
    checkPasswordHash(given);
  } catch (error) {
    assert.ok(error instanceof GarrisonError && error.code === 'ACCOUNT_INVALID');
    assert.match(error.cure ?? '', /mkpasswd -m yescrypt.*openssl passwd -6/);
    return error.message;
  }
  return assert.fail(`${given} was taken`);
}

describe('a password hash', () => {
  it('of each strong method is taken as it is', () => {
    fc.assert(fc.property(good, (hash) => assert.equal(checkPasswordHash(hash), hash)));
    for (const method of ['-6', '-5'])
      checkPasswordHash(execFileSync('openssl', ['passwd', method, 'x'], { encoding: 'utf8' }).trim());
  });

  it('is refused with the way to make one when it is anything else, and never repeated', () => {
    const weak = ['-1', '-apr1'].map((method) =>
      execFileSync('openssl', ['passwd', method, 'x'], { encoding: 'utf8' }).trim(),
    );
    const others = [
      'hunter2hunter2',
      'ab01FAX.bQRSU',
      '!',
      '*',
      '!!',
      '',
      `eva:$6$abc$${'a'.repeat(86)}:1:::`,
    ];
    const damaged = [
      `$6$salt$${'a'.repeat(85)}`,
      `$5$rounds=1000$salt$${'a'.repeat(43)}`,
      '$y$j9T$$',
      '$2b$04$x',
    ];
    const trailing = [
      `$6$salt$${'a'.repeat(86)}\n`,
      `$6$salt$${'a'.repeat(86)} `,
      `$6$sa:lt$${'a'.repeat(86)}`,
    ];
    for (const given of [...weak, ...others, ...damaged, ...trailing, `$2a$10$${'a'.repeat(53)}`]) {
      const said = refusalOf(given);
      if (given.length > 2) assert.ok(!said.includes(given));
    }
    assert.match(refusalOf('correct horse battery staple'), /the password itself\?/);
  });

  it('of any other text is refused, and what is taken is a line without a colon', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          good,
          fc.tuple(good, fc.string()).map(([a, b]) => a + b),
        ),
        (given) => {
          try {
            assert.match(checkPasswordHash(given), /^\$[./$=A-Za-z0-9]+$/);
          } catch (error) {
            assert.ok(error instanceof GarrisonError);
            if (given.length > 12) assert.ok(!`${error.message} ${error.cure ?? ''}`.includes(given));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the wish of a password', () => {
  const hash = `$6$salt$${'a'.repeat(86)}`;
  it('holds that one is set, and not the hash', () => {
    const wish = parseAccountWish({ name: 'eva', keys: [], passwordHash: hash });
    assert.equal(wish.passwordHash, 'set');
    assert.ok(!JSON.stringify(wish).includes('salt'));
  });

  it('goes neither with an account that keeps its own nor with keys only', () => {
    for (const claim of ['adopt', 'keysOnly'] as const)
      assert.throws(
        () =>
          parseAccountWish({
            name: 'eva',
            keys: [`ssh-ed25519 ${'A'.repeat(68)}`],
            claim,
            passwordHash: hash,
          }),
        GarrisonError,
      );
    parseAccountWish({ name: 'eva', keys: [], claim: 'takeOver', confirmed: 'eva', passwordHash: hash });
  });
});

/** Public keys, made by the real ssh-keygen: whole ones are accepted, all else is refused without being repeated. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { GarrisonError } from '../../src/errors.ts';
import { parseAccountWish, parsePublicKeys } from '../../src/push/account.ts';

describe('public keys', () => {
  let folder = '';
  let key = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'garrison-keys-'));
    key = make('ed25519', '-t', 'ed25519');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const make = (name: string, ...options: string[]): string => {
    execFileSync('ssh-keygen', ['-q', ...options, '-N', '', '-C', `${name} key`, '-f', join(folder, name)]);
    return readFileSync(join(folder, `${name}.pub`), 'utf8').trim();
  };
  const refused = (text: string, words: RegExp): void => {
    assert.throws(
      () => parsePublicKeys(text, 'k.pub'),
      (error: unknown) => {
        assert.ok(error instanceof GarrisonError && error.code === 'KEY_INVALID');
        assert.match(error.message, words);
        for (const word of text.split(/\s+/)) {
          if (word.length > 30)
            assert.ok(
              !`${error.message}${error.cure ?? ''}`.includes(word.slice(0, 30)),
              'the text is not repeated',
            );
        }
        return true;
      },
    );
  };

  it('of every type OpenSSH makes are accepted', () => {
    const keys = [
      key,
      make('rsa', '-t', 'rsa', '-b', '2048'),
      make('e256', '-t', 'ecdsa', '-b', '256'),
      make('e384', '-t', 'ecdsa', '-b', '384'),
      make('e521', '-t', 'ecdsa', '-b', '521'),
    ];
    assert.deepEqual(
      parsePublicKeys(`\uFEFF# mine\r\n\r\n${keys.join('\r\n')}\n${key} again\n`, 'k.pub'),
      keys,
    );
  });

  it('that are private, weak, cut off, restricted or no keys at all are refused', () => {
    refused(readFileSync(join(folder, 'ed25519'), 'utf8'), /is a private key/);
    refused(make('weak', '-t', 'rsa', '-b', '1024'), /RSA key of 1024 bits/);
    refused(key.slice(0, 50), /line 1: .*cut off/);
    refused(`# x\n${key.replace('ssh-ed25519', 'ssh-rsa')}`, /line 2: .*another type/);
    refused(`from="10.0.0.1" ${key}`, /options in front/);
    refused('hello world', /line 1: not a public key/);
    refused('', /holds no public key/);
    refused(`ssh-dss AAAAB3NzaC1kc3M=`, /DSA/);
    refused(`ssh-ed25519 ${'A'.repeat(20_000)}`, /longer/);
    assert.throws(() => parseAccountWish({ name: 'ada', keys: [`${key}\nssh-rsa x`] }), GarrisonError);
  });

  it('have comments that cannot hurt', () => {
    assert.deepEqual(parsePublicKeys(`${key.split(' ', 2).join(' ')} a\u001b[2Jb é\u0007`, 'k'), [
      `${key.split(' ', 2).join(' ')} a?[2Jb ??`,
    ]);
  });

  it('never throw anything but a KEY_INVALID, whatever the text', () => {
    const damaged = fc
      .tuple(fc.nat(200), fc.string())
      .map(([at, text]) => key.slice(0, at) + text + key.slice(at));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), damaged), (text) => {
        try {
          for (const line of parsePublicKeys(text, 'k'))
            assert.match(line, /^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( [ -~]+)?$/);
        } catch (error) {
          assert.ok(error instanceof GarrisonError && error.code === 'KEY_INVALID', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Account wishes: what is accepted, what is refused and with which words; and that nothing unsafe ever gets through. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GarrisonError } from '../../src/errors.ts';
import { checkAccountWish, parseAccountWish, sudoFileName, sudoRule } from '../../src/push/account.ts';

const refused = (act: () => unknown, code: string, words: RegExp): void => {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof GarrisonError);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.ok((error.cure ?? '').length > 10, 'an error says what to do');
    return true;
  });
};

describe('an account wish', () => {
  it('is read with its defaults', () => {
    assert.deepEqual(parseAccountWish({ name: 'ada', keys: [] }), {
      ...{ name: 'ada', keys: [], groups: [], shell: null },
      ...{ sudo: { kind: 'none' }, comment: '' },
    });
    const wish = parseAccountWish({
      name: '_a.b-C9',
      keys: [],
      groups: ['x', 'x', 'y'],
      sudo: ' /bin/ls  -l , /usr/bin/id',
      comment: ' Ada L. ',
    });
    assert.deepEqual(wish.groups, ['x', 'y']);
    assert.deepEqual(wish.sudo, { kind: 'commands', commands: ['/bin/ls -l', '/usr/bin/id'] });
    assert.equal(wish.comment, 'Ada L.');
  });

  it('refuses names that are not user names, aliases of sudoers or the system’s own', () => {
    for (const name of [
      '',
      '9a',
      '-a',
      'a b',
      'a:b',
      'a.',
      'a/b',
      '../a',
      'é',
      'a'.repeat(33),
      'a\n',
      'a,b',
      '%a',
      'a$',
    ]) {
      refused(() => parseAccountWish({ name, keys: [] }), 'ACCOUNT_INVALID', /not a POSIX user name/);
    }
    for (const name of ['ALL', 'ADMINS', '_', 'A_9'])
      refused(() => parseAccountWish({ name, keys: [] }), 'ACCOUNT_INVALID', /alias/);
    for (const name of ['root', 'daemon', 'nobody', 'sshd', 'systemd-network']) {
      refused(() => parseAccountWish({ name, keys: [] }), 'ACCOUNT_INVALID', /system's own/);
    }
  });

  it('refuses what sudoers, passwd or a shell would read otherwise', () => {
    const bad = [
      '',
      'ls',
      '/bin/ls:',
      '/bin/ls *',
      '/bin/l?',
      '/bin/[ab]',
      '!/bin/su',
      '/bin/',
      '/',
      '/bin/sh "a"',
      '/bin/a=b',
      '/a\nb',
      '/a\\b',
      '/a #',
      '/bin/ls, ',
      'ALL',
      'all,/bin/ls',
      '/a ^x$',
      '/bin/ls $HOME',
      '/a (b)',
    ];
    for (const sudo of bad)
      refused(() => parseAccountWish({ name: 'ada', keys: [], sudo }), 'ACCOUNT_INVALID', /sudo/);
    for (const comment of ['a:b', 'a,b', 'a\nb', 'ä', 'x'.repeat(101)]) {
      refused(() => parseAccountWish({ name: 'ada', keys: [], comment }), 'ACCOUNT_INVALID', /comment/);
    }
    for (const shell of ['', 'bash', '/bin/ba sh', '/bin/sh;id', '/bin/', '/bin/sh\n']) {
      refused(() => parseAccountWish({ name: 'ada', keys: [], shell }), 'ACCOUNT_INVALID', /shell/);
    }
    for (const group of ['', 'a b', 'a,b', '-x', 'x.', 'a\n']) {
      refused(
        () => parseAccountWish({ name: 'ada', keys: [], groups: [group] }),
        'ACCOUNT_INVALID',
        /group name/,
      );
    }
  });

  it('lets no character through that is not meant to be there', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a\nb', '/x,/y *', '/bin/ls\t-l', 'x\u0000'),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (name, group, sudo, comment) => {
        try {
          const wish = parseAccountWish({
            name,
            keys: [],
            groups: [group],
            sudo,
            comment,
            shell: `/${group}`,
          });
          assert.match(wish.name, /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/);
          assert.match(
            sudoRule(wish.name, wish.sudo) ?? '',
            /^$|^[A-Za-z0-9_.-]+ ALL=\(ALL:ALL\) NOPASSWD: (ALL|[A-Za-z0-9._/+@%, -]+)$/,
          );
          assert.match(wish.comment, /^[ -9;-~]*$/);
        } catch (error) {
          assert.ok(error instanceof GarrisonError);
        }
      }),
      { numRuns: 2000 },
    );
    const command = fc.string({ minLength: 1 }).map((text) => `/${text}`);
    fc.assert(
      fc.property(command, (text) => {
        try {
          checkAccountWish({
            ...parseAccountWish({ name: 'ada', keys: [] }),
            sudo: { kind: 'commands', commands: [text] },
          });
          assert.match(text, /^\/[A-Za-z0-9._/+@% -]+$/);
        } catch (error) {
          assert.ok(error instanceof GarrisonError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives every account its own sudoers file, with a name that sudo reads', () => {
    assert.equal(sudoFileName('a.b'), 'garrison-a+2eb');
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/);
    fc.assert(
      fc.property(name, name, (one, two) => {
        assert.match(sudoFileName(one), /^garrison-[A-Za-z0-9_+-]+$/);
        assert.equal(sudoFileName(one) === sudoFileName(two), one === two);
      }),
    );
  });
});

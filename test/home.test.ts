/** Where the home folder is, and which folders are refused. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { prepareHome, resolveHome } from '../src/home.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'garrison-home-'));
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('--home, then GARRISON_HOME, then the place for root or for a user', () => {
  const env = { GARRISON_HOME: '/srv/g', XDG_STATE_HOME: '/x' };
  assert.equal(resolveHome({ flag: '/a/b', env, userId: 0 }), '/a/b');
  assert.equal(resolveHome({ flag: null, env, userId: 0 }), '/srv/g');
  assert.equal(resolveHome({ flag: null, env: {}, userId: 0 }), '/var/lib/garrison');
  assert.equal(resolveHome({ flag: null, env: { XDG_STATE_HOME: '/x' }, userId: 7 }), '/x/garrison');
  assert.equal(
    resolveHome({ flag: null, env: { XDG_STATE_HOME: 'x' }, userId: 7 }),
    join(homedir(), '.local/state/garrison'),
  );
});

test('a path too long for a socket is refused before anything is made', () => {
  assert.throws(() => resolveHome({ flag: `/${'é'.repeat(50)}`, env: {}, userId: 0 }), {
    code: 'HOME_UNUSABLE',
  });
});

test('a new home is 0700, whatever the umask', () => {
  const home = join(folder, 'a/b');
  prepareHome(home);
  assert.equal(statSync(home).mode & 0o777, 0o700);
  prepareHome(home);
});

test('a folder open to others, a link and a file are refused and left as they are', () => {
  const open = mkdtempSync(join(folder, 'open-'));
  chmodSync(open, 0o750);
  assert.throws(
    () => {
      prepareHome(open);
    },
    { code: 'HOME_UNUSABLE', cure: `chmod 700 ${open}` },
  );
  assert.equal(statSync(open).mode & 0o777, 0o750);
  const link = join(folder, 'link');
  symlinkSync(open, link);
  assert.throws(() => {
    prepareHome(link);
  }, /symbolic link/);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.throws(
    () => {
      prepareHome(file);
    },
    { code: 'HOME_UNUSABLE' },
  );
});

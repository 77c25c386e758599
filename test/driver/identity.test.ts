/** The key pair to log in with: made once, kept for ever. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureIdentity } from '../../src/driver/identity.ts';
import { tempHome } from '../support/tempHome.ts';

test('a key pair is made once, 0600, and found again, also without its public half', async (context) => {
  const file = join(tempHome(context), 'keys/id_ed25519');
  const made = await ensureIdentity(file);
  assert.match(made.publicKey, /^ssh-ed25519 [A-Za-z0-9+/=]+ garrison$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const secret = readFileSync(file, 'utf8');
  assert.deepEqual(await ensureIdentity(file), made);
  rmSync(`${file}.pub`);
  const [type, base64] = (await ensureIdentity(file)).publicKey.split(' ');
  assert.deepEqual([type, base64], made.publicKey.split(' ').slice(0, 2));
  assert.equal(readFileSync(file, 'utf8'), secret);
});

test('a key with a passphrase is refused with what to do', async (context) => {
  const file = join(tempHome(context), 'id');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret words', '-f', file]);
  rmSync(`${file}.pub`);
  await assert.rejects(ensureIdentity(file), { code: 'HOME_UNUSABLE', cure: /passphrase/ });
});

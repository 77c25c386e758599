/** The key and the agent that garrison.yaml names to log in with: what need be there, and what is made. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { loadConfig } from '../src/config.ts';
import { loginKeys } from '../src/driver/identity.ts';
import { tempHome } from './support/tempHome.ts';

it('with an agent no key file need be there, and none is made', async (t) => {
  const home = tempHome(t);
  const file = join(home, 'garrison.yaml');
  writeFileSync(file, 'ssh: { agent: run/agent.sock, identityFile: keys/none }\n');
  const { ssh, settings } = loadConfig({ home });
  assert.equal(ssh.agent, join(home, 'run/agent.sock'));
  assert.equal(ssh.identityFile, join(home, 'keys/none'));
  const told = settings.find(({ key }) => key === 'ssh.agent');
  assert.deepEqual([told?.value, told?.from], [join(home, 'run/agent.sock'), `${file}:1`]);
  assert.deepEqual(await loginKeys(ssh), []);
  assert.ok(!existsSync(ssh.identityFile));
  writeFileSync(join(home, 'garrison.yaml'), '{}\n');
  const plain = loadConfig({ home }).ssh;
  assert.equal(plain.agent, null);
  assert.match((await loginKeys(plain)).join('\n'), /^ssh-ed25519 \S+ garrison$/);
  assert.ok(existsSync(plain.identityFile));
});

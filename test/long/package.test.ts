/**
 * The package as it is handed on: packed, installed globally without any install script, and run from there.
 * It needs the npm registry, or what npm has kept of it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';

const CHECKOUT = new URL('../..', import.meta.url).pathname;
const run = promisify(execFile);

it(
  'the tarball of npm pack installs without a compiler and without install scripts, and runs',
  withParts(handOn),
);

async function handOn(parts: Parts): Promise<void> {
  const folder = tempHome(parts);
  const packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: CHECKOUT });
  const tarball = join(folder, packed.stdout.trim().split('\n').at(-1) ?? '');
  const { stdout: files } = await run('tar', ['tzf', tarball]);
  for (const file of ['dist/cli/main.js', 'npm-shrinkwrap.json', 'systemd/garrison-failed.sh'])
    assert.ok(files.split('\n').includes(`package/${file}`), file);
  const prefix = join(folder, 'prefix');
  const settings = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  // Whoever asks for a compiler all the same gets none.
  const env = { ...process.env, CC: '/bin/false', CXX: '/bin/false' };
  await run('npm', ['install', '--global', '--prefix', prefix, ...settings, tarball], { cwd: folder, env });
  const program = join(prefix, 'bin/garrison');
  assert.match((await run(program, ['version'])).stdout, /^garrison \d+\.\d+\.\d+ /);
  const garrison = await Garrison.start(parts, { program });
  assert.equal((await garrison.workers()).length, 4);
  const { stdout: steps } = await run(program, ['install', '--dry-run']);
  assert.match(steps, /would write \/etc\/systemd\/system\/garrison\.service/);
  assert.equal(await garrison.end(), 0);
}

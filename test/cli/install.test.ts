/**
 * `install` and `uninstall` of somebody who is not root: refused with the cure, and shown when asked for.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';

const PROGRAM = new URL('../../bin/garrison', import.meta.url).pathname;
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];
const skip = process.getuid?.() !== 0 && 'only root can become somebody else';

interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function asNobody(...args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    const command = [...NOBODY, process.execPath, PROGRAM, ...args];
    execFile('setpriv', command, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

for (const command of ['install', 'uninstall']) {
  it(`${command} is refused to all but root, with the cure`, { skip }, async () => {
    const { exitCode, stdout, stderr } = await asNobody(command);
    assert.deepEqual([exitCode, stdout], [4, '']);
    assert.match(stderr, new RegExp(`only root may[^]*garrison ${command} --dry-run`));
  });
}

it('--dry-run shows everybody the steps, as JSON too', { skip }, async () => {
  const { exitCode, stdout } = await asNobody('-o', 'json', 'install', '--dry-run');
  const { kind, item } = JSON.parse(stdout) as { kind: string; item: { dryRun: boolean; steps: string[] } };
  assert.deepEqual([exitCode, kind, item.dryRun], [0, 'Installation', true]);
  assert.ok(item.steps.includes('write /etc/systemd/system/garrison.service'));
});

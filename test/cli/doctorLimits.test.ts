/** `doctor` where much is withheld from it: as a user without rights, and with no pid left to start anything with. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../src/reconciler/finding.ts';
import { makePidsCgroup, whyNoPidsCgroup } from '../support/pidsCgroup.ts';
import type { CliEnd } from '../support/runCli.ts';
import { NOBODY } from '../support/selfTest.ts';
import { tempHome } from '../support/tempHome.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const DOCTOR = ['doctor', '-o', 'json'];
const isRoot = process.getuid?.() === 0;
const skip = !isRoot && 'only root can become somebody else';
/** What Node needs for itself when it is told to be content with little: itself and four threads. */
const LEAST_PIDS = 5;

interface Report {
  readonly state: string;
  readonly items: readonly Finding[];
  readonly well: readonly string[];
}

function run(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliEnd> {
  const [file = '', ...args] = command;
  const whole = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env };
  return new Promise((resolve) => {
    execFile(file, args, { cwd: '/', env: whole, timeout: 30_000 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

test(
  'as a user without rights it says what is hidden, blames nobody for it, and who to ask',
  { skip },
  async (t) => {
    const home = tempHome(t);
    writeFileSync(join(home, 'garrison.yaml'), 'workers: { count: 2 }\n');
    const as = ['setpriv', `--reuid=${String(NOBODY)}`, `--regid=${String(NOBODY)}`, '--clear-groups', '--'];
    const { exitCode, stdout, stderr } = await run([
      ...as,
      process.execPath,
      MAIN,
      '--home',
      home,
      ...DOCTOR,
    ]);
    assert.equal(stderr, '');
    const { items } = JSON.parse(stdout) as Report;
    const hidden = items.filter(({ code }) => code === 'NotSeen').map(({ what }) => what);
    for (const part of [
      /^The configuration: .*garrison\.yaml may not be read by this user/,
      /^The supervisor: /,
      /^Redis: /,
    ])
      assert.ok(
        hidden.some((what) => part.test(what)),
        `${String(part)} among ${hidden.join(' | ')}`,
      );
    const asked = items.find(({ what }) => what.startsWith('The configuration: '));
    assert.match(asked?.next ?? '', /^sudo .*garrison --home \S+ doctor$/);
    assert.ok(!items.some(({ code }) => code === 'ConfigInvalid' || code === 'SupervisorAway'));
    // The machine itself may be in want of something at this moment.
    const pressing = items.filter(({ weight }) => weight !== 'info');
    assert.equal(exitCode, pressing.length === 0 ? 0 : 1, JSON.stringify(pressing));
  },
);

test('with no pid left it gives its report, and says so first', { skip: whyNoPidsCgroup() }, async (t) => {
  const folder = makePidsCgroup(t, LEAST_PIDS);
  const home = tempHome(t);
  const script = 'echo $$ >"$0/cgroup.procs"; exec "$@"';
  const { exitCode, stdout, stderr } = await run(
    ['sh', '-c', script, folder, process.execPath, MAIN, '--home', home, ...DOCTOR],
    { UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '--v8-pool-size=0' },
  );
  assert.deepEqual([exitCode, stderr], [1, '']);
  const { items, well } = JSON.parse(stdout) as Report;
  const pids = items.find(({ code }) => code === 'PidsUsedUp');
  assert.equal(pids?.weight, 'critical', stdout);
  assert.match(pids.what, /^5 of 5 pids in the cgroup of this shell are used/);
  for (const part of [/^Disks have room|^Memory: /, /^Memory: /])
    assert.ok(well.some((line) => part.test(line)));
  const unstarted = items.find(({ what }) => what.includes("sshd's configuration"));
  if (existsSync('/usr/sbin/sshd')) {
    assert.equal(unstarted?.weight, 'info', stdout);
    assert.match(unstarted.what, /cannot start .*pids or memory used up/);
  }
});

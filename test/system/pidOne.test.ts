/**
 * Garrison as PID 1 of a process namespace, as in a container: every orphan there comes to it, strangers too.
 * All that have ended are reaped; a stranger that lives is left alone.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { childrenOf } from '../../src/driver/children.ts';
import { readProcStat } from '../../src/proc.ts';
import { runCommand } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const PROGRAM = new URL('../../bin/garrison', import.meta.url).pathname;
const STRANGERS = 200;

const leaks = watchForLeaks();
after(() => leaks.assertNone());

it(
  'as PID 1 it reaps every orphan that has ended, and leaves a stranger that lives alone',
  withParts(pidOne),
);

async function pidOne(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  writeFileSync(join(home, 'garrison.yaml'), 'page: { listen: "127.0.0.1:0" }\nworkers: { count: 1 }\n');
  const inNamespace = ['--pid', '--mount', '--fork', '--mount-proc', '--kill-child=KILL', '--'];
  const outer = spawn('unshare', [...inNamespace, process.execPath, PROGRAM, '--home', home, 'up'], {
    stdio: 'ignore',
  });
  const ended = once(outer, 'exit');
  const init = await until('it was started', () => childrenOf(outer.pid ?? 0)[0]);
  parts.after(async () => {
    if (outer.exitCode === null && outer.signalCode === null) process.kill(init, 'SIGTERM');
    await ended;
  });
  const isWell = async (): Promise<boolean> => (await runCommand(['--home', home, 'status'])).exitCode === 0;
  await until('garrison is well', isWell, { deadlineMs: 30_000, everyMs: 100 });
  const inside = (script: string): void => {
    execFileSync('nsenter', ['-t', String(init), '-p', '-m', 'sh', '-c', script], { stdio: 'ignore' });
  };
  const before = new Set(childrenOf(init));
  const strangers = (): number[] => childrenOf(init).filter((pid) => !before.has(pid));
  // They end when all have been seen, however long a slow machine takes to start them.
  inside(`i=0; while [ $i -lt ${String(STRANGERS)} ]; do sleep 600 & i=$((i+1)); done; exit 0`);
  await until('they came to it', () => strangers().length === STRANGERS);
  const ending = strangers();
  inside('sleep 600 & exit 0');
  await until('one more came to it', () => strangers().length === STRANGERS + 1);
  for (const pid of ending) process.kill(pid, 'SIGKILL');
  await until('all but the one that lives are gone', () => strangers().length === 1);
  const said = await runCommand(['--home', home, 'reap']);
  assert.equal(said.exitCode, 0, said.stderr);
  const [stranger] = strangers();
  assert.equal(readProcStat(stranger ?? 0)?.state, 'S', 'the stranger that lives is left alone');
}

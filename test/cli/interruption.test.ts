/** What is left when somebody presses Ctrl-C, closes the pipe or the terminal, or fills the disk: never a false success. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { standAsTcp, standFor } from '../support/otherSupervisors.ts';
import { runCli, shellLine, startCli, typeOnTerminal, type CliEnd } from '../support/runCli.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor();
});
afterEach(() => fake.end());

/** Shows how the command ended, and whether the terminal is as it was before. */
async function typed(
  args: readonly string[],
  keys: { after: string; keys: string },
): Promise<{ code: number; shown: string }> {
  // The shell gets Ctrl-C, too, and is to outlive it.
  const line = `trap : INT; before=$(stty -g); ${shellLine([...args, '--home', fake.home])}; echo "ended with $?"; test "$before" = "$(stty -g)" && echo restored`;
  const { stdout } = await typeOnTerminal(line, keys);
  assert.match(stdout, /^restored\r?$/m, stdout);
  return { code: Number(/^ended with (\d+)/m.exec(stdout)?.[1]), shown: stdout };
}

describe('on a terminal', () => {
  test('Ctrl-C at a question is 130, the end of input a no, and nothing is done', async () => {
    fake.door.interrupts = ['job j-1 on push-1'];
    const [interrupted, ended] = await Promise.all(
      [CTRL_C, CTRL_D].map((keys) => typed(['stop', 'push-1'], { after: '[y/N]', keys })),
    );
    assert.deepEqual([interrupted!.code, ended!.code], [130, 4], interrupted!.shown + ended!.shown);
    assert.match(interrupted!.shown, /garrison: interrupted: nothing was done\r\n {2}next: /);
    assert.match(ended!.shown, /not confirmed, nothing was done/);
    assert.deepEqual(fake.door.operations, []);
  });
  test('Ctrl-C at a password is 130, and the terminal shows what is typed again', async () => {
    const { code, shown } = await typed(['user', 'add', 'alice'], { after: ': ', keys: `secret${CTRL_C}` });
    assert.equal(code, 130, shown);
    assert.ok(!shown.includes('secret'));
  });
  test('Ctrl-C while it waits is 130, with the id of what goes on', async () => {
    const { code, shown } = await typed(['quiet', 'push-1'], { after: 'quiet push-1:', keys: CTRL_C });
    assert.equal(code, 130, shown);
    assert.match(
      shown,
      /no longer waiting; operation (\S+) goes on: .*\r\n {2}next: .*garrison --home \S+ describe operation \1/,
    );
  });
});

describe('a signal', () => {
  test('before the supervisor has answered leaves it open whether it took the action', async (context) => {
    const home = tempHome(context);
    const other = await standFor(home, () => undefined);
    try {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        const { child, ended } = startCli(['reap', '--home', home]);
        await until('it has asked', () => other.asked.pop() === 'POST /api/v1/operations');
        child.kill(signal);
        const { exitCode, stderr } = await ended;
        assert.equal(exitCode, 130, stderr);
        assert.match(
          stderr,
          /whether it took this is not known\n {2}next: .*garrison --home \S+ get operations/,
        );
      }
    } finally {
      await other.end();
    }
  });
});

describe('a supervisor that took the request', () => {
  const knocked =
    'HTTP/1.1 200 OK\r\ngarrison-version: 0.1.0\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n';
  test('and fell silent or hung up is no success, and nobody says that nothing was done', async (context) => {
    const ends = await Promise.all(
      ['silent', 'gone'].map(async (then) => {
        const home = tempHome(context);
        let connections = 0;
        const other = await standAsTcp(home, (socket) => {
          connections += 1;
          if (connections === 1) socket.end(knocked);
          else if (then === 'gone') socket.once('data', () => socket.destroy());
        });
        const ended = await runCli(['reap', '--home', home]);
        await other.end();
        return ended;
      }),
    );
    assert.deepEqual(
      ends.map(({ exitCode }) => exitCode),
      [124, 7],
      JSON.stringify(ends),
    );
    for (const { stderr } of ends)
      assert.match(
        stderr,
        /^garrison: .*whether it took what was asked is not known.*\n {2}next: .* get operations\n$/,
      );
    assert.match(ends[0]!.stderr, /no news for \d+ s: /);
  });
});

describe('output', () => {
  const shell = (line: string): Promise<CliEnd> =>
    new Promise((resolve) => {
      execFile('bash', ['-c', line], (error, stdout, stderr) => {
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });
  const line = (...args: string[]): string => shellLine([...args, '--home', fake.home]);
  test('to a reader that has gone ends both without a word', async () => {
    fake.door.afterOperation = ({ id }) => {
      fake.door.endOperation(id, { state: 'done' });
    };
    for (let index = 0; index < 3000; index += 1) fake.door.jobs.push(fake.door.job0(`j-${String(index)}`));
    const [look, act] = await Promise.all([
      shell(`${line('get', 'jobs')} | head -1; exit "\${PIPESTATUS[0]}"`),
      shell(`${line('reap')} | true; exit "\${PIPESTATUS[0]}"`),
    ]);
    assert.deepEqual([look.exitCode, look.stderr], [0, '']);
    assert.equal(look.stdout.split('\n').length, 2);
    assert.deepEqual([[0, 130].includes(act.exitCode ?? -1), act.stderr], [true, '']);
  });
  test('to a full disk says so, and is no success', async () => {
    fake.door.afterOperation = ({ id }) => {
      fake.door.endOperation(id, { state: 'done' });
    };
    const [look, act] = await Promise.all([
      shell(`${line('get', 'workers')} >/dev/full`),
      shell(`${line('reap')} >/dev/full`),
    ]);
    assert.deepEqual([look.exitCode, act.exitCode], [4, 1], look.stderr + act.stderr);
    for (const { stderr } of [look, act])
      assert.match(stderr, /^garrison: the output cannot be written: ENOSPC.*\n {2}next: .*\n$/);
  });
});

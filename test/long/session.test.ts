/**
 * The session test: an operator's SSH session into a host that also runs the whole of Garrison, the only way in.
 * Whatever happens to Garrison, whatever it is told to do, the session stays and its shell answers.
 */
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchForLeaks } from '../support/leaks.ts';
import { startOwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { SshSession } from '../support/sshSession.ts';
import { until } from '../support/until.ts';

const PROGRAM = new URL('../../bin/garrison', import.meta.url).pathname;
const CHECKOUT = new URL('../..', import.meta.url).pathname;
const GARRISON = `${process.execPath} ${PROGRAM} --home /tmp/garrison`;
/** The shell, its sshd and when that one started. */
const WHO_AM_I = 'echo "$$ $PPID $(cut -d" " -f22 /proc/$PPID/stat)"';
const MATRIX_WITHIN_MS = 400_000;
const ASKED_EVERY_MS = 1_000;
const ON_CALL = [
  'status',
  'get workers',
  'get zombies',
  'get incidents',
  'describe worker push-1',
  'why push-1',
  'doctor',
  'reap',
  'reload',
  'quiet push-1 --yes',
  'start push-1 --yes',
  'restart push-1 --yes',
  'stop push-1 --yes',
  'start push-1 --yes',
  'jobs',
  'check web-1',
  'trust web-1 --yes',
  'push eva --to web-1',
  'plan eva --to web-1 --no-wait',
  'sync --to web-1 --no-wait',
  'leftovers --on web-1',
  'leftovers keep eva --on web-1 --reason test',
  'leftovers lock eva --on web-1',
  'leftovers remove none --on web-1 --yes',
  'undo p-none --yes',
  'secrets status',
  'revoke eva --from web-1',
  'logs j-none',
  'retry j-none',
  'cancel j-none',
  'heal container/none --yes',
  'restart docker',
  'recover --yes',
  'quarantine list',
  'quarantine clear none',
  'maintenance on --for 5m',
  'maintenance list',
  'maintenance off',
  'config check',
  'token list',
  'user list',
  'completion bash',
  'man',
  'user unlock none',
  'sign-in',
  'import jumpserver --url https://127.0.0.1:1 --token-file /nonexistent',
  'install --dry-run',
  'uninstall --dry-run',
  'version',
  'help',
];

const leaks = watchForLeaks();
after(() => leaks.assertNone());

it('an SSH session stays open through the fault matrix that runs inside it', withParts(faultMatrix));

it(
  'an SSH session stays open through stops and kills of every worker, a zombie flood, every command and kill -9 of all of Garrison',
  withParts(session),
);

/** The whole matrix, supervisors and all, among the descendants of the operator's own shell. */
async function faultMatrix(parts: Parts): Promise<void> {
  const operator = await openSession(parts);
  const before = await operator.ask(WHO_AM_I);
  const tests = `${process.execPath} --import tsx --test --test-reporter tap test/system/faults.test.ts`;
  await operator.ask(`cd ${CHECKOUT} && { ${tests} >/tmp/faults.out 2>&1; echo $? >/tmp/faults.exit; } &`);
  const untilMs = performance.now() + MATRIX_WITHIN_MS;
  while ((await operator.ask('test -e /tmp/faults.exit && echo ended')) !== 'ended') {
    assert.equal(await operator.ask(WHO_AM_I), before, 'the same shell under the same sshd');
    assert.ok(performance.now() < untilMs, await operator.ask('tail -40 /tmp/faults.out'));
    await sleep(ASKED_EVERY_MS);
  }
  const said = await operator.ask('cat /tmp/faults.out');
  assert.equal(await operator.ask('cat /tmp/faults.exit'), '0', said);
  assert.match(said, /^# skipped 0$/m);
  assert.equal(await operator.ask(WHO_AM_I), before);
}

async function openSession(parts: Parts): Promise<SshSession> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts;
  assert.ok(host);
  const operator = await SshSession.open(parts, host, { identityFile: own.login.identityFile });
  // Practice hosts have a /tmp of their own, which hides a checkout that lies there.
  const sees = await operator.ask(`test -e ${PROGRAM} && echo yes`);
  assert.equal(
    sees,
    'yes',
    `${PROGRAM} is not visible inside a practice host: run this from a checkout outside /tmp`,
  );
  return operator;
}

async function session(parts: Parts): Promise<void> {
  const operator = await openSession(parts);
  const before = await operator.ask(WHO_AM_I);
  await operator.ask(
    `mkdir -m 700 /tmp/garrison; printf 'page: { listen: "127.0.0.1:0" }\\nworkers: { count: 2 }\\n' >/tmp/garrison/garrison.yaml`,
  );
  await operator.ask(`${GARRISON} up >/tmp/garrison.log 2>&1 & echo $! >/tmp/garrison.pid`);
  const isWell = async (): Promise<boolean> => /: well/.test(await operator.ask(`${GARRISON} status`));
  await until('garrison is well', isWell, { deadlineMs: 60_000, everyMs: 200 });
  const supervisor = await operator.ask('cat /tmp/garrison.pid');
  const workers = `$(cat /proc/${supervisor}/task/${supervisor}/children)`;

  // A flood of zombies under parents that do not wait, and orphans with it.
  await operator.ask(
    `for i in $(seq 60); do sh -c 'sleep 0.01 & exec sleep 20' & done; for i in $(seq 60); do (sleep 0.05 &); done`,
  );
  // Faults, each to everything that the supervisor has started.
  for (const signal of ['STOP', 'CONT', 'KILL']) {
    await operator.ask(`for child in ${workers}; do kill -${signal} $child; done; sleep 1`);
    assert.equal(await operator.ask(WHO_AM_I), before);
  }
  await until('garrison is well again', isWell, { deadlineMs: 60_000, everyMs: 200 });
  const help = await operator.ask(`${GARRISON} --help`);
  const verbs = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}(\S+)/gm)].map(([, verb]) => verb);
  const asked = new Set(['up', ...ON_CALL.map((command) => command.split(' ')[0])]);
  assert.deepEqual(
    verbs.filter((verb) => !asked.has(verb)),
    [],
    'a command that is not tried here',
  );
  for (const command of ON_CALL) {
    const said = await operator.ask(`${GARRISON} ${command}; echo "exit $?"`, 90_000);
    assert.doesNotMatch(said, /exit (7|64|255)$/, `${command}: ${said}`);
    assert.equal(await operator.ask(WHO_AM_I), before, command);
  }
  await operator.ask(`all="${supervisor} ${workers}"; kill -9 $all`);
  const gone = async (): Promise<boolean> =>
    (await operator.ask(
      `ps -eo stat=,args= | grep -E '^[^Z].*(garrison|redis-server)' | grep -v grep | wc -l`,
    )) === '0';
  await until('all of Garrison is gone', gone, { everyMs: 200 });
  assert.equal(await operator.ask(WHO_AM_I), before, 'the same shell under the same sshd');
}

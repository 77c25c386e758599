/** Accounts of the page on the command line: passwords that nobody sees, and who is locked out. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { runCli, type CliEnd } from '../support/runCli.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';
import { addUser, PASSWORD, Visitor } from '../support/visitor.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let fake: FakeSupervisor;
let secret: string;
beforeEach(async () => {
  fake = await startFakeSupervisor(undefined, { login: { tries: 3, lockMs: 900_000, explainTo: [] } });
  secret = join(fake.home, 'secret');
  writeFileSync(secret, `${PASSWORD}\nmore\n`, { mode: 0o600 });
});
afterEach(() => fake.end());

const cli = (...args: string[]): Promise<CliEnd> => runCli([...args, '--home', fake.home]);

/** On a terminal: types an answer after each question that ends so. */
function onTerminal(
  args: readonly string[],
  answers: readonly string[],
): Promise<{ exitCode: number | null; shown: string }> {
  const command = [process.execPath, MAIN, ...args, '--home', fake.home].map((part) => `'${part}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  let next = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (/: $/.test(shown) && next < answers.length) child.stdin.write(`${answers[next++]!}\r`);
  });
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, shown })));
}

describe('user add', () => {
  test('takes the password from a file that only its owner reads, and never as an argument', async () => {
    const added = await cli(
      'user',
      'add',
      'ann',
      '--role',
      'admin',
      '--password-file',
      secret,
      '--reason',
      'on call',
    );
    assert.deepEqual([added.exitCode, added.stdout], [0, '']);
    assert.match(added.stderr, /account ann may sign in to the page with role admin/);
    assert.equal((await new Visitor(fake).signIn('ann')).status, 303);
    assert.equal(fake.door.journal[0]?.['reason'], 'on call');
    writeFileSync(join(fake.home, 'open'), PASSWORD, { mode: 0o644 });
    const open = await cli('user', 'add', 'bob', '--password-file', join(fake.home, 'open'));
    assert.equal(open.exitCode, 64);
    assert.match(open.stderr, /can be read by other users\n.*chmod 600/);
    const argument = await cli('user', 'add', 'bob', PASSWORD);
    assert.equal(argument.exitCode, 64);
    const unasked = await cli('user', 'add', 'bob');
    assert.equal(unasked.exitCode, 64);
    assert.match(unasked.stderr, /--password-file/);
  });
  test('asks twice on a terminal, and shows nothing of it', async () => {
    const good = await onTerminal(
      ['user', 'add', 'ann'],
      ['x\u0015correct hotse\u007f\u007f\u007frse battery', PASSWORD],
    );
    assert.equal(good.exitCode, 0, good.shown);
    assert.ok(!good.shown.includes('battery'));
    assert.equal((await new Visitor(fake).signIn('ann')).status, 303);
    const other = await onTerminal(['user', 'add', 'bob'], [PASSWORD, 'something else']);
    assert.equal(other.exitCode, 64);
    assert.match(other.shown, /the two are not the same; nothing was done/);
    const left = await onTerminal(['user', 'add', 'bob'], ['half a pass\u0003']);
    assert.notEqual(left.exitCode, 0);
  });
  test('says what is wrong with a name or a password', async () => {
    const name = await cli('user', 'add', 'Ann', '--password-file', secret);
    assert.deepEqual([name.exitCode, /small letters/.test(name.stderr)], [64, true]);
    writeFileSync(secret, 'short\n');
    const short = await cli('user', 'add', 'ann', '--password-file', secret);
    assert.match(short.stderr, /has 5 characters; it needs 12 or more\n {2}next: a few words in a row/);
  });
  test('works where no supervisor runs, and then only there', async (t) => {
    const home = tempHome(t);
    const added = await runCli(['user', 'add', 'ann', '--password-file', secret, '--home', home]);
    assert.equal(added.exitCode, 0, added.stderr);
    assert.match(added.stderr, /no supervisor runs in/);
    assert.match(
      readFileSync(join(home, 'journal.jsonl'), 'utf8'),
      /"event":"user","verb":"add","user":"ann"/,
    );
    const twice = await runCli(['user', 'add', 'ann', '--password-file', secret, '--home', home]);
    assert.equal(twice.exitCode, 1);
    const later = await startFakeSupervisor(home);
    assert.equal((await new Visitor(later).signIn('ann')).status, 303);
    await later.server.close();
  });
});

describe('user list', () => {
  test('shows accounts, locks with their end, and unknown names with the account that was near', async () => {
    const empty = await cli('user', 'list');
    assert.match(empty.stderr, /no accounts; garrison user add NAME/);
    await addUser(fake, 'betty1210', 'operate');
    const visitor = new Visitor(fake);
    for (let turn = 0; turn < 3; turn += 1) await visitor.signIn('betty1210', 'a wrong password');
    for (let turn = 0; turn < 2; turn += 1) await visitor.signIn('betty1211', 'a wrong password');
    await visitor.signIn('what is this?', 'a wrong password');
    const { stdout, stderr } = await until('they are remembered', async () => {
      const end = await cli('user', 'list');
      return end.stdout.includes('betty1211') && end.stderr !== '' ? end : false;
    });
    assert.match(stdout, /^ACCOUNT +ROLE +LOCKED +PASSWORD SET\n/);
    assert.match(stdout, /\nbetty1210 +operate +from 127\.0\.0\.1 until \S+Z after 3 tries +\S+Z\n/);
    assert.match(stdout, /\nUNKNOWN NAME +TRIES +FROM +SINCE +LAST +NEAREST ACCOUNT\n/);
    assert.match(stdout, /\nbetty1211 +2 +127\.0\.0\.1 +\S+Z +\S+Z +betty1210\n/);
    assert.match(stderr, /1 more tries with what no account could be called/);
    const document = JSON.parse((await cli('user', 'list', '-o', 'json')).stdout) as {
      items: { name: string; locks: unknown[] }[];
      unknownNames: { name: string }[];
    };
    assert.deepEqual([document.items[0]?.locks.length, document.unknownNames[0]?.name], [1, 'betty1211']);
  });
});

describe('user unlock and the others', () => {
  test('end a lock, or say that there is none to end', async () => {
    await addUser(fake, 'betty1210');
    const visitor = new Visitor(fake);
    for (let turn = 0; turn < 3; turn += 1) await visitor.signIn('betty1210', 'a wrong password');
    const elsewhere = await cli('user', 'unlock', 'betty1210', '--from', '10.0.0.5');
    assert.match(elsewhere.stderr, /betty1210 was not locked/);
    const ended = await cli('user', 'unlock', 'betty1210', '--from', '127.0.0.1', '--reason', 'she called');
    assert.deepEqual([ended.exitCode, /unlocked: 1 lock ended/.test(ended.stderr)], [0, true]);
    assert.equal((await visitor.signIn('betty1210')).status, 303);
    const unknown = await cli('user', 'unlock', 'betty1211');
    assert.equal(unknown.exitCode, 1);
    assert.match(unknown.stderr, /no account betty1211.*\n.*never locked/);
    assert.equal((await cli('user', 'unlock', 'betty1210', '--from', 'home')).exitCode, 64);
  });
  test('change a role, a password and a name, and remove', async () => {
    await addUser(fake, 'ann');
    assert.equal((await cli('user', 'role', 'ann', '--role', 'admin')).exitCode, 0);
    assert.equal((await cli('user', 'role', 'ann')).exitCode, 64);
    writeFileSync(secret, `${PASSWORD}2\n`);
    assert.equal((await cli('user', 'passwd', 'ann', '--password-file', secret)).exitCode, 0);
    assert.equal((await cli('user', 'rename', 'ann', 'anna')).exitCode, 0);
    assert.equal((await new Visitor(fake).signIn('anna', `${PASSWORD}2`)).status, 303);
    assert.match((await cli('user', 'list', '-o', 'name')).stdout, /^anna\n$/);
    assert.equal((await cli('user', 'remove', 'anna', '--reason', 'left & gone')).exitCode, 0);
    assert.equal(fake.door.journal.at(-1)?.['reason'], 'left & gone');
    assert.equal((await cli('user', 'remove', 'anna')).exitCode, 1);
  });
});

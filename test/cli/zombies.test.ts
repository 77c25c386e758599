/** `get zombies`, `describe zombie`, `reap` and what `status` says of zombies, as people and scripts see them. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { zombieView } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { runCli, type CliEnd } from '../support/runCli.ts';

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor();
});
afterEach(() => fake.end());

const cli = (...args: string[]): Promise<CliEnd> => runCli([...args, '--home', fake.home]);
const IN_CONTAINER = { pid: 31900, name: 'gunicorn', container: '0123456789ab' };

describe('get zombies', () => {
  test('fits a terminal of 80 columns, and says below what to do, once for each parent', async () => {
    const advice = 'It is dead. Set "init: true" (tini).';
    fake.door.zombies = [
      zombieView(30011),
      zombieView(30012),
      zombieView(30013, { owner: 'container', parent: IN_CONTAINER, advice }),
    ];
    const { stdout, stderr, exitCode } = await cli('get', 'zombies');
    assert.equal(exitCode, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(lines[0]!.split(/ +/), ['PID', 'NAME', 'OWNER', 'SINCE', 'PARENT', 'CONTAINER']);
    assert.equal(lines.length, 4);
    for (const line of lines) assert.ok(line.length <= 80, `${String(line.length)}: ${line}`);
    assert.match(lines[3]!, /^30013 +celery +container +2025-01-02T03:04:05Z +gunicorn 31900 +0123456789ab$/);
    assert.match(stderr, /Zombies are dead and harmless: .* Do not kill them or their parents\./);
    assert.match(stderr, /^cron 812, 2: It is dead and harmless\.$/m);
    assert.match(stderr, /^gunicorn 31900 in 0123456789ab, 1: It is dead\. Set "init: true" \(tini\)\.$/m);
  });
  test('comes in every format, and never as bare numbers that a pipe could make use of', async () => {
    fake.door.zombies = [zombieView(11), zombieView(12, { owner: 'container', parent: IN_CONTAINER })];
    const [json, jsonl, name, wide, filtered, singular] = await Promise.all([
      cli('get', 'zombies', '-o', 'json'),
      cli('get', 'zombies', '-o', 'jsonl'),
      cli('get', 'zombies', '-o', 'name'),
      cli('get', 'zombies', '-o', 'wide'),
      cli('get', 'zombies', '--state', 'container', '-o', 'name'),
      cli('get', 'zombie', '-o', 'name'),
    ]);
    const document = JSON.parse(json.stdout) as { kind: string; items: unknown[] };
    assert.deepEqual([document.kind, document.items], ['ZombieList', fake.door.zombies]);
    assert.equal(json.stderr, '');
    assert.equal(jsonl.stdout.trimEnd().split('\n').length, 2);
    assert.equal(name.stdout, 'zombie/11\nzombie/12\n');
    assert.equal(singular.stdout, name.stdout);
    assert.match(wide.stdout, /ADVICE\n.*It is dead and harmless\./);
    assert.equal(filtered.stdout, 'zombie/12\n');
  });
  test('says that there is none, and when not all can be seen', async () => {
    const none = await cli('get', 'zombies');
    assert.deepEqual(none, { exitCode: 0, stdout: '', stderr: 'no zombies\n' });
    fake.door.limited = "Only zombies of Garrison's own user can be seen.";
    assert.match((await cli('get', 'zombies')).stderr, /no zombies\nOnly zombies of Garrison's own user/);
  });
  test('never lets a control character of a name through', async () => {
    fake.door.zombies = [zombieView(11, { name: 'a\u001b[2J', parent: { pid: 5, name: 'b\u0007' } })];
    const { stdout, stderr } = await cli('get', 'zombies');
    assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

test('describe tells everything of one, by pid or by name', async () => {
  fake.door.zombies = [zombieView(11, { owner: 'container', parent: IN_CONTAINER })];
  const [text, named, none, help] = await Promise.all([
    cli('describe', 'zombie', '11'),
    cli('describe', 'zombie', 'zombie/11'),
    cli('describe', 'zombie', '12'),
    cli('describe', '--help'),
  ]);
  assert.match(text.stdout, /^owner: +container$/m);
  assert.match(text.stdout, /^ {2}container: +0123456789ab$/m);
  assert.equal(named.stdout, text.stdout);
  assert.equal(none.exitCode, 4);
  for (const kind of ['worker', 'job', 'push', 'host', 'container', 'operation', 'incident', 'zombie'])
    assert.ok(help.stdout.includes(`"${kind}"`), kind);
});

describe('reap', () => {
  test('says what was done with each, and of those left why, once for all alike', async () => {
    const why = 'It is dead and harmless. PID 1 needs "init: true".';
    const left = { name: 'sh', outcome: 'left', owner: 'container', why } as const;
    fake.door.afterOperation = ({ id }) => {
      fake.door.endOperation(id, {
        state: 'done',
        detail: '1 reaped, 2 left (container 2), all dead and harmless',
        swept: [
          { pid: 11, name: 'ssh', outcome: 'reaped', owner: 'own', why: '' },
          { pid: 12, ...left },
          { pid: 13, ...left },
        ],
      });
    };
    const { exitCode, stdout, stderr } = await cli('reap', '--reason', 'tidy');
    assert.equal(exitCode, 0, stderr);
    const [sentence, heading, ...rows] = stdout.trimEnd().split('\n');
    assert.equal(sentence, 'reap zombies: done: 1 reaped, 2 left (container 2), all dead and harmless');
    assert.deepEqual(heading!.split(/ +/), ['PID', 'NAME', 'OUTCOME', 'OWNER']);
    assert.deepEqual(
      rows.map((row) => row.split(/ +/)),
      [
        ['11', 'ssh', 'reaped', 'own'],
        ['12', 'sh', 'left', 'container'],
        ['13', 'sh', 'left', 'container'],
      ],
    );
    assert.equal(stderr, `sh 12 and 1 more: ${why}\n`);
    const [asked] = fake.door.asked as { verb: string; target: string; reason: string }[];
    assert.deepEqual([asked!.verb, asked!.target, asked!.reason], ['reap', 'zombies', 'tidy']);
  });
  test('takes no pid, no name and no list of them, from the command line or a pipe', async () => {
    for (const args of [
      ['11'],
      ['11', '12'],
      ['celery'],
      ['-'],
      ['zombie/11'],
      ['--signal', 'KILL'],
      ['-9', '11'],
    ])
      assert.equal((await cli('reap', ...args)).exitCode, 64, args.join(' '));
    assert.deepEqual(fake.door.asked, []);
  });
  test('as a dry run does nothing', async () => {
    const { exitCode, stderr } = await cli('reap', '--dry-run');
    assert.equal(exitCode, 0);
    assert.match(stderr, /dry run: nothing was done/);
    assert.deepEqual(fake.door.operations, []);
  });
});

test('status speaks of zombies only when there are more than a handful, and is well all the same', async () => {
  fake.door.zombies = [1, 2, 3, 4, 5].map((pid) => zombieView(pid));
  assert.ok(!(await cli('status')).stdout.includes('zombie'));
  fake.door.zombies.push(zombieView(6, { owner: 'container' }));
  const { exitCode, stdout } = await cli('status');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^6 zombies \(container 1, foreign 5\), harmless: do not kill them/m);
});

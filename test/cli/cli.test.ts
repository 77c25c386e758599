/** The commands as people and scripts see them: what they print, where, and how they end. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { AccountPlan } from '../../src/push/plan.ts';
import type { PushView } from '../../src/supervisor/door.ts';
import { hostView, result, worker } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { runCli, startCli, type CliEnd } from '../support/runCli.ts';
import { until } from '../support/until.ts';

let fake: FakeSupervisor;
let keyFile = '';
beforeEach(async () => {
  fake = await startFakeSupervisor();
  keyFile = join(fake.home, 'key.pub');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(fake.home, 'key')]);
});
afterEach(() => fake.end());

const cli = (...args: string[]): Promise<CliEnd> => runCli([...args, '--home', fake.home]);
const items = (end: CliEnd): Record<string, unknown>[] =>
  (JSON.parse(end.stdout) as { items: Record<string, unknown>[] }).items;

/** Every job of the push is answered, in this order of outcomes. */
function answerWith(
  ...outcomes: ('changed' | 'unchanged' | 'conflict' | 'failed' | 'unknown')[]
): (push: PushView) => void {
  return (push) => {
    for (const [index, job] of push.jobs.entries()) {
      const outcome = outcomes[index] ?? 'changed';
      const state =
        outcome === 'conflict' || outcome === 'failed'
          ? 'failed'
          : outcome === 'unknown'
            ? 'unknown'
            : 'done';
      fake.door.change(job.id, { state: 'running', stage: 'apply' });
      fake.door.change(job.id, {
        state,
        result: result({ outcome, reason: outcome === 'conflict' ? 'AccountForeign' : 'AccountPushed' }),
      });
    }
  };
}

describe('status', () => {
  test('is 0 when all is well, and shows a table that lines up', async () => {
    const end = await cli('status');
    assert.equal(end.exitCode, 0, end.stderr);
    assert.equal(end.stderr, '');
    const lines = end.stdout.split('\n');
    assert.match(lines[0]!, /^bastion-a: well/);
    const heading = lines.find((line) => line.startsWith('WORKER'))!;
    for (const name of ['push-1', 'push-2']) {
      const row = lines.find((line) => line.startsWith(name))!;
      assert.equal(row.indexOf('up'), heading.indexOf('STATE'));
      assert.equal(row.indexOf('2025-01-02T03:04:05Z'), heading.indexOf('SINCE'));
    }
  });
  test('is 1 when something is not, 3 when a named worker is down, 4 when it is unknown', async () => {
    fake.door.workers = [
      worker('push-1', { state: 'late' }),
      worker('push-2', { state: 'hung' }),
      worker('push-3', { state: 'unknown' }),
    ];
    const codes = await Promise.all([
      cli('status'),
      cli('status', 'push-1'),
      cli('status', 'worker/push-2'),
      cli('status', 'push-3'),
      cli('status', 'nobody'),
    ]);
    assert.deepEqual(
      codes.map(({ exitCode }) => exitCode),
      [1, 1, 3, 4, 4],
    );
    assert.match(codes[0].stdout, /push-2 is hung since/);
    assert.match(codes[4].stderr, /^garrison: there is no worker or container named nobody\n {2}next: /);
  });
  test('is degraded when no worker takes jobs or Redis is down, though every worker is up', async () => {
    fake.door.served = false;
    assert.equal((await cli('status')).exitCode, 1);
    fake.door.served = true;
    fake.door.redisUp = false;
    assert.equal((await cli('status')).exitCode, 1);
  });
});

test('without a supervisor, looking is 4 and acting is 7', async () => {
  const home = mkdtempSync(join(tmpdir(), 'garrison-none-'));
  const [status, get, push, restart] = await Promise.all([
    runCli(['status', '--home', home]),
    runCli(['get', 'workers'], { GARRISON_HOME: home }),
    runCli(['push', 'alice', '--to', 'web-1', '--key', keyFile, '--home', home]),
    runCli(['--home', home, 'restart', 'push-1']),
  ]);
  assert.deepEqual([status.exitCode, get.exitCode, push.exitCode, restart.exitCode], [4, 4, 7, 7]);
  for (const end of [status, get, push, restart]) {
    assert.equal(end.stdout, '');
    assert.ok(end.stderr.startsWith(`garrison: no supervisor runs in ${home}\n  next: `), end.stderr);
  }
  rmSync(home, { recursive: true });
});

test('a wrong command line is 64, and help is 0', async () => {
  const wrong = [
    ['stauts'],
    ['get', 'weather'],
    ['push', 'alice'],
    ['status', '-o', 'xml'],
    ['jobs', '--limit', '0'],
    ['push', 'a', '--to', 'x', '--timeout', '5'],
    ['restart'],
    [],
  ];
  const ends = await Promise.all(wrong.map((args) => cli(...args)));
  assert.deepEqual(
    ends.map(({ exitCode }) => exitCode),
    wrong.map(() => 64),
  );
  assert.ok(ends.every(({ stdout }) => stdout === ''));
  assert.match(ends[0]!.stderr, /^garrison: unknown command 'stauts'/);
  assert.equal((await cli('help')).exitCode, 0);
  assert.equal((await cli('push', '--help')).exitCode, 0);
});

describe('get', () => {
  test('prints every format, all pages of it', async () => {
    for (let index = 0; index < 250; index += 1) fake.door.jobs.push(fake.door.job0(`j-${String(index)}`));
    const [json, jsonl, name, few, workers, wide] = await Promise.all([
      cli('get', 'jobs', '-o', 'json'),
      cli('jobs', '-o', 'jsonl'),
      cli('get', 'job', '-o', 'name'),
      cli('jobs', '--limit', '3', '-o', 'name'),
      cli('get', 'workers', '-o', 'name'),
      cli('get', 'workers', '-o', 'wide'),
    ]);
    const document = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.deepEqual(
      [document['apiVersion'], document['kind'], items(json).length],
      ['garrison/v1', 'JobList', 250],
    );
    assert.equal(jsonl.stdout.trimEnd().split('\n').length, 250);
    assert.equal(name.stdout.split('\n')[249], 'j-249');
    assert.equal(few.stdout, 'j-0\nj-1\nj-2\n');
    assert.equal(workers.stdout, 'worker/push-1\nworker/push-2\n');
    assert.match(wide.stdout, /INCARNATION.*\n.*4711-99-abcd/);
  });
  test('says on stderr that there is nothing, and nothing on stdout', async () => {
    assert.deepEqual(await cli('get', 'operations'), { exitCode: 0, stdout: '', stderr: 'no operations\n' });
    assert.deepEqual(items(await cli('get', 'operations', '-o', 'json')), []);
  });
  test('never lets a control character through', async () => {
    const evil = 'a\u001b[2J\u0007\u009b31m\u202eb\nc';
    fake.door.hosts = [hostView('web-1', { detail: evil })];
    fake.door.jobs.push(
      fake.door.job0('j-1', {
        state: 'failed',
        result: result({ outcome: 'failed', detail: evil, facts: { [evil]: evil } }),
      }),
    );
    const ends = await Promise.all([
      cli('get', 'hosts'),
      cli('get', 'hosts', '-o', 'json'),
      cli('describe', 'job', 'j-1'),
      cli('describe', 'job', 'j-1', '-o', 'json'),
    ]);
    for (const { stdout } of ends)
      assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.ok(ends[0].stdout.includes('a\\x1b[2J\\x07\\x9b31m\\u202eb\\nc'));
    assert.equal(
      (JSON.parse(ends[3].stdout) as { item: { result: { detail: string } } }).item.result.detail,
      evil,
    );
  });
  test('colours only where it is wanted', async () => {
    const [plain, always, refused] = await Promise.all([
      cli('get', 'workers'),
      cli('get', 'workers', '--color', 'always'),
      runCli(['get', 'workers', '--home', fake.home], { NO_COLOR: '1' }),
    ]);
    assert.ok(!plain.stdout.includes('\u001b') && !refused.stdout.includes('\u001b'));
    assert.ok(always.stdout.includes('\u001b[32mup\u001b[0m'));
  });
  test('ends quietly when its reader goes away', async () => {
    for (let index = 0; index < 3000; index += 1) fake.door.jobs.push(fake.door.job0(`j-${String(index)}`));
    const { child, ended, said } = startCli(['jobs', '-o', 'json', '--home', fake.home]);
    child.stdout!.once('data', () => child.stdout!.destroy());
    assert.equal((await ended).exitCode, 0);
    assert.equal(said.stderr, '');
  });
});

test('describe tells everything of one thing, and 4 when there is none', async () => {
  const [text, json, none] = await Promise.all([
    cli('describe', 'worker', 'worker/push-1'),
    cli('describe', 'worker', 'push-1', '-o', 'json'),
    cli('describe', 'job', 'none'),
  ]);
  assert.match(text.stdout, /^name: +push-1$/m);
  assert.match(text.stdout, /^ {2}heartbeat:$/m);
  assert.equal((JSON.parse(json.stdout) as { kind: string }).kind, 'Worker');
  assert.deepEqual([none.exitCode, none.stdout], [4, '']);
});

const PLAN: AccountPlan = {
  ...{
    of: 'push',
    verdict: 'change',
    reason: 'AccountPushed',
    words: {},
    digest: 'ab12cd',
    notes: ['1 key of others stay'],
  },
  changes: [
    { code: 'shell-set', what: '/bin/bash', before: '/bin/sh' },
    { code: 'keys-removed', what: 'ssh-rsa …old', before: 'ssh-rsa …old' },
  ],
};
const FOREIGN: AccountPlan = {
  ...{ of: 'push', verdict: 'conflict', reason: 'AccountForeign', words: {}, digest: 'ab12cd', changes: [] },
  notes: ['it is there: uid 1001'],
};

describe('push', () => {
  test('shows each result as it comes and is 0 when every host is done', async () => {
    fake.door.afterPush = answerWith('changed', 'unchanged');
    const end = await cli(
      'push',
      'alice',
      '--to',
      'web-1',
      'web-2',
      '--key',
      keyFile,
      '--sudo',
      'all',
      '--groups',
      'adm,dev',
      '--reason',
      'new colleague',
    );
    assert.equal(end.exitCode, 0, end.stderr);
    assert.match(
      end.stdout,
      /^HOST +RESULT +REASON +TOOK +DETAIL\nweb-1 +changed +AccountPushed +\d+\.\ds +created account\. as wished\nweb-2 +unchanged /,
    );
    assert.match(end.stderr, /push p-1: 1 changed, 1 unchanged/);
    const [asked] = fake.door.asked as {
      account: { groups: string[]; keys: string[] };
      reason: string;
      actor: string;
    }[];
    assert.deepEqual(
      [asked!.account.groups, asked!.account.keys.length, asked!.reason, asked!.actor],
      [['adm', 'dev'], 1, 'new colleague', 'local'],
    );
  });
  test('is 1 when one host is not, and names the retry', async () => {
    fake.door.afterPush = answerWith('changed', 'conflict');
    const end = await cli('push', 'alice', '--to', 'web-1', 'web-2', '--key', keyFile, '-o', 'json');
    assert.equal(end.exitCode, 1);
    assert.deepEqual(
      (JSON.parse(end.stdout) as { item: PushView }).item.jobs.map(({ result: got }) => got?.outcome),
      ['changed', 'conflict'],
    );
    assert.match(end.stderr, /web-2: conflict/);
    assert.match(end.stderr, /garrison retry p-1/);
  });
  test('with no live worker says at once what it waits for and since when; the wait times out with 124', async () => {
    fake.door.served = false;
    const end = await cli('push', 'alice', '--to', 'web-1', 'web-2', '--key', keyFile, '--timeout', '300ms');
    assert.equal(end.exitCode, 124);
    assert.match(end.stderr, /queued at position 1 to 2: web-1, web-2; a live worker, since 2025-01-02/);
    assert.match(
      end.stderr,
      /nothing is pushed at the moment: no live worker since 2025-01-02T03:04:05.678Z/,
    );
    assert.match(end.stderr, /push p-1 goes on/);
  });
  test('with --no-wait is taken and told', async () => {
    const end = await cli('push', 'alice', '--to', 'web-1', '--key', keyFile, '--no-wait', '-o', 'name');
    assert.deepEqual([end.exitCode, end.stdout], [0, 'p-1\n']);
    assert.match(end.stderr, /queued at position 1: web-1; a free slot/);
  });
  test('interrupted is 130, and goes on', async () => {
    const { child, ended, said } = startCli([
      'push',
      'alice',
      '--to',
      'web-1',
      '--key',
      keyFile,
      '--home',
      fake.home,
    ]);
    await until('it waits', () => said.stderr.includes('push p-1') && fake.door.listeners > 0);
    child.kill('SIGINT');
    const end = await ended;
    assert.equal(end.exitCode, 130);
    assert.match(end.stderr, /push p-1 goes on/);
  });
  test('whose reader goes away is not called a success that nobody verified', async () => {
    const { child, ended, said } = startCli([
      'push',
      'alice',
      '--to',
      'web-1',
      'web-2',
      '--key',
      keyFile,
      '--home',
      fake.home,
    ]);
    await until('it waits', () => said.stderr.includes('push p-1') && fake.door.listeners > 0);
    child.stdout!.destroy();
    fake.door.change('p-1-j1', { state: 'done', result: result() });
    assert.equal((await ended).exitCode, 130);
  });
  test('survives a supervisor that goes away and comes back', async () => {
    const { ended, said } = startCli([
      'push',
      'alice',
      '--to',
      'web-1',
      '--key',
      keyFile,
      '--home',
      fake.home,
    ]);
    await until('it waits', () => said.stderr.includes('push p-1') && fake.door.listeners > 0);
    const { pushes, jobs } = fake.door;
    await fake.server.close();
    await until('it says so', () => said.stderr.includes('still waiting: no supervisor'));
    fake = await startFakeSupervisor(fake.home);
    fake.door.pushes = pushes;
    fake.door.jobs = jobs;
    // Ended while nobody listened: only the reading anew can tell.
    answerWith('changed')(pushes[0]!);
    assert.equal((await ended).exitCode, 0);
  });
  test('waits on while Redis is away', async () => {
    fake.door.afterPush = () => {
      fake.door.redisUp = false;
    };
    const { ended, said } = startCli([
      'push',
      'alice',
      '--to',
      'web-1',
      '--key',
      keyFile,
      '--home',
      fake.home,
    ]);
    await until('it says so', () => said.stderr.includes('still waiting: Redis is away'));
    fake.door.redisUp = true;
    answerWith('changed')(fake.door.pushes[0]!);
    assert.equal((await ended).exitCode, 0);
  });
  test('as a dry run is a plan: each host is asked, and what would be done is shown', async () => {
    fake.door.afterPush = (push) => {
      fake.door.change(push.jobs[0]!.id, { state: 'done', result: { ...result(), plan: PLAN } });
      fake.door.change(push.jobs[1]!.id, {
        state: 'failed',
        result: {
          ...result(),
          outcome: 'conflict',
          reason: 'AccountForeign',
          detail: 'not ours',
          plan: FOREIGN,
        },
      });
    };
    const end = await cli('push', 'alice', '--to', 'web-1', 'web-2', '--key', keyFile, '--dry-run');
    assert.equal(end.exitCode, 1, end.stderr);
    assert.deepEqual(end.stdout.split('\n'), [
      ...[
        'web-1: change',
        '  + set shell: /bin/bash (now: /bin/sh)',
        '  - remove key: ssh-rsa …old',
        '  · 1 key of others stay',
      ],
      ...['web-2: conflict (AccountForeign)', '  not ours', '  · it is there: uid 1001', ''],
    ]);
    assert.match(
      end.stderr,
      /plan p-1: 1 change, 1 conflict\. Nothing was changed\.\n {2}next: .*garrison --home \S+ push --plan p-1 /,
    );
    assert.deepEqual(
      (fake.door.asked as { kind: string; planOf: string }[]).map(({ kind, planOf }) => `${kind} ${planOf}`),
      ['plan push'],
    );
  });
  test('of a plan takes that plan and nothing beside it', async () => {
    fake.door.afterPush = answerWith('changed');
    await cli('push', '--plan', 'p-7', '--no-wait');
    assert.equal((fake.door.asked as { plan?: string }[])[0]?.plan, 'p-7');
    for (const more of [['alice'], ['--to', 'web-1'], ['--sudo', 'all'], ['--dry-run']])
      assert.equal((await cli('push', '--plan', 'p-7', ...more)).exitCode, 64, more.join(' '));
  });
  test('refuses bad input by name before anything is asked', async () => {
    const noKey = join(fake.home, 'README');
    writeFileSync(noKey, 'hello\n');
    const push = (...rest: string[]): Promise<CliEnd> => cli('push', ...rest, '--to', 'web-1');
    const ends = await Promise.all([
      push('Al ice', '--key', keyFile),
      push('alice', '--key', join(fake.home, 'key')),
      push('alice', '--key', noKey),
      push('alice', '--key', join(fake.home, 'nothing')),
      push('alice', '--key', fake.home),
      push('alice', '--key', keyFile, '--sudo', 'sometimes'),
    ]);
    assert.deepEqual(
      ends.map(({ exitCode }) => exitCode),
      [64, 64, 64, 64, 64, 64],
    );
    assert.match(ends[1].stderr, /is a private key/);
    for (const end of ends.slice(1, 4)) assert.ok(end.stderr.includes(fake.home), end.stderr);
    assert.deepEqual(fake.door.asked, []);
    const unknown = await cli('push', 'alice', '--to', 'nowhere', '--key', keyFile);
    assert.deepEqual(
      [unknown.exitCode, unknown.stderr.split('\n')[0]],
      [1, 'garrison: not in the inventory: nowhere'],
    );
  });
});

test('revoke and check are pushes of their own kind', async () => {
  fake.door.afterPush = answerWith('changed');
  assert.equal((await cli('revoke', 'alice', '--from', 'web-1')).exitCode, 0);
  fake.door.afterPush = (push) => {
    fake.door.change(push.jobs[0]!.id, {
      state: 'done',
      result: result({ outcome: 'unchanged', reason: 'CheckPassed', facts: { clockSkewMs: '90500' } }),
    });
    fake.door.change(push.jobs[1]!.id, {
      state: 'failed',
      result: result({ outcome: 'failed', stage: 'auth', reason: 'LoginRefused' }),
    });
    fake.door.change(push.jobs[2]!.id, {
      state: 'failed',
      result: result({ outcome: 'failed', stage: 'auth', reason: 'SudoWantsPassword' }),
    });
  };
  const check = await cli('check', 'web-1', 'web-2', 'web-3');
  assert.equal(check.exitCode, 1);
  const cells = check.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(4, 8));
  assert.deepEqual(cells.slice(0, 4), [
    ['CONNECT', 'LOGIN', 'SUDO', 'CLOCK'],
    ['ok', 'ok', 'ok', '+90.5s'],
    ['ok', 'bad', '-', '-'],
    ['ok', 'ok', 'bad', '-'],
  ]);
  assert.deepEqual(
    fake.door.asked.map((one) => (one as { kind: string }).kind),
    ['revoke', 'check'],
  );
});

/**
 * A password hash on its way through a whole Garrison: to the host and nowhere else.
 * Everything that rests in the home folder, every process and every answer is searched for it, also where things go wrong on the way.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import type { SecretsView } from '../../src/supervisor/door.ts';
import { callSocket, Garrison, type runCommand } from '../support/garrison.ts';
import { until } from '../support/until.ts';

const PROGRAM = new URL('../../bin/garrison', import.meta.url).pathname;
const newHash = (): string =>
  execFileSync('openssl', ['passwd', '-6', 'a password'], { encoding: 'utf8' }).trim();

/** What must be nowhere: the hash, its salt, its end, and each as base64 whatever stands before it. */
function traces(hash: string): readonly string[] {
  const [, , salt = '', digest = ''] = hash.split('$');
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from(`${'x'.repeat(shift)}${hash}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [hash, salt, digest, ...encoded];
}

function assertNowhere(where: string, content: Buffer | string, sought: readonly string[]): void {
  for (const each of sought) assert.ok(!content.includes(each), `${where} holds the hash`);
}

function searchFolder(folder: string, sought: readonly string[], seen: string[] = []): readonly string[] {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    // The practice hosts lie there too, and the hash belongs on them.
    if (name.startsWith('practice')) continue;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) searchFolder(path, sought, seen);
    else if (stats?.isFile() === true) {
      seen.push(path);
      assertNowhere(path, readFileSync(path), sought);
    }
  }
  return seen;
}

/** Of each process of Garrison, its workers and their ssh, as anybody who may look sees them. */
function searchProcesses(sought: readonly string[]): number {
  let count = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    for (const what of ['cmdline', 'environ', 'comm'])
      try {
        assertNowhere(`/proc/${pid}/${what}`, readFileSync(`/proc/${pid}/${what}`), sought);
        count += 1;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
      }
  return count;
}

async function searchAnswers(
  garrison: Garrison,
  pushes: readonly string[],
  sought: readonly string[],
): Promise<void> {
  const lists = [
    'status',
    'jobs',
    'pushes',
    'operations',
    'incidents',
    'hosts',
    'workers',
    'audit',
    'secrets',
    'timeline',
    'why',
    'grants',
  ];
  const jobs = (await Promise.all(pushes.map((id) => garrison.pushView(id)))).flatMap((push) => push.jobIds);
  const single = [
    ...pushes.map((id) => `pushes/${id}`),
    ...jobs.flatMap((id) => [`jobs/${id}`, `jobs/${id}/log`, `why/job/${id}`, `evidence/${id}`]),
  ];
  let answered = 0;
  for (const path of [...lists, ...single]) {
    const { status, text } = await callSocket(join(garrison.home, 'control.sock'), {
      method: 'GET',
      path: `/api/v1/${path}`,
    });
    if (status === 200) answered += 1;
    assertNowhere(path, text, sought);
    assert.ok(
      !/"sealed":\s*\{/.test(text) && !/g1\.[0-9a-f]{12}\./.test(text),
      `${path} shows what is sealed`,
    );
  }
  assert.ok(answered > lists.length / 2 + jobs.length, `${String(answered)} answers`);
  assertNowhere('/metrics', await garrison.text('/metrics'), sought);
  for (const args of [
    ['why', 'push-1', '-o', 'json'],
    ['why', 'push-1', '--evidence'],
    ['describe', 'push', pushes[0] ?? ''],
    ['doctor'],
  ])
    for (const said of [await garrison.cli(...args)])
      assertNowhere(args.join(' '), said.stdout + said.stderr, sought);
}

describe('a password hash', () => {
  it('reaches the host and rests in clear nowhere, whatever goes wrong on the way', async (t) => {
    const garrison = await Garrison.start(t, {
      practice: 1,
      config: 'workers: { count: 2, slots: 4 }\n',
      inventory: 'hosts:\n  gone: { address: 127.0.0.1, port: 9, user: root }\n',
      env: { GARRISON_LOG_LEVEL: 'trace' },
    });
    const hash = newHash();
    const sought = traces(hash);
    const file = join(garrison.home, 'test-keys', 'hash');
    writeFileSync(file, `${hash}\n`, { mode: 0o600 });
    let looks = 0;
    const looking = { on: true };
    const watching = (async () => {
      while (looking.on) {
        looks += searchProcesses(sought);
        await sleep(200);
      }
    })();

    const pushed = await garrison.cli(
      'push',
      'eva',
      '--to',
      'practice-1',
      '--password-hash-file',
      file,
      '-o',
      'json',
    );
    assert.equal(pushed.exitCode, 0, pushed.stderr);
    assert.equal((await garrison.tell('practice-1', "grep '^eva:' /etc/shadow")).split(':')[1], hash);
    const piped = spawnSync(
      process.execPath,
      [
        PROGRAM,
        '--home',
        garrison.home,
        'push',
        'eva',
        '--to',
        'practice-1',
        '--password-hash-file',
        '-',
        '-o',
        'json',
      ],
      { input: `${hash}\n`, encoding: 'utf8' },
    );
    assert.match(piped.stdout, /"unchanged"/, piped.stderr);
    rmSync(file);

    const account = { name: 'ida', passwordHash: hash };
    const dry = await garrison.push('', ['practice-1'], { kind: 'plan', account });
    assert.equal((await garrison.settled(dry.id)).jobs[0]?.account?.passwordHash, 'set');
    const applied = await garrison.api<{ id: string }>('POST', '/api/v1/pushes', { plan: dry.id });
    const end = await garrison.settled(applied.id);
    assert.equal(end.state, 'done', JSON.stringify(end.jobs));
    assert.equal((await garrison.tell('practice-1', "grep '^ida:' /etc/shadow")).split(':')[1], hash);

    // A host that cannot be reached, and a worker that is killed with the job in hand.
    const failing = await garrison.push('', ['gone'], { account });
    assert.equal((await garrison.settled(failing.id)).state, 'failed');
    const killed = await garrison.push('', ['practice-1'], { account: { ...account, name: 'joe' } });
    const worker = await until(
      'a worker has it',
      async () =>
        (await garrison.workers()).find(({ jobs }) => jobs.length > 0) ??
        (await garrison.settledNow(killed.id)) ??
        false,
    );
    if ('incarnation' in worker && worker.incarnation !== null)
      process.kill(worker.incarnation.pid, 'SIGKILL');
    assert.equal((await garrison.settled(killed.id)).state, 'done');
    for (const wrong of ['hunter2hunter2', `${hash}x`, '$1$abc$def'])
      assert.equal(
        (
          await callSocket(join(garrison.home, 'control.sock'), {
            method: 'POST',
            path: '/api/v1/pushes',
            body: { account: { ...account, passwordHash: wrong }, hosts: ['practice-1'] },
          })
        ).text.includes(wrong),
        false,
      );

    await searchAnswers(garrison, [dry.id, applied.id, failing.id, killed.id], sought);
    looking.on = false;
    await watching;
    assert.ok(looks > 100, 'the processes were looked at');
    const files = searchFolder(garrison.home, sought);
    for (const part of ['journal.jsonl', 'logs/', 'redis/', 'secrets.key'])
      assert.ok(
        files.some((path) => path.includes(part)),
        part,
      );
    assertNowhere('the log', garrison.output, sought);
    assert.match(garrison.output, /./);
    await garrison.end();
    searchFolder(garrison.home, sought);
  });

  it('is refused from a file that others may read, and a plain password with the way to make a hash', async (t) => {
    const garrison = await Garrison.start(t, { practice: 0, until: 'answers' });
    const file = join(garrison.home, 'hash');
    const push = (): ReturnType<typeof runCommand> =>
      garrison.cli('push', 'eva', '--to', 'x', '--password-hash-file', file);
    writeFileSync(file, `${newHash()}\n`, { mode: 0o600 });
    chmodSync(file, 0o644);
    const open = await push();
    assert.deepEqual(
      [open.exitCode, /can be read by other users[\s\S]*chmod 600/.test(open.stderr)],
      [64, true],
      open.stderr,
    );
    chmodSync(file, 0o600);
    writeFileSync(file, 'a plain password\n');
    const plain = await push();
    assert.equal(plain.exitCode, 64, plain.stderr);
    assert.match(plain.stderr, /mkpasswd -m yescrypt/);
    assert.ok(!plain.stderr.includes('a plain password'));
  });

  it('is read again after a rotation that was killed anywhere, and a lost key fails just the jobs that need it', async (t) => {
    const inventory = 'hosts:\n  gone: { address: 127.0.0.1, port: 9, user: root }\n';
    let garrison = await Garrison.start(t, { practice: 1, inventory });
    const { home } = garrison;
    const hash = newHash();
    const account = { name: 'eva', passwordHash: hash };
    const held = await garrison.push('', ['gone'], { account });
    await garrison.settled(held.id);
    const reads = async (): Promise<SecretsView> => garrison.api('GET', '/api/v1/secrets');
    const restart = async (): Promise<void> => {
      await garrison.end('SIGKILL');
      garrison = await Garrison.start(t, { practice: 0, inventory, home });
    };
    for (const delayMs of [0, 2, 10, 40, 150]) {
      const rotating = garrison.api('POST', '/api/v1/secrets/rotate', {}).catch(() => undefined);
      await sleep(delayMs);
      await restart();
      await rotating;
      const view = await reads();
      assert.deepEqual(
        [view.sealed, view.unreadable, view.problem],
        [1, 0, null],
        JSON.stringify({ view, delayMs }),
      );
    }
    const before = (await reads()).key;
    const rotated = await garrison.cli('secrets', 'rotate', '--reason', 'test', '-o', 'json');
    assert.equal(rotated.exitCode, 0, rotated.stderr);
    const after = await reads();
    assert.notEqual(after.key, before);
    assert.deepEqual([after.earlier, after.sealed, after.unreadable], [[], 1, 0]);
    assert.deepEqual(
      readdirSync(home).filter((name) => name.startsWith('secrets.key')),
      ['secrets.key'],
    );

    renameSync(join(home, 'secrets.key'), join(home, 'away'));
    const lost = await garrison.cli('secrets', 'status');
    assert.equal(lost.exitCode, 1, lost.stdout);
    const retry = await garrison.api<{ id: string }>('POST', '/api/v1/operations', {
      verb: 'retry',
      target: held.id,
    });
    assert.ok(retry.id);
    const failed = await until('the job has failed by it', async () => {
      const [job] = (await garrison.pushView(held.id)).jobs;
      return job?.result?.reason === 'SecretUnreadable' ? job : false;
    });
    assert.match(failed.result?.detail ?? '', /secrets\.key/);
    const others = await garrison.push('bob', ['gone']);
    assert.equal(
      (await garrison.settled(others.id)).jobs[0]?.result?.reason,
      'ConnectRefused',
      'no other job is held up',
    );
    renameSync(join(home, 'away'), join(home, 'secrets.key'));
    await garrison.api('POST', '/api/v1/operations', { verb: 'retry', target: held.id });
    await until(
      'it is sent again',
      async () => (await garrison.pushView(held.id)).jobs[0]?.result?.reason === 'ConnectRefused',
    );
    searchFolder(home, traces(hash));
    assert.ok(existsSync(join(home, 'secrets.key')));
  });
});

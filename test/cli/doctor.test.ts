/** `doctor` as people and scripts see it: what hangs, what is left behind, what is full, and never longer than 10 s. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { Finding } from '../../src/reconciler/finding.ts';
import { runCli, type CliEnd } from '../support/runCli.ts';
import { makeTempHome, tempHome } from '../support/tempHome.ts';
import { TestRedis } from '../support/redisServer.ts';

interface Report {
  readonly kind: string;
  readonly state: string;
  readonly sentence: string;
  readonly items: readonly Finding[];
  readonly well: readonly string[];
}

const NO_DOCKER = '/nowhere/docker.sock';

function home(context: TestContext, settings: string): string {
  const folder = tempHome(context);
  writeFileSync(join(folder, 'garrison.yaml'), settings);
  return folder;
}

function doctor(folder: string, ...more: string[]): Promise<CliEnd> {
  return runCli(['--home', folder, 'doctor', ...more]);
}

async function report(folder: string): Promise<Report> {
  const { stdout, stderr } = await doctor(folder, '-o', 'json');
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Report;
}

function found({ items }: Report, code: string): Finding {
  const only = items.find((each) => each.code === code);
  assert.ok(only !== undefined, `${code} among ${items.map((each) => each.code).join(', ')}`);
  return only;
}

/** Takes the connection and says nothing. */
async function hangAt(context: TestContext, path: string): Promise<void> {
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => {
    server.close();
  });
}

describe('doctor', () => {
  test('is over in less than 10 s when Docker, Redis and the supervisor hang at once, and tells the rest', async (t) => {
    const folder = tempHome(t);
    const [docker, redis] = [join(folder, 'd'), join(folder, 'r')];
    writeFileSync(
      join(folder, 'garrison.yaml'),
      `containers: { socket: ${docker} }\nredis: { url: "unix://${redis}" }\n`,
    );
    for (const path of [docker, redis, join(folder, 'control.sock')]) await hangAt(t, path);
    const startedMs = performance.now();
    const seen = await report(folder);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 10_000, `${String(Math.round(tookMs))} ms`);
    assert.equal(seen.state, 'degraded');
    assert.match(found(seen, 'DockerSilent').what, /did not answer/);
    assert.match(found(seen, 'RedisSilent').what, /takes the connection and does not answer/);
    assert.match(found(seen, 'SupervisorSilent').what, /gives no answer in time/);
    assert.match(seen.well.join('\n'), /Memory: /);
  });

  test('needs nothing, changes nothing, and knows a socket and a lock that were left behind', async (t) => {
    const folder = home(t, `containers: { socket: ${NO_DOCKER} }\n`);
    // Ended with -9, a listener leaves its socket.
    const listen = `require('node:net').createServer().listen(${JSON.stringify(join(folder, 'control.sock'))}, () => process.kill(process.pid, 'SIGKILL'))`;
    assert.throws(() => execFileSync(process.execPath, ['-e', listen], { stdio: 'ignore' }));
    writeFileSync(join(folder, 'supervisor.lock'), '4711\n');
    writeFileSync(
      join(folder, 'journal.jsonl'),
      `${JSON.stringify({ at: new Date(Date.now() + 3_600_000).toISOString(), event: 'operation' })}\n`,
    );
    const before = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
    const seen = await report(folder);
    const away = found(seen, 'SupervisorAway');
    assert.equal(away.weight, 'critical');
    assert.match(away.evidence.join(' '), /journal ends at .* "operation".*control\.sock was left behind/);
    assert.match(found(seen, 'LockLeft').what, /"4711"/);
    assert.match(found(seen, 'ClockWrong').what, /set back/);
    assert.match(found(seen, 'RedisAway').harmless ?? '', /embedded/);
    const after = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
    assert.deepEqual(after, before);
  });

  test('looks at the Redis that is configured, and comes in every format', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.end());
    const folder = home(t, `containers: { socket: ${NO_DOCKER} }\nredis: { url: "${redis.url}" }\n`);
    const connection = redis.connect();
    await connection.config('SET', 'maxmemory', '100mb');
    await connection.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await connection.config('SET', 'appendonly', 'no');
    const seen = await report(folder);
    assert.match(found(seen, 'RedisMemory').what, /throw jobs away.*"allkeys-lru"/);
    assert.match(found(seen, 'RedisNotSaving').what, /no append-only file/);
    assert.match(seen.well.join('\n'), /Redis 7\S* answers at unix:/);
    const [table, names, lines] = await Promise.all([
      doctor(folder),
      doctor(folder, '-o', 'name'),
      doctor(folder, '-o', 'jsonl'),
    ]);
    assert.equal(seen.kind, 'DoctorReport');
    assert.equal(table.exitCode, 1);
    assert.ok(table.stdout.startsWith(seen.sentence.slice(0, 40)), table.stdout);
    assert.ok(names.stdout.split('\n').includes('RedisMemory'));
    const [first] = lines.stdout.split('\n').map((line) => (line === '' ? {} : (JSON.parse(line) as object)));
    assert.deepEqual(Object.keys(first ?? {}).sort(), [
      'code',
      'evidence',
      'harmless',
      'interrupts',
      'next',
      'weight',
      'what',
    ]);
    for (const line of table.stdout.split('\n'))
      if (!/^ +next/.test(line)) assert.ok(line.length <= 80, line);
  });

  test('takes a wrong configuration for a finding, and goes by the defaults', async (t) => {
    const seen = await report(home(t, 'workerz: 3\n'));
    assert.match(found(seen, 'ConfigInvalid').what, /workerz/);
    assert.match(found(seen, 'ConfigInvalid').next ?? '', /config check$/);
  });

  if (process.getuid?.() === 0)
    test('tells of a home whose disk is full', async (t) => {
      const own = makeTempHome();
      const folder = own.path;
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=700', 'garrison-test', folder]);
      t.after(() => {
        execFileSync('umount', [folder]);
        own.remove();
      });
      writeFileSync(join(folder, 'garrison.yaml'), `containers: { socket: ${NO_DOCKER} }\n`);
      assert.throws(() => {
        writeFileSync(join(folder, 'all'), Buffer.alloc(1 << 20));
      }, /ENOSPC/);
      const full = found(await report(folder), 'DiskFull');
      assert.match(full.what, /has 0B of 512KiB left/);
      assert.ok(full.what.includes(folder));
    });
});

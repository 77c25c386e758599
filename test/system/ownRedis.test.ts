/** Garrison on a Redis that somebody else runs: by URL, with a password that appears nowhere it could be seen. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const PASSWORD = 'a-password-of-this-test-only';

describe('a Redis of one’s own', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it('is used over TCP with its password, and outlived', async (t) => {
    const folder = makeTempHome();
    const port = await freePort();
    let redis = startRedis(folder.path, port);
    t.after(async () => {
      // In this order: a redis-server whose folder is gone refuses to end.
      await endRedis(redis);
      folder.remove();
    });
    const passwordFile = join(folder.path, 'password');
    writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
    const config = `redis: { url: "redis://127.0.0.1:${String(port)}/2", passwordFile: ${passwordFile} }`;
    const garrison = await Garrison.start(t, { practice: 1, config });
    const first = await garrison.settled((await garrison.push('eva', ['practice-1'])).id);
    assert.equal(first.jobs[0]?.result?.outcome, 'changed');
    assert.deepEqual(placesOf(PASSWORD, garrison), []);

    await endRedis(redis);
    await until('garrison says that Redis is away', async () => !(await garrison.snapshot()).redis.up);
    const refused = await garrison.cli(
      'push',
      'adam',
      '--to',
      'practice-1',
      '--key',
      `${garrison.keys.identityFile}.pub`,
    );
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /Redis is away since .*Nothing was accepted/);
    redis = startRedis(folder.path, port);
    await until('garrison takes jobs again', () => garrison.isReady(), { deadlineMs: 20_000 });
    const second = await garrison.settled((await garrison.push('eva', ['practice-1'])).id);
    assert.equal(second.jobs[0]?.result?.outcome, 'unchanged');
    assert.ok(!garrison.output.includes(PASSWORD));
  });
});

function startRedis(folder: string, port: number): ChildProcess {
  const file = join(folder, 'redis.conf');
  const settings = [
    `port ${String(port)}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    'appendonly yes',
    `requirepass ${PASSWORD}`,
  ];
  writeFileSync(file, `${settings.join('\n')}\n`, { mode: 0o600 });
  return spawn('redis-server', [file], { stdio: 'ignore' });
}

async function endRedis(redis: ChildProcess): Promise<void> {
  if (redis.exitCode !== null || redis.signalCode !== null) return;
  const exited = new Promise((resolve) => redis.once('exit', resolve));
  redis.kill('SIGTERM');
  await exited;
}

/** Command lines and environments of garrison and its children, and the files of its home, that hold the text. */
function placesOf(text: string, garrison: Garrison): string[] {
  const pid = String(garrison.pid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const ofProcesses = [pid, ...children].flatMap((each) => [
    `/proc/${each}/cmdline`,
    `/proc/${each}/environ`,
  ]);
  const inHome = readdirSync(garrison.home, { recursive: true, encoding: 'utf8' })
    .map((name) => join(garrison.home, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  return [...ofProcesses, ...inHome].filter((path) => readFileSync(path).includes(text));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

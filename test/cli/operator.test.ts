/** Operations, host keys, logs, access and configuration on the command line. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { FINGERPRINT, hostView } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { runCli, runOnTerminal, startCli, type CliEnd } from '../support/runCli.ts';
import { until } from '../support/until.ts';

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor();
});
afterEach(() => fake.end());

const cli = (...args: string[]): Promise<CliEnd> => runCli([...args, '--home', fake.home]);
const items = (end: CliEnd): Record<string, unknown>[] =>
  (JSON.parse(end.stdout) as { items: Record<string, unknown>[] }).items;

describe('operations', () => {
  test('wait until verified: 0 when done, 1 when failed, 124 when it takes too long', async () => {
    fake.door.afterOperation = ({ id, verb }) => {
      if (verb !== 'quiet')
        fake.door.endOperation(
          id,
          verb === 'start'
            ? { state: 'failed', detail: 'it keeps failing' }
            : { state: 'done', detail: 'up as pid 5' },
        );
    };
    const [restart, start, quiet] = await Promise.all([
      cli('restart', 'worker/push-1'),
      cli('start', 'push-1'),
      cli('quiet', 'push-1', '--timeout', '200ms'),
    ]);
    assert.deepEqual([restart.exitCode, start.exitCode, quiet.exitCode], [0, 1, 124]);
    assert.equal(restart.stdout, 'restart worker/push-1: done: up as pid 5\n');
    assert.match(quiet.stderr, /operation o-\d+ goes on/);
  });
  test('that interrupt work in hand are refused without a terminal and without --yes', async () => {
    fake.door.interrupts = ['job j-1 on push-1'];
    fake.door.afterOperation = ({ id }) => {
      fake.door.endOperation(id, { state: 'done' });
    };
    const refused = await cli('stop', 'push-1');
    assert.equal(refused.exitCode, 4);
    assert.match(refused.stderr, /interrupts: job j-1 on push-1/);
    assert.equal(fake.door.operations.length, 0);
    assert.equal((await cli('stop', 'push-1', '--yes')).exitCode, 0);
  });
  test('on a terminal ask first: y goes on, anything else is refused', async () => {
    fake.door.interrupts = ['job j-1 on push-1'];
    fake.door.afterOperation = ({ id }) => {
      fake.door.endOperation(id, { state: 'done' });
    };
    const yes = await runOnTerminal(['stop', 'push-1', '--home', fake.home], { answer: 'y\n' });
    const no = await runOnTerminal(['stop', 'push-1', '--home', fake.home], { answer: '\n' });
    assert.deepEqual([yes.exitCode, no.exitCode], [0, 4], `${yes.stdout}${no.stdout}`);
    assert.match(no.stdout, /not confirmed, nothing was done/);
    assert.equal(fake.door.operations.length, 1);
  });
  test('on another incarnation are refused, on an unknown name failed, as a dry run only planned', async () => {
    const [other, none, dry] = await Promise.all([
      cli('restart', 'push-1', '--if-incarnation', '1-1-x'),
      cli('restart', 'nobody'),
      cli('restart', 'push-1', '--dry-run', '-o', 'json'),
    ]);
    assert.deepEqual([other.exitCode, none.exitCode, dry.exitCode], [4, 1, 0]);
    assert.equal((JSON.parse(dry.stdout) as { item: { state: string } }).item.state, 'planned');
    assert.equal(fake.door.operations.length, 0);
  });
});

describe('trust', () => {
  const trusted = (): unknown[] => fake.door.asked.filter((one) => 'trust' in (one as object));
  test('shows the fingerprint and accepts nothing unasked', async () => {
    const end = await cli('trust', 'web-1');
    assert.equal(end.exitCode, 4);
    assert.ok(end.stdout.includes(FINGERPRINT));
    assert.deepEqual(trusted(), []);
  });
  test('accepts exactly the fingerprint named, or with --yes what a new host shows', async () => {
    fake.door.hosts = [hostView('web-1', { state: 'untrusted' })];
    assert.equal((await cli('trust', 'web-1', '--fingerprint', `SHA256:${'z'.repeat(43)}`)).exitCode, 4);
    assert.deepEqual(trusted(), []);
    assert.equal((await cli('trust', 'web-1', '--fingerprint', FINGERPRINT)).exitCode, 0);
    assert.equal((await cli('trust', 'web-1', '--yes')).exitCode, 0);
    assert.equal(trusted().length, 2);
  });
  test('never replaces the key of a known host on a mere --yes', async () => {
    const end = await cli('trust', 'web-1', '--yes');
    assert.equal(end.exitCode, 4);
    assert.match(end.stderr, /WARNING/);
    assert.deepEqual(trusted(), []);
  });
});

test('logs are shown whole or followed across a restart of the supervisor, made harmless', async () => {
  fake.door.jobs.push(fake.door.job0('j-1', { state: 'running' }));
  const file = join(fake.home, 'j-1.log');
  writeFileSync(file, 'one\r\n\u001b[31mtwo\n');
  const whole = await cli('logs', 'j-1');
  assert.deepEqual([whole.exitCode, whole.stdout], [0, 'one\n\\x1b[31mtwo\n']);
  const { ended, said } = startCli(['logs', 'j-1', '-f', '--home', fake.home]);
  await until('both lines', () => said.stdout.endsWith('two\n'));
  const { jobs } = fake.door;
  await fake.server.close();
  appendFileSync(file, 'three\n');
  fake = await startFakeSupervisor(fake.home);
  fake.door.jobs = jobs;
  await until('the third line', () => said.stdout.endsWith('three\n'));
  appendFileSync(file, 'last');
  fake.door.change('j-1', { state: 'done' });
  const end = await ended;
  assert.deepEqual([end.exitCode, end.stdout], [0, 'one\n\\x1b[31mtwo\nthree\nlast\n']);
  assert.equal((await cli('logs', 'none')).exitCode, 4);
});

test('tokens and sign-in links are printed alone on stdout', async () => {
  const [token, link] = await Promise.all([cli('token', 'create', 'prometheus'), cli('sign-in')]);
  assert.match(token.stdout, /^garrison_[A-Za-z0-9_-]{43}\n$/);
  assert.match(link.stdout, /^http:\/\/127\.0\.0\.1:\d+\/login\?token=[A-Za-z0-9_-]{43}\n$/);
  assert.equal((await cli('token', 'list', '-o', 'name')).stdout, 'prometheus\n');
  assert.equal((await cli('token', 'revoke', 'prometheus')).exitCode, 0);
  assert.equal((await cli('token', 'revoke', 'prometheus')).exitCode, 1);
});

describe('config', () => {
  test('check, show and schema need no supervisor', async () => {
    const home = mkdtempSync(join(tmpdir(), 'garrison-config-'));
    writeFileSync(join(home, 'garrison.yaml'), 'workers: { count: 2 }\n');
    const [check, show, schema] = await Promise.all(
      ['check', 'show', 'schema'].map((verb) => runCli(['config', verb, '--home', home])),
    );
    assert.deepEqual([check!.exitCode, show!.exitCode, schema!.exitCode], [0, 0, 0]);
    assert.match(show!.stdout, /workers\.count +2 +.*garrison\.yaml:1\n/);
    assert.match(show!.stdout, /workers\.slots +10 +default\n/);
    assert.equal((JSON.parse(schema!.stdout) as { type: string }).type, 'object');
    writeFileSync(join(home, 'garrison.yaml'), 'workers: { count: 2, slot: 1 }\nhosts: {}\n');
    const bad = await runCli(['config', 'check', '--home', home, '-o', 'json']);
    assert.equal(bad.exitCode, 1);
    assert.deepEqual(
      items(bad).map(({ line, key }) => [line, key]),
      [
        [1, 'workers.slot'],
        [2, 'hosts'],
      ],
    );
    assert.match(bad.stderr, /garrison\.yaml:2: hosts: unknown key/);
    rmSync(home, { recursive: true });
  });
  test('check holds the names in grants.yaml against the inventory; practice hosts may be named', async () => {
    const home = mkdtempSync(join(tmpdir(), 'garrison-config-'));
    const grants = (host: string): void => {
      const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5zdYBMmpFCVbX5ZKlPSYYO0vuX2zMxtWmcJHlmMN1q';
      const text = `accounts:\n  lee: { keys: ["${key}"] }\ngrants:\n  - { accounts: [lee], hosts: [${host}] }\n`;
      writeFileSync(join(home, 'grants.yaml'), text);
    };
    grants('practice-1');
    assert.equal((await runCli(['config', 'check', '--home', home])).exitCode, 0);
    grants('web-9');
    const bad = await runCli(['config', 'check', '--home', home, '-o', 'json']);
    assert.equal(bad.exitCode, 1);
    assert.deepEqual(
      items(bad).map(({ line, key }) => [line, key]),
      [[4, 'grants.0.hosts.0']],
    );
    rmSync(home, { recursive: true });
  });
  test('a home folder open to others is refused by up, with the cure', async () => {
    const home = mkdtempSync(join(tmpdir(), 'garrison-open-'));
    mkdirSync(join(home, 'open'), { mode: 0o755 });
    const end = await runCli(['up', '--home', join(home, 'open')]);
    assert.deepEqual([end.exitCode, end.stdout], [1, '']);
    assert.match(end.stderr, /is open to other users \(mode 0755\)\n {2}next: chmod 700 /);
    rmSync(home, { recursive: true });
  });
});

test('version', async () => {
  assert.match((await cli('version')).stdout, /^garrison \d+\.\d+\.\d+ \(node v/);
});

/**
 * `npm start` as somebody meets it who has just cloned this: set-up, a first push, a link, three commands, Ctrl-C.
 * The machine itself stays as it was.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Said } from '../support/onHost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const LAST_LINE = 'Garrison runs in the foreground';

it('npm start sets up, pushes to three practice hosts, shows what to try, and Ctrl-C leaves nothing', { timeout: 300_000 }, withParts(npmStart));

async function npmStart(parts: Parts): Promise<void> {
  assertSetUp();
  const machineBefore = [readFileSync('/etc/passwd', 'utf8'), readFileSync('/etc/sudoers', 'utf8')];
  const temporary = makeTempHome();
  parts.after(() => {
    temporary.remove();
  });
  const home = temporary.path;
  writeFileSync(join(home, 'garrison.yaml'), 'page: { listen: "127.0.0.1:0" }\n');

  const first = await start(parts, home);
  assertPushed(first.output());
  await assertLinkWorks(first.output());
  await assertCommandsWork(first.output(), home);
  await assertOnHosts(first.output(), home);
  assert.notEqual((await sh('id demo')).exitCode, 0, 'the machine itself has no such account');
  await ctrlC(parts, first);

  const built = statSync(join(ROOT, 'dist/.built')).mtimeMs;
  const second = await start(parts, home);
  assertPushed(second.output());
  assert.equal(readFileSync(join(ROOT, '.cache/setup.log'), 'utf8'), '', 'no step of the set-up ran');
  assert.doesNotMatch(second.output(), /set-up:/);
  assert.equal(statSync(join(ROOT, 'dist/.built')).mtimeMs, built);
  await ctrlC(parts, second);
  assert.deepEqual([readFileSync('/etc/passwd', 'utf8'), readFileSync('/etc/sudoers', 'utf8')], machineBefore);
}

/** Without it `npm start` would replace node_modules under this very test. */
function assertSetUp(): void {
  const wanted = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');
  const stamp = join(ROOT, 'node_modules/.setup-test');
  const current = existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === wanted;
  assert.ok(current, 'this checkout is not set up for tests: run `sh bin/setup test` first (npm test does)');
}

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** What it has said so far, on both streams. */
  output(): string;
}

async function start(parts: Parts, home: string): Promise<Started> {
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GARRISON_HOME: home },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const started = { child, exited, output: () => said.join('') };
  parts.after(async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGINT');
    await exited;
  });
  const isShown = (): boolean => {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${String(child.exitCode)}: ${started.output()}`);
    return started.output().includes(LAST_LINE);
  };
  await until('npm start has shown its tour', isShown, { deadlineMs: 120_000, everyMs: 50 });
  return started;
}

async function ctrlC(parts: Parts, { child, exited, output }: Started): Promise<void> {
  process.kill(-(child.pid ?? 0), 'SIGINT');
  const code = await exited;
  assert.equal(code, 0, output());
  await parts.leaks.assertNone();
}

function assertPushed(output: string): void {
  for (const host of ['practice-1', 'practice-2', 'practice-3']) {
    assert.match(output, new RegExp(`^${host} +changed +AccountPushed .*created account, added key, wrote sudo rule`, 'm'));
  }
  assert.match(output, /push p-\S+: 3 changed/);
}

async function assertLinkWorks(output: string): Promise<void> {
  const link = /^ {2}(http:\/\/127\.0\.0\.1:\d+\/\S+)$/m.exec(output)?.[1];
  assert.ok(link, output);
  const { origin } = new URL(link);
  assert.equal((await fetch(origin)).status, 401, 'a stranger sees nothing');
  const page = await signIn(link);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /push-1/);
  assert.equal((await signIn(link)).status, 401, 'the link signs in once');
}

/** What a browser does with the link: opens it, presses its button where it has one, keeps the cookie, and shows the page. */
async function signIn(link: string): Promise<Response> {
  const answer = await fetch(link, { redirect: 'manual' });
  const cookie = answer.headers.getSetCookie().map((each) => each.split(';')[0] ?? '').join('; ');
  return fetch(new URL('/', link), { headers: { cookie } });
}

/** In a shell of another terminal, which knows nothing of GARRISON_HOME. */
async function assertCommandsWork(output: string, home: string): Promise<void> {
  const [status, push, ssh, ...more] = commandsIn(output);
  assert.ok(status !== undefined && push !== undefined && ssh !== undefined && more.length === 0, output);
  const looked = await sh(status);
  assert.equal(looked.exitCode, 0, looked.stderr);
  assert.match(looked.stdout, /well.*\n[^]*push-4 +up/);
  const pushed = await sh(push);
  assert.equal(pushed.exitCode, 0, pushed.stderr);
  assert.match(pushed.stderr, /3 changed/);
  const logged = await sh(ssh);
  assert.equal(logged.exitCode, 0, logged.stderr);
  assert.match(logged.stdout, /^uid=0\(root\)/);
  const again = await sh(`bin/garrison --home ${home} push demo --to practice-1 practice-2 practice-3 --key ${home}/demo_ed25519.pub --sudo all`);
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stderr, /3 unchanged/);
}

function commandsIn(output: string): readonly string[] {
  const after = output.slice(output.indexOf('Three commands to try')).split('\n').slice(1);
  return after.slice(0, after.findIndex((line) => !line.startsWith('  '))).map((line) => line.trim());
}

/** Logged in as the account itself, by the command that was printed. */
async function assertOnHosts(output: string, home: string): Promise<void> {
  const ssh = commandsIn(output)[2] ?? '';
  const inside = await sh(ssh.replace(/sudo id$/, "'id -un; cat .ssh/authorized_keys; sudo -n -l'"));
  const key = readFileSync(join(home, 'demo_ed25519.pub'), 'utf8').trim();
  assert.equal(inside.exitCode, 0, inside.stderr);
  assert.match(inside.stdout, /^demo\n/);
  assert.ok(inside.stdout.includes(key.split(' ')[1] ?? '?'), inside.stdout);
  assert.match(inside.stdout, /\(ALL : ALL\) NOPASSWD: ALL/);
}

function sh(command: string): Promise<Said> {
  const { GARRISON_HOME: _, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile('sh', ['-c', command], { cwd: ROOT, env, timeout: 60_000 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ exitCode, stdout, stderr });
    });
    child.stdin?.end();
  });
}

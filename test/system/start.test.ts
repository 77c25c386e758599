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
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const LAST_LINE = 'Garrison runs in the foreground';

it(
  'npm start sets up, pushes to three practice hosts, shows what to try, and Ctrl-C leaves nothing',
  { timeout: 300_000 },
  withParts(npmStart),
);

async function npmStart(parts: Parts): Promise<void> {
  assertSetUp();
  const machineBefore = [readFileSync('/etc/passwd', 'utf8'), readFileSync('/etc/sudoers', 'utf8')];
  const home = tempHome(parts);
  writeFileSync(join(home, 'garrison.yaml'), 'page: { listen: "127.0.0.1:0" }\n');

  const first = await start(parts, home, ['npm', 'start']);
  assertPushed(first.output());
  await assertLinkWorks(first.output());
  await assertCommandsWork(first.output(), home);
  await assertOnHosts(first.output(), home);
  assert.notEqual((await sh('id demo')).exitCode, 0, 'the machine itself has no such account');
  const { signal, code } = await ctrlC(parts, first);
  assert.ok(code === 0 || signal === 'SIGINT', first.output());

  const built = statSync(join(ROOT, 'dist/.built')).mtimeMs;
  const second = await start(parts, home, ['sh', 'bin/start']);
  assertPushed(second.output());
  assert.equal(readFileSync(join(ROOT, '.cache/setup.log'), 'utf8'), '', 'no step of the set-up ran');
  assert.doesNotMatch(second.output(), /set-up:/);
  assert.equal(statSync(join(ROOT, 'dist/.built')).mtimeMs, built);
  // npm's own shell ends by the signal; what it ran does not.
  assert.deepEqual(await ctrlC(parts, second), { code: 0, signal: null }, second.output());
  assert.deepEqual(
    [readFileSync('/etc/passwd', 'utf8'), readFileSync('/etc/sudoers', 'utf8')],
    machineBefore,
  );
}

/** Without it `npm start` would replace node_modules under this very test. */
function assertSetUp(): void {
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const stamp = join(ROOT, 'node_modules/.setup-test');
  const current = existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === wanted;
  assert.ok(current, 'this checkout is not set up for tests: run `sh bin/setup test` first (npm test does)');
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  /** What it has said so far, on both streams. */
  output(): string;
}

async function start(parts: Parts, home: string, [file = '', ...args]: readonly string[]): Promise<Started> {
  const child = spawn(file, args, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GARRISON_HOME: home },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => said.push(data.toString()));
  const exited = new Promise<Exit>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  const started = { child, exited, output: () => said.join('') };
  parts.after(async () => {
    if (child.exitCode === null && child.signalCode === null) signalGroup(child);
    await exited;
  });
  const isShown = (): boolean => {
    if (child.exitCode !== null)
      throw new Error(`npm start ended with ${String(child.exitCode)}: ${started.output()}`);
    return started.output().includes(LAST_LINE);
  };
  await until('npm start has shown its tour', isShown, { deadlineMs: 120_000, everyMs: 50 });
  return started;
}

async function ctrlC(parts: Parts, { child, exited }: Started): Promise<Exit> {
  signalGroup(child);
  const exit = await exited;
  await parts.leaks.assertNone();
  return exit;
}

/** What a terminal does at Ctrl-C. */
function signalGroup({ pid }: ChildProcess): void {
  assert.ok(pid !== undefined && pid > 1);
  process.kill(-pid, 'SIGINT');
}

function assertPushed(output: string): void {
  for (const host of ['practice-1', 'practice-2', 'practice-3']) {
    assert.match(
      output,
      new RegExp(`^${host} +changed +AccountPushed .*created account, added key, wrote sudo rule`, 'm'),
    );
  }
  assert.match(output, /push p-\S+: 3 changed/);
}

async function assertLinkWorks(output: string): Promise<void> {
  const link = /^ {2}(http:\/\/127\.0\.0\.1:\d+\/\S+)$/m.exec(output)?.[1];
  assert.ok(link, output);
  const { origin } = new URL(link);
  assert.equal((await fetch(origin)).status, 401, 'a stranger sees nothing');
  const plain = await signIn(link);
  assert.equal(plain.status, 200);
  assert.match(await plain.text(), /push-1/);
  assert.equal((await signIn(link)).status, 401, 'the link signs in once');
}

/** What a browser does with the link: opens it, presses its button, keeps the cookie, and gets the page; then the one without scripts, which has its facts in it. */
async function signIn(link: string): Promise<Response> {
  const { origin } = new URL(link);
  const shown = await fetch(link);
  if (shown.status !== 200) return shown;
  const token = /name="token" value="([^"]+)"/.exec(await shown.text())?.[1] ?? '';
  const body = new URLSearchParams({ token });
  const pressed = await fetch(`${origin}/login`, {
    method: 'POST',
    body,
    headers: { origin },
    redirect: 'manual',
  });
  assert.equal(pressed.status, 303);
  const cookie = pressed.headers.getSetCookie().map((each) => each.split(';')[0] ?? '');
  const headers = { cookie: cookie.join('; ') };
  assert.match(await (await fetch(origin, { headers })).text(), /<script type="module"/);
  return fetch(`${origin}/plain`, { headers });
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
  const again = await sh(
    `bin/garrison --home ${home} push demo --to practice-1 practice-2 practice-3 --key ${home}/demo_ed25519.pub --sudo all`,
  );
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stderr, /3 unchanged/);
}

function commandsIn(output: string): readonly string[] {
  const after = output.slice(output.indexOf('Three commands to try')).split('\n').slice(1);
  return after
    .slice(
      0,
      after.findIndex((line) => !line.startsWith('  ')),
    )
    .map((line) => line.trim());
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
  const env = { ...process.env, GARRISON_HOME: undefined };
  return new Promise((resolve) => {
    const child = execFile(
      'sh',
      ['-c', command],
      { cwd: ROOT, env, timeout: 60_000 },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ exitCode, stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}

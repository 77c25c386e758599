/** `--watch`: shown again at every change, honest when there is no news, and the terminal is given back. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { worker } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { shellLine, startCli, type RunningCli } from '../support/runCli.ts';
import { standAsTcp } from '../support/otherSupervisors.ts';
import { until } from '../support/until.ts';

let fake: FakeSupervisor;
let running: RunningCli | null;
beforeEach(async () => {
  running = null;
  fake = await startFakeSupervisor();
});
afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.ended;
  await fake.end();
});

function watching(...args: readonly string[]): RunningCli {
  running = startCli([...args, '--watch', '--home', fake.home]);
  return running;
}

function becomes(state: 'hung' | 'up'): void {
  const changed = worker('push-1', { state, reason: state === 'up' ? 'Beating' : 'LoopBlocked' });
  fake.door.workers = [changed, worker('push-2')];
  fake.door.tell({ type: 'worker', worker: changed });
}

function shows(cli: RunningCli, what: RegExp, of: 'stdout' | 'stderr' = 'stdout'): Promise<boolean> {
  return until(`it shows ${String(what)}`, () => what.test(cli.said[of]));
}

/** Subscribed: what is told from now on reaches it. */
function follows(): Promise<boolean> {
  return until('it follows', () => fake.door.listeners > 0);
}

test('elsewhere than on a terminal each change is a block of its own, and Ctrl-C is its orderly end', async () => {
  const cli = watching('status');
  await shows(cli, /push-1 +up/);
  await follows();
  becomes('hung');
  await shows(cli, /push-1 is hung[^]*push-1 +hung/);
  becomes('up');
  await shows(cli, /hung[^]*push-1 +up/);
  const blocks = cli.said.stdout.split(/\n\n\d{4}-\d\d-\d\dT[\d:]+Z\n/);
  assert.equal(blocks.length, 3, cli.said.stdout);
  cli.child.kill('SIGINT');
  const { exitCode, stderr } = await cli.ended;
  assert.deepEqual([exitCode, stderr], [0, '']);
});

test('-o json gives a document at each change, -o jsonl the items that changed', async () => {
  const json = watching('get', 'workers', '-o', 'json');
  await shows(json, /"push-2"/);
  await follows();
  becomes('hung');
  await shows(json, /"hung"/);
  json.child.kill('SIGINT');
  const documents = (await json.ended).stdout.split(/(?<=^\})\n/m).filter((text) => text.trim() !== '');
  const states = documents.map(
    (text) => (JSON.parse(text) as { items: { state: string }[] }).items[0]?.state,
  );
  assert.deepEqual(states, ['up', 'hung']);

  becomes('up');
  const lines = watching('get', 'workers', '-o', 'jsonl');
  await shows(lines, /push-2/);
  await follows();
  becomes('hung');
  await shows(lines, /hung/);
  lines.child.kill('SIGTERM');
  const items = (await lines.ended).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; state: string });
  assert.deepEqual(
    items.map(({ name, state }) => `${name} ${state}`),
    ['push-1 up', 'push-2 up', 'push-1 hung'],
  );
});

test('it says when there is no news, connects again, and then shows what it missed', async () => {
  const cli = watching('get', 'workers');
  await shows(cli, /push-1 +up/);
  await follows();
  await fake.server.close();
  await shows(cli, /no news since \d{4}-.*connecting again/, 'stderr');
  const again = await startFakeSupervisor(fake.home);
  fake = { ...again, end: () => again.end() };
  fake.door.workers = [worker('push-1', { state: 'hung', reason: 'LoopBlocked' })];
  await shows(cli, /push-1 +hung/);
  await shows(cli, /there is news again/, 'stderr');
  assert.equal(cli.said.stderr.match(/no news/g)?.length, 1, cli.said.stderr);
});

test('one that stands still ends it no more than one that is away', async () => {
  const cli = watching('status');
  await shows(cli, /push-1 +up/);
  await follows();
  await fake.server.close();
  const knockedMs: number[] = [];
  const silent = await standAsTcp(fake.home, () => knockedMs.push(performance.now()));
  // The stream is quiet for 5 s before it is knocked at, and that knock is given up after 3 s.
  const isTriedAgain = (): boolean => knockedMs.some((at) => at - (knockedMs[0] ?? at) > 8_000);
  try {
    await until('it was silent, and is tried again', isTriedAgain, { deadlineMs: 20_000 });
  } finally {
    await silent.end();
  }
  rmSync(fake.socketPath, { force: true });
  const again = await startFakeSupervisor(fake.home);
  fake = { ...again, end: () => again.end() };
  becomes('hung');
  await shows(cli, /push-1 +hung/);
  await shows(cli, /there is news again/, 'stderr');
});

test('a reader that has gone ends it quietly; without a supervisor there is nothing to watch', async () => {
  const cli = watching('status');
  await shows(cli, /push-1/);
  await follows();
  cli.child.stdout?.destroy();
  becomes('hung');
  const { exitCode, stderr } = await cli.ended;
  assert.deepEqual([exitCode, stderr], [0, '']);
  rmSync(fake.socketPath);
  assert.equal((await watching('status').ended).exitCode, 4);
});

function onTerminal(before: string): ChildProcess & { readonly stdin: Writable; readonly stdout: Readable } {
  const line = `${before}; exec ${shellLine(['status', '--watch', '--home', fake.home])}`;
  return spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
}

test('no line is longer than a narrow terminal, and one that cannot move its cursor gets block after block', async () => {
  for (const [term, isDrawn] of [
    ['xterm', true],
    ['dumb', false],
  ] as const) {
    const child = onTerminal(`stty cols 40 rows 40; export TERM=${term}`);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise((resolve) => child.once('close', resolve));
    await until('it is shown', () => /push-2[^]*docker/.test(said));
    await follows();
    child.stdin.write('\u0003');
    assert.equal(await ended, 0);
    assert.equal(said.includes('\u001b[?1049h'), isDrawn, said);
    if (!isDrawn) continue;
    const frame = said.split('\u001b[H')[1] ?? '';
    const lines = frame.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '').split('\r\n');
    assert.deepEqual(
      lines.filter((each) => each.trim().length > 40),
      [],
    );
  }
});

test('on a terminal it draws in place, and gives the screen and the cursor back', async () => {
  const child = onTerminal('stty cols 80 rows 12');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until('it is drawn', () => /push-2/.test(said));
  await follows();
  becomes('hung');
  await until('it is drawn anew', () => /push-1 is .*hung/.test(said));
  child.stdin.write('\u0003');
  assert.equal(await ended, 0);
  const enter = said.indexOf('\u001b[?1049h\u001b[?25l');
  const leave = said.lastIndexOf('\u001b[?25h\u001b[?1049l');
  assert.ok(enter >= 0 && leave > enter, JSON.stringify(said.slice(-200)));
  const frames = said.slice(enter, leave).split('\u001b[H').slice(1);
  assert.ok(frames.length >= 2);
  for (const frame of frames) assert.ok(frame.split('\r\n').length <= 12, frame);
});

test('a wait of more than two seconds says what it waits for, also without a terminal', async () => {
  running = startCli(['restart', 'push-1', '--yes', '--timeout', '20s', '--home', fake.home]);
  await shows(running, /^waiting: restart \S*push-1: under way/m, 'stderr');
});

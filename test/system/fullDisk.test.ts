/**
 * A home on a disk that fills up, and one that is read-only: the supervisor stays, says what it cannot write, does nothing that it could not keep, and recovers by itself.
 * Each home is a small tmpfs in a mount namespace of its own, which ends with the process in it.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Snapshot } from '../../src/supervisor/door.ts';
import { callSocket } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const PROGRAM = new URL('../../bin/garrison', import.meta.url).pathname;

it('a disk that fills up and is emptied again', { timeout: 120_000 }, withParts(filled));
it('a start where nothing can be written says what and the cure', { timeout: 60_000 }, withParts(unwritable));

interface Mounted {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** As seen from outside. */
  readonly home: string;
  output(): string;
}

/** `prepare`: shell, with the mounted home in $1. */
function start(parts: Parts, size: string, prepare: string): Mounted {
  const home = join(tempHome(parts), 'home');
  mkdirSync(home, { mode: 0o700 });
  const script = `mount -t tmpfs -o mode=700,size=${size} garrison-test "$1" && echo 'page: { listen: "127.0.0.1:0" }
workers: { count: 1 }' >"$1/garrison.yaml" && ${prepare} && exec "$2" "$3" --home "$1" up`;
  const args = [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    home,
    process.execPath,
    PROGRAM,
  ];
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (said += data.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  parts.after(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  return { child, exited, home: `/proc/${String(child.pid)}/root${home}`, output: () => said };
}

async function status({ home }: Mounted): Promise<Snapshot> {
  const { text } = await callSocket(join(home, 'control.sock'), { method: 'GET', path: '/api/v1/status' });
  return JSON.parse(text) as Snapshot;
}

async function filled(parts: Parts): Promise<void> {
  const mounted = start(parts, '8m', 'true');
  const served = async (): Promise<boolean> => {
    if (mounted.child.exitCode !== null) throw new Error(mounted.output());
    return (await status(mounted)).queue.served;
  };
  await until('it takes jobs', served, { deadlineMs: 30_000 });
  const before = await status(mounted);
  const filler = join(mounted.home, 'filler');
  fill(filler);
  const stop = { verb: 'quiet', target: 'worker/push-1' };
  const call = { method: 'POST', path: '/api/v1/operations', body: stop };
  const refused = await callSocket(join(mounted.home, 'control.sock'), call);
  assert.ok(refused.status >= 400, refused.text);
  assert.match(refused.text, /HOME_UNUSABLE.*no space left.*nothing was done/is);
  const told = await until('the status says so', async () =>
    (await status(mounted)).home?.unwritable.find(({ name }) => name === 'wishes.json'),
  );
  assert.match(told.why, /no space left/);
  const during = await status(mounted);
  assert.deepEqual([during.pid, during.workers[0]?.wish], [before.pid, 'run'], 'nothing was done');

  rmSync(filler);
  await until(
    'it is well again by itself',
    async () => (await status(mounted)).home?.unwritable.length === 0 && served(),
    { deadlineMs: 30_000 },
  );
  const after = await status(mounted);
  assert.deepEqual(
    after.workers[0]?.incarnation,
    before.workers[0]?.incarnation,
    'the worker was left alone',
  );
  assert.equal((await callSocket(join(mounted.home, 'control.sock'), call)).status, 202);
}

/** To the last byte. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (const bytes of [65_536, 512, 1]) for (;;) if (!writes(handle, bytes)) break;
  } finally {
    closeSync(handle);
  }
}

function writes(handle: number, bytes: number): boolean {
  try {
    return writeSync(handle, Buffer.alloc(bytes)) > 0;
  } catch {
    return false;
  }
}

async function unwritable(parts: Parts): Promise<void> {
  const readOnly = start(parts, '1m', 'mount -o remount,ro garrison-test "$1"');
  assert.equal(await readOnly.exited, 1, readOnly.output());
  assert.match(
    readOnly.output(),
    /home folder cannot be written: .*supervisor\.lock.*read-only[^]*next: .*mount it writable/i,
  );
  const full = start(parts, '64k', '{ cat /dev/zero >"$1/filler" 2>/dev/null || true; }');
  assert.equal(await full.exited, 1, full.output());
  assert.match(
    full.output(),
    /cannot be written: .*no space left[^]*next: The disk is full: free space there/i,
  );
}

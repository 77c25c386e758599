/**
 * Faults around the workers: a machine without processor time, a supervisor that was stopped, a wall clock that jumps.
 * It never touches the machine's own clock.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOwnHosts, type OwnHost } from '../ownHosts.ts';
import type { Parts } from '../parts.ts';
import { tempHome } from '../tempHome.ts';
import { assertOneEffectEach, told } from '../told.ts';
import { until } from '../until.ts';
import { percent, watchPressure } from './pressure.ts';
import { Watch, WELL, type FaultRun, type Expected } from './watch.ts';

const LOOPS = 8;
const BUSY_FOR_MS = 60_000;
const SUPERVISOR_STOPPED_FOR_MS = 10_000;
/** Long enough for every limit of the detector to pass, if one of them went by the wall clock. */
const JUMPED_FOR_MS = 20_000;

/** The kernel gives a process that mostly sleeps its turn, so beats go on coming; where it did not, the machine is to blame and nobody else. */
export async function busyLoops(parts: Parts, scale: number): Promise<FaultRun> {
  const watch = await Watch.start(parts);
  const loops = Array.from({ length: LOOPS }, () =>
    spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' }),
  );
  const endLoops = async (): Promise<void> => {
    const living = loops.filter((loop) => loop.exitCode === null && loop.signalCode === null);
    const gone = living.map((loop) => once(loop, 'exit'));
    for (const loop of living) loop.kill('SIGKILL');
    await Promise.all(gone);
  };
  parts.after(endLoops);
  const waited = watchPressure();
  await sleep(BUSY_FOR_MS * scale);
  console.log(`${String(LOOPS)} busy loops: tasks waited for a processor ${percent(waited())} of the time`);
  await endLoops();
  const either: Expected = { sequence: WELL, orElse: [['up Beating', 'late Starved', 'up Beating']] };
  return watch.judge({ 'push-1': either, 'push-2': either });
}

/** What its workers said meanwhile lies in its pipes and is read before it judges; were it to judge first, it would call them unknown. */
export async function stoppedSupervisor(parts: Parts, scale: number): Promise<FaultRun> {
  const watch = await Watch.start(parts);
  const { garrison } = watch;
  process.kill(garrison.pid, 'SIGSTOP');
  parts.after(() => {
    garrison.process.kill('SIGCONT');
  });
  await sleep(SUPERVISOR_STOPPED_FOR_MS * scale);
  process.kill(garrison.pid, 'SIGCONT');
  await until('the supervisor answers', () => garrison.isReady());
  const either: Expected = {
    sequence: WELL,
    orElse: [['up Beating', 'unknown ObserverImpaired', 'up Beating']],
  };
  return watch.judge({ 'push-1': either, 'push-2': either });
}

/** An hour forward, then an hour back from where it began, with a job in hand each time: only the monotonic clock decides, and jobs go through. */
export async function clockJump(parts: Parts, scale: number): Promise<FaultRun> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts as [OwnHost];
  const clock = fakeClock(tempHome(parts));
  const config = `workers: { count: 2 }\nssh: { identityFile: ${own.identityFile} }`;
  const watch = await Watch.start(parts, { inventory: own.inventory, config, env: clock.env });
  const { garrison } = watch;
  for (const [account, offset] of [
    ['ahead', '+1h'],
    ['behind', '-1h'],
  ] as const) {
    const before = Date.parse((await garrison.snapshot()).observedAt);
    host.closeGate();
    const held = await garrison.push(`${account}-held`, ['web-1']);
    await host.atGate(`${account}-held`);
    clock.set(offset);
    const jumpedMs = Date.parse((await garrison.snapshot()).observedAt) - before;
    assert.ok(Math.abs(jumpedMs) > 3_500_000, `its clock jumped by ${String(jumpedMs)} ms`);
    host.openGate();
    const next = await garrison.push(account, ['web-1']);
    for (const { id } of [held, next])
      assert.equal(told((await garrison.settled(id)).jobs[0]), 'done changed AccountPushed');
    assertOneEffectEach(own.hosts, [held, next]);
    await sleep(JUMPED_FOR_MS * scale);
  }
  return watch.judge({});
}

/** For a whole garrison and all it starts: the wall clock as `set` last said, the monotonic one as it is. */
function fakeClock(folder: string): { env: Record<string, string>; set: (offset: string) => void } {
  const libraries = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`);
  const library = libraries.find((path) => existsSync(path));
  assert.ok(library, 'libfaketime is not installed: sh bin/setup test');
  const file = join(folder, 'clock');
  const set = (offset: string): void => {
    // Moved into place: it is read at every look at the clock.
    writeFileSync(`${file}.new`, `${offset}\n`);
    renameSync(`${file}.new`, file);
  };
  set('+0');
  const env = {
    // glibc's own malloc first: redis-server's looks at the clock before libfaketime is ready for it.
    LD_PRELOAD: `libc_malloc_debug.so.0:${library}`,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  return { env, set };
}

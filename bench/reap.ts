/**
 * Measures how long an orphan stays a zombie once it has ended: from the kill until the reaper says that it is gone.
 * It kills only what it started itself.
 */
import { Reaper } from '../src/driver/reaper.ts';
import { spawnProcess } from '../src/driver/spawn.ts';
import { LIFE_MARK } from '../src/mark.ts';
import { readProcStat } from '../src/proc.ts';
import type { Orphan } from '../src/reconciler/orphan.ts';
import { percentileOf, rounded, type BenchContext, type Benchmark, type Figures } from './benchmark.ts';

const ORPHANS = 200;
const LIFE = 'bench';

export const reap: Benchmark = {
  name: 'reap',
  about: 'how long an ended orphan stays a zombie',
  run: measure,
};

async function measure(context: BenchContext): Promise<Figures> {
  let onAdopted: (orphan: Orphan) => void = () => undefined;
  let onReaped: (pid: number) => void = () => undefined;
  const reaper = new Reaper({
    onAdopted: (orphan) => {
      // The loader of these very files has started a process of its own.
      if (orphan.life === LIFE) onAdopted(orphan);
    },
    onReaped: (pid) => {
      onReaped(pid);
    },
  });
  // The reaper keeps nobody's event loop alive.
  const alive = setInterval(() => undefined, 1_000);
  context.after(async () => {
    clearInterval(alive);
    await reaper.endAll(1_000);
  });
  context.note(`${String(ORPHANS)} orphans, killed one after another`);
  const tookMs: number[] = [];
  for (let count = 0; count < ORPHANS; count += 1) {
    const adopted = new Promise<Orphan>((resolve) => (onAdopted = resolve));
    spawnProcess({ file: '/bin/sh', args: ['-c', 'sleep 1000 & exit 0'], env: { [LIFE_MARK]: LIFE } });
    const { pid, startTicks } = await adopted;
    const gone = new Promise<void>((resolve) => {
      onReaped = (reaped) => {
        if (reaped === pid) resolve();
      };
    });
    const killedMs = performance.now();
    if (readProcStat(pid)?.startTicks === startTicks) process.kill(pid, 'SIGKILL');
    await gone;
    tookMs.push(performance.now() - killedMs);
  }
  return {
    measures: 'kill of an orphan until the reaper says that it is gone, on the notification of its death',
    orphans: ORPHANS,
    reapedMs: {
      median: rounded(percentileOf(tookMs, 50), 2),
      p99: rounded(percentileOf(tookMs, 99), 2),
      max: rounded(Math.max(...tookMs), 2),
    },
    aim: { notifiedMs: 50, atLatestMs: 1_500 },
  };
}

/**
 * Makes real zombies, under a parent that does not wait for them.
 * It ends what it started and nothing else; the machine's first process then reaps the zombies.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { readProcStat } from '../../src/proc.ts';
import { until } from './until.ts';

export interface ZombieParent {
  readonly pid: number;
  readonly startTicks: number;
  readonly process: ChildProcess;
  end(): Promise<void>;
}

interface Context {
  after(fn: () => Promise<void> | void): void;
}

/** A `sleep` that was a shell and has this many dead children; it knows nothing of them and never waits. */
export async function leaveZombies(context: Context, count: number): Promise<ZombieParent> {
  const script = `exec 3<&0; i=0; while [ $i -lt ${String(count)} ]; do read x <&3 & i=$((i+1)); done; echo made; exec sleep 600 3<&- <&-`;
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  context.after(end);
  await once(child.stdout, 'data');
  // The end of their input ends the children, once their parent is no shell any more.
  await until('the parent is a sleep', () => nameOf(child.pid!) === 'sleep');
  child.stdin.end();
  await until(`${String(count)} zombies`, () => zombiesOf(child.pid!).length === count, {
    deadlineMs: 30_000,
    everyMs: 100,
  });
  const { pid, startTicks } = readProcStat(child.pid!)!;
  return { pid, startTicks, process: child, end };
}

export function zombiesOf(parentPid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcStat(Number(name)))
    .filter((stat) => stat?.parentPid === parentPid && stat.state === 'Z')
    .map((stat) => stat!.pid);
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim();
}

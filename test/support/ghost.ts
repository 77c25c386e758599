/**
 * Makes a real ghost: a container that Docker calls running though none of its processes exists.
 * Only a containerd that stands still misses the end of both shim and process, so while the ghost lasts nothing can be started or stopped in this dockerd.
 */
import type Dockerode from 'dockerode';
import { readFileSync } from 'node:fs';
import { readProcStat } from '../../src/proc.ts';
import { hasEnded, within, type TestDockerd } from './dockerd.ts';
import { until } from './until.ts';

/** Resolves to a function that undoes it: containerd goes on, and Docker learns the truth. */
export async function makeGhost(
  dockerd: TestDockerd,
  container: Dockerode.Container,
): Promise<() => Promise<void>> {
  const { Id, State } = await container.inspect();
  const shim = shimOf(State.Pid, Id);
  await dockerd.stop('containerd');
  // In this order the process is really gone, not somebody's zombie: its shim still lives to reap it.
  process.kill(State.Pid, 'SIGKILL');
  await until('the process is gone', () => readProcStat(State.Pid) === null);
  process.kill(shim, 'SIGKILL');
  await until('the shim has ended', () => hasEnded(shim));
  return async () => {
    dockerd.cont('containerd');
    await until('Docker has noticed', () => isAnother(container, State.Pid), { deadlineMs: 30_000 });
  };
}

/** The process above the container's first; it names the container. */
function shimOf(pid: number, id: string): number {
  const shim = readProcStat(pid)?.parentPid ?? 0;
  const words = shim === 0 ? [] : readFileSync(`/proc/${String(shim)}/cmdline`, 'utf8').split('\0');
  if (!words.includes(id)) throw new Error(`the parent of ${String(pid)} is not the shim of ${id}`);
  return shim;
}

async function isAnother(container: Dockerode.Container, pid: number): Promise<boolean> {
  try {
    return (await within(2000, container.inspect())).State.Pid !== pid;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return true;
    throw error;
  }
}

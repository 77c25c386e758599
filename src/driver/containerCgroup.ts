/**
 * Reads what the kernel counts for a container: memory and processes in its cgroup, of either version.
 * It changes no limit.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Null where the kernel does not tell. */
export interface ContainerCounters {
  readonly memoryBytes: number | null;
  readonly pids: number | null;
  /** So often a process of it was ended because it had no memory left. */
  readonly oomKills: number | null;
}

export const NO_COUNTERS: ContainerCounters = { memoryBytes: null, pids: null, oomKills: null };

/** Of the container's first process; its cgroups count only while they bear the container's name. */
export function countersOf(pid: number, id: string): ContainerCounters {
  const groups = read(`/proc/${String(pid)}/cgroup`)
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , path]) => path?.includes(id) === true);
  const folderOf = (controller: string): string | null => {
    const [, , path] = groups.find(([, names]) => names?.split(',').includes(controller)) ?? [];
    return path === undefined ? null : join(ROOT, controller, path);
  };
  const unified = folderOf('');
  const memory = folderOf('memory');
  const pids = folderOf('pids');
  return {
    memoryBytes: firstNumber(unified, 'memory.current') ?? firstNumber(memory, 'memory.usage_in_bytes'),
    pids: firstNumber(unified, 'pids.current') ?? firstNumber(pids, 'pids.current'),
    oomKills: oomKillsIn(unified, 'memory.events') ?? oomKillsIn(memory, 'memory.oom_control'),
  };
}

const ROOT = '/sys/fs/cgroup';

function firstNumber(folder: string | null, name: string): number | null {
  const text = folder === null ? '' : read(join(folder, name)).trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}

function oomKillsIn(folder: string | null, name: string): number | null {
  const text = folder === null ? '' : read(join(folder, name));
  const value = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return value === undefined ? null : Number(value);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

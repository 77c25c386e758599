/**
 * Reads the limits that the cgroups of one process set, of either version, up to the root that is seen from here.
 * It changes no limit.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CountSeen } from '../reconciler/checkup.ts';

const ROOT = '/sys/fs/cgroup';

/** The tightest limit on processes that is set on the way up; null where there is none. */
export function pidsLimitOf(pid: number | 'self'): CountSeen | null {
  const limits = foldersOf(pid, 'pids').flatMap((folder) => {
    const [used, most] = [
      numberIn(read(join(folder, 'pids.current'))),
      numberIn(read(join(folder, 'pids.max'))),
    ];
    return used === null || most === null || most === 0 ? [] : [{ folder, used, most }];
  });
  const [tightest] = limits.sort((one, other) => other.used / other.most - one.used / one.most);
  if (tightest === undefined) return null;
  const { folder, used, most } = tightest;
  const whose = pid === 'self' ? 'of this shell' : 'of Garrison';
  return {
    what: `pids in the cgroup ${whose}`,
    used,
    most,
    look: `cat ${folder}/pids.max; ps -eo pid,nlwp,cgroup,args | tail -n 30`,
  };
}

/** A Node process takes 12; with fewer left it ends by SIGABRT, or never begins. */
const PIDS_OF_A_WORKER = 16;

/** That our cgroup has too few pids left for a worker, as a phrase; null where that is not so. */
export function pidShortage(): string | null {
  const limit = pidsLimitOf('self');
  if (limit === null || limit.most - limit.used >= PIDS_OF_A_WORKER) return null;
  return `${String(limit.used)} of ${String(limit.most)} pids are used in the cgroup of Garrison, and a worker needs about ${String(PIDS_OF_A_WORKER)}`;
}

/** Null where the kernel does not tell. */
export function oomKillsOf(pid: number): number | null {
  const [own] = foldersOf(pid, 'memory');
  if (own === undefined) return null;
  const text = read(join(own, 'memory.events')) || read(join(own, 'memory.oom_control'));
  return numberIn(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? '');
}

/** A whole number that stands alone; null for `max` and everything else. */
export function numberIn(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text) : null;
}

/** Its own first, then those above it. */
function foldersOf(pid: number | 'self', controller: string): readonly string[] {
  const groups = read(`/proc/${String(pid)}/cgroup`)
    .split('\n')
    .map((line) => line.split(':'));
  const [, named, path] =
    groups.find(([, names]) => names?.split(',').includes(controller) === true) ??
    groups.find(([, names]) => names === '') ??
    [];
  if (path === undefined) return [];
  const root = named === '' ? ROOT : join(ROOT, controller);
  const folders: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    folders.push(join(root, at));
    if (at === dirname(at)) return folders;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

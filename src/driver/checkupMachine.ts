/**
 * Reads for a checkup what the kernel counts: disks, open files, processes, memory, pressure, the clock.
 * It writes nothing, and starts no process to find out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';
import type {
  ClockSeen,
  CountSeen,
  DiskSeen,
  DisksSeen,
  MemorySeen,
  Part,
  PressureSeen,
} from '../reconciler/checkup.ts';
import { lookWithin, seen, unseen } from './checkupPart.ts';
import { isClockSynchronized } from './libc.ts';
import { numberIn, pidsLimitOf, oomKillsOf } from './ownCgroup.ts';

/** One that hangs, as a network's may, must not keep the others. */
export async function checkupDisks(folders: readonly string[], withinMs: number): Promise<Part<DisksSeen>> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const looks = await Promise.all(
    folders.map((folder) => lookWithin(`The disk of ${folder}`, withinMs, () => lookAtDisk(folder, mounts))),
  );
  const found = new Map<number, DiskSeen>();
  for (const look of looks) {
    if (look.kind === 'unseen') continue;
    const { device, disk } = look.value;
    const same = found.get(device);
    found.set(device, same === undefined ? disk : { ...same, folders: [...same.folders, ...disk.folders] });
  }
  const gaps = looks.flatMap((look) =>
    look.kind === 'unseen' && look.why !== 'absent' ? [look.because] : [],
  );
  return seen({ disks: [...found.values()], gaps });
}

async function lookAtDisk(folder: string, mounts: string): Promise<Part<{ device: number; disk: DiskSeen }>> {
  try {
    const [{ dev }, fs] = await Promise.all([stat(folder), statfs(folder)]);
    const disk = {
      folders: [folder],
      totalBytes: fs.blocks * fs.bsize,
      freeBytes: fs.bavail * fs.bsize,
      totalInodes: fs.files,
      freeInodes: fs.ffree,
      isReadOnly: isReadOnly(folder, mounts),
    };
    return seen({ device: dev, disk });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return unseen('absent', messageOf(error));
    throw error;
  }
}

/** Of the last mount on the longest part of its path. */
function isReadOnly(folder: string, mounts: string): boolean {
  const points = new Map(
    mounts.split('\n').map((line) => {
      const [, at = '', , options = ''] = line.split(' ');
      return [at, options] as const;
    }),
  );
  for (let at = folder; ; at = dirname(at)) {
    const options = points.get(at);
    if (options !== undefined) return options.split(',').includes('ro');
    if (at === dirname(at)) return false;
  }
}

/** `supervisorPid`: null when none runs; then our own cgroup stands for its. */
export function checkupCounts(supervisorPid: number | null): Part<readonly CountSeen[]> {
  const counts = [
    filesOfMachine(),
    tasksOfMachine(),
    pidsLimitOf(supervisorPid ?? 'self'),
    supervisorPid === null ? null : filesOf(supervisorPid),
  ].filter((count) => count !== null);
  return counts.length === 0 ? unseen('failed', 'The kernel tells no counts.') : seen(counts);
}

function filesOfMachine(): CountSeen | null {
  const [used, , most] = read('/proc/sys/fs/file-nr').trim().split(/\s+/).map(Number);
  if (used === undefined || most === undefined) return null;
  return {
    what: 'open files of the machine',
    used,
    most,
    look: 'lsof -n | awk \'{print $2" "$1}\' | sort | uniq -c | sort -n | tail',
  };
}

function tasksOfMachine(): CountSeen | null {
  const used = Number(/^\S+ \S+ \S+ \d+\/(\d+)/.exec(read('/proc/loadavg'))?.[1] ?? NaN);
  const limits = ['/proc/sys/kernel/pid_max', '/proc/sys/kernel/threads-max'].map((file) =>
    numberIn(read(file)),
  );
  const most = Math.min(...limits.map((limit) => limit ?? Infinity));
  if (Number.isNaN(used) || !Number.isFinite(most)) return null;
  return {
    what: 'pids of the machine (processes, their threads and zombies)',
    used,
    most,
    look: 'ps -eo nlwp,pid,ppid,stat,args --sort=-nlwp | head -n 15',
  };
}

/** Null where they may not be counted. */
function filesOf(pid: number): CountSeen | null {
  const most = Number(/^Max open files\s+(\d+)/m.exec(read(`/proc/${String(pid)}/limits`))?.[1] ?? NaN);
  try {
    const used = readdirSync(`/proc/${String(pid)}/fd`).length;
    if (Number.isNaN(most)) return null;
    return {
      what: 'open files of the supervisor',
      used,
      most,
      look: `ls -l /proc/${String(pid)}/fd | tail -n 30`,
    };
  } catch {
    return null;
  }
}

export function checkupMemory(supervisorPid: number | null): Part<MemorySeen> {
  const text = read('/proc/meminfo');
  const bytes = (name: string): number | null => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  };
  const [totalBytes, availableBytes] = [bytes('MemTotal'), bytes('MemAvailable')];
  if (totalBytes === null || availableBytes === null)
    return unseen('failed', '/proc/meminfo does not say how much memory is left.');
  return seen({
    totalBytes,
    availableBytes,
    swapTotalBytes: bytes('SwapTotal') ?? 0,
    swapFreeBytes: bytes('SwapFree') ?? 0,
    oomKills: numberIn(/^oom_kill (\d+)$/m.exec(read('/proc/vmstat'))?.[1] ?? ''),
    ownOomKills: supervisorPid === null ? null : oomKillsOf(supervisorPid),
  });
}

export function checkupPressure(): Part<readonly PressureSeen[]> {
  const found = (['cpu', 'memory', 'io'] as const).flatMap((resource) => {
    const text = read(`/proc/pressure/${resource}`);
    const share = (kind: string): number =>
      Number(new RegExp(`^${kind} .*avg60=([0-9.]+)`, 'm').exec(text)?.[1] ?? 0) / 100;
    return text === '' ? [] : [{ resource, some: share('some'), full: share('full') }];
  });
  if (found.length > 0) return seen(found);
  return unseen('absent', 'This kernel does not tell how long work waits (/proc/pressure).');
}

export function checkupClock(): Part<ClockSeen> {
  return seen({ isSynchronized: isClockSynchronized() });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

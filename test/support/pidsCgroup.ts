/**
 * Makes a cgroup in which there can be only so many processes and threads, below the one in which the test runs.
 * It removes what it made and signals nobody.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Context {
  after(fn: () => Promise<void> | void): void;
}

/** False where one can be made; else why not. */
export function whyNoPidsCgroup(): string | false {
  if (process.getuid?.() !== 0) return 'only root can make a cgroup here';
  return folderAbove() === null ? 'no cgroup can limit pids here' : false;
}

/** Its folder; whoever writes its own pid into cgroup.procs there is in it. */
export function makePidsCgroup(context: Context, most: number | 'max'): string {
  const folder = join(folderAbove() ?? '', `garrison-test-pids-${String(process.pid)}`);
  mkdirSync(folder);
  context.after(() => {
    rmdirSync(folder);
  });
  writeFileSync(join(folder, 'pids.max'), String(most));
  return folder;
}

/** Of version 1, or of version 2 where that hands the limit down. */
function folderAbove(): string | null {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  const first = /^\d+:(?:[^:]*,)?pids(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
  const second = /^0::(.*)$/m.exec(groups)?.[1];
  const folders = [
    ...(first === undefined ? [] : [join('/sys/fs/cgroup/pids', first)]),
    ...(second === undefined ? [] : [join('/sys/fs/cgroup', second)]),
  ];
  return folders.find((folder) => existsSync(join(folder, 'cgroup.procs')) && handsDown(folder)) ?? null;
}

function handsDown(folder: string): boolean {
  const control = join(folder, 'cgroup.subtree_control');
  return !existsSync(control) || readFileSync(control, 'utf8').split(/\s+/).includes('pids');
}

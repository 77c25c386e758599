/**
 * Makes a real cgroup of version 2 for a test and puts processes into it, below the one in which the test runs.
 * It removes what it made and signals nobody.
 */
import koffi from 'koffi';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCgroup {
  readonly mount: string;
  readonly folder: string;
  /** As in /proc/PID/cgroup. */
  readonly path: string;
}

interface Context {
  after(fn: () => Promise<void> | void): void;
}

const MOUNTS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

/** False where a cgroup of version 2 can be made; else why not. */
export function whyNoCgroup(): string | false {
  const mount = mountOf();
  if (mount === null) return 'no hierarchy of cgroup version 2 is mounted';
  return process.getuid?.() === 0 ? false : 'only root can make a cgroup here';
}

/** Removed, with all below it, after the test; the test's own process, if that is in it, goes back to where it was. */
export function makeCgroup(context: Context): TestCgroup {
  const mount = mountOf();
  const above = ownPath();
  if (mount === null || above === null) throw new Error('no hierarchy of cgroup version 2');
  const name = `garrison-test-${String(process.pid)}-${String((made += 1))}`;
  const cgroup = { mount, folder: join(mount, above, name), path: join(above, name) };
  mkdirSync(cgroup.folder);
  context.after(() => {
    remove(cgroup.folder, join(mount, above));
  });
  return cgroup;
}

/** The test's own process moves into it, and back after the test. */
export function enterOwnCgroup(context: Context): TestCgroup {
  const cgroup = makeCgroup(context);
  writeFileSync(join(cgroup.folder, 'cgroup.procs'), String(process.pid));
  return cgroup;
}

/**
 * The test's own process moves out; whom it started in there stays.
 * What is left of those when the test ends is ended with the cgroup, which holds nobody else.
 */
export function leaveToItself(context: Context, { mount, folder, path }: TestCgroup): void {
  writeFileSync(join(mount, path, '..', 'cgroup.procs'), String(process.pid));
  context.after(() => {
    writeFileSync(join(folder, 'cgroup.kill'), '1');
  });
}

export function pidsIn({ folder }: TestCgroup): number[] {
  return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

/** As systemd does for a unit with Delegate=yes. */
export function delegate({ folder }: TestCgroup, word = '1'): void {
  const libc = koffi.load('libc.so.6');
  const setxattr = libc.func('int setxattr(str path, str name, str value, ulong size, int flags)');
  if (setxattr(folder, 'trusted.delegate', word, word.length, 0) !== 0)
    throw new Error(`${folder} cannot be delegated`);
}

let made = 0;

function mountOf(): string | null {
  return MOUNTS.find((mount) => existsSync(join(mount, 'cgroup.controllers'))) ?? null;
}

function ownPath(): string | null {
  return /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? null;
}

function remove(folder: string, home: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) remove(join(folder, entry.name), home);
  const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
  if (pids.includes(String(process.pid))) writeFileSync(join(home, 'cgroup.procs'), String(process.pid));
  rmdirSync(folder);
}

/**
 * Gives the worker's tests practice hosts and tasks to run on them.
 * It starts and ends only its own parts, in its own temporary folder.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPracticeHosts } from '../../src/driver/practice.ts';
import type { PracticeHost } from '../../src/driver/practice.ts';
import { wallTime } from '../../src/clock.ts';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostResult, JobKind, PushTask, Stage } from '../../src/push/job.ts';
import type { KeptConnections } from '../../src/worker/keptConnections.ts';
import { runTask } from '../../src/worker/runTask.ts';
import { makeTempHome } from '../support/tempHome.ts';

export interface HostLab {
  readonly homeDir: string;
  readonly hosts: readonly PracticeHost[];
  /** A public key to push, with its private half beside it. */
  readonly userKey: string;
  readonly userIdentity: string;
  task(host: PracticeHost, more?: Partial<PushTask> & { kind?: JobKind }): PushTask;
  /** The same job once more, as the supervisor would hand it out. */
  again(task: PushTask): PushTask;
  end(): Promise<void>;
}

export async function startHostLab(count: number): Promise<HostLab> {
  // A blank in the path: ssh splits some options at blanks.
  const home = makeTempHome('garrison lab-');
  const homeDir = home.path;
  const identityFile = makeKey(homeDir, 'id 100%');
  const userIdentity = makeKey(homeDir, 'user');
  const userKey = readFileSync(`${userIdentity}.pub`, 'utf8').trim();
  const authorizedKeys = [readFileSync(`${identityFile}.pub`, 'utf8').trim()];
  const hosts = await startPracticeHosts({ count, homeDir, authorizedKeys });
  const knownHosts = join(homeDir, 'known hosts');
  writeFileSync(knownHosts, hosts.map((host) => `${host.name} ${host.hostKey}\n`).join(''));
  const counter = { value: 0 };
  return {
    homeDir,
    hosts,
    userKey,
    userIdentity,
    task(host, more = {}) {
      counter.value += 1;
      return {
        jobId: `j-${String(counter.value)}`,
        attempt: 1,
        kind: 'push',
        fence: { clusterId: 'c1', epoch: 1, counter: counter.value },
        account: wish({ keys: [userKey] }),
        host: { name: host.name, address: host.address, port: host.port, user: host.user },
        ssh: {
          identityFile,
          knownHostsFiles: [join(homeDir, 'none such'), knownHosts],
          connectTimeoutMs: 10_000,
          idleTimeoutMs: 20_000,
          totalTimeoutMs: 60_000,
        },
        logFile: join(homeDir, 'job.log'),
        ...more,
      };
    },
    again(task) {
      counter.value += 1;
      return { ...task, attempt: task.attempt + 1, fence: { ...task.fence, counter: counter.value } };
    },
    async end() {
      await Promise.all(hosts.map((host) => host.end()));
      home.remove();
    },
  };
}

export function wish(more: Partial<AccountWish> = {}): AccountWish {
  return { name: 'ada', keys: [], groups: [], shell: null, sudo: { kind: 'none' }, comment: '', ...more };
}

export function makeKey(folder: string, name: string): string {
  const file = join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@test`, '-f', file]);
  return file;
}

/** Runs a task to its result; `stages` collects what it told on the way. */
export function run(
  task: PushTask,
  more: { signal?: AbortSignal; stages?: Stage[]; kept?: KeptConnections } = {},
): Promise<HostResult> {
  return runTask(task, {
    signal: more.signal ?? new AbortController().signal,
    events: {
      onHeard: () => undefined,
      onSsh: () => undefined,
      onStage: (stage) => more.stages?.push(stage),
    },
    nowWall: wallTime,
    ...(more.kept === undefined ? {} : { kept: more.kept }),
  });
}

/** The text of a file of the host, or null. */
export function read(host: PracticeHost, path: string): string | null {
  const file = `${host.filesAt}${path}`;
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** Runs a command inside the host, as its root. */
export function inside(host: PracticeHost, script: string): string {
  const { file, args } = entering(host);
  return execFileSync(file, [...args, '/bin/sh', '-c', script], { encoding: 'utf8' });
}

function entering(host: PracticeHost): { file: string; args: string[] } {
  const init = /^\/proc\/(\d+)\/root$/.exec(host.filesAt)?.[1];
  if (init === undefined) return { file: 'setsid', args: ['-w', 'chroot', host.filesAt] };
  return { file: 'setsid', args: ['-w', 'nsenter', '-t', init, '-m', '-p', '-u', '--'] };
}

/** Feeds text to a shell inside the host, as ssh would; its standard output comes back. */
export function feed(host: PracticeHost, shell: readonly string[], text: string): string {
  const { file, args } = entering(host);
  const ended = spawnSync(file, [...args, ...shell], { input: text, encoding: 'utf8', timeout: 60_000 });
  return ended.stdout + ended.stderr;
}

/** One checksum of everything an account consists of, or of what of it begins with one of these: passwd files, sudoers and homes. */
export function fingerprint(host: PracticeHost, below: readonly string[] = ['/']): string {
  const hash = createHash('sha256');
  const paths = [
    '/etc/passwd',
    '/etc/shadow',
    '/etc/group',
    '/etc/gshadow',
    '/etc/sudoers',
    '/etc/sudoers.d',
    '/home',
  ];
  for (const path of paths.filter((each) => below.some((start) => each.startsWith(start)))) {
    digest(`${host.filesAt}${path}`, (text) => hash.update(text));
  }
  return hash.digest('hex');
}

function digest(path: string, add: (text: string) => void): void {
  const stat = lstatSync(path);
  add(`${path} ${String(stat.mode)} ${String(stat.uid)} ${String(stat.gid)} ${String(stat.mtimeMs)}\n`);
  if (stat.isDirectory()) for (const name of readdirSync(path).sort()) digest(join(path, name), add);
  if (stat.isFile()) add(readFileSync(path, 'latin1'));
  if (stat.isSymbolicLink()) add(readlinkSync(path));
}

/** Waits for a fact. */
export async function until(what: string, holds: () => boolean, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${String(withinMs)} ms in vain: ${what}`);
    await sleep(10);
  }
}

/** Pids of ssh clients that this process started and that are still there. */
export function sshChildren(): string[] {
  const children = readFileSync(`/proc/self/task/${String(process.pid)}/children`, 'utf8')
    .trim()
    .split(' ');
  return children.filter((pid) => pid !== '' && commandOf(pid) === 'ssh');
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

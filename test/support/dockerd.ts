/**
 * A real dockerd of a test's own, beside any other: its own folders, socket, containerd, cgroups; no bridge and no firewall rules.
 * It never touches another daemon, and ends by pid only what came from this one.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Dockerode from 'dockerode';
import { readProcStat } from '../../src/proc.ts';
import { tethered } from '../../src/tether.ts';
import { makeTempHome, type TempHome } from './tempHome.ts';
import { until } from './until.ts';

export interface DockerdOptions {
  /** Containers go on while dockerd is away; without it the next dockerd ends those it finds. */
  readonly liveRestore?: boolean;
  /** A second address; it must be of 127.0.0.1. */
  readonly alsoAt?: string;
  /** More of its options. */
  readonly more?: Readonly<Record<string, string>>;
}

export type DaemonName = 'dockerd' | 'containerd';

interface Context {
  after(end: () => Promise<void> | void): void;
}

/** dockerd and runc are where a person's PATH does not look. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
/** The next dockerd ends each container it finds, and waits 10 s for one that does not want to. */
const START_DEADLINE_MS = 40_000;
const REMOVE_DEADLINE_MS = 8000;

/** Not every file system carries overlay2; the first start finds out for all of this process. */
let storageDriver: 'overlay2' | 'vfs' = 'overlay2';

/** dockerd and the shims make these wherever their other folders are; what was there before stays. */
const MACHINE_FOLDERS = ['/run/docker/plugins', '/run/docker', '/run/containerd/s', '/run/containerd'];
const OWN_MACHINE_FOLDERS = MACHINE_FOLDERS.filter((folder) => !existsSync(folder));

export class TestDockerd {
  /** All it has lies in here, and goes with it; a test may add files and folders. */
  readonly folder: string;
  readonly #temporary: TempHome;
  readonly #options: DockerdOptions;
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;

  private constructor(options: DockerdOptions) {
    this.#options = options;
    this.#temporary = makeTempHome();
    this.folder = this.#temporary.path;
    mkdirSync(this.execRoot, { mode: 0o700 });
    // Without this it writes its key to /etc/docker, and it would read the machine's own settings there.
    writeFileSync(
      join(this.folder, 'daemon.json'),
      JSON.stringify({ 'deprecated-key-path': join(this.folder, 'key.json') }),
    );
  }

  /** Resolves when it answers; `parts` ends it. */
  static async start(parts: Context, options: DockerdOptions = {}): Promise<TestDockerd> {
    const dockerd = new TestDockerd(options);
    parts.after(() => dockerd.end());
    await dockerd.startAgain();
    return dockerd;
  }

  get socketPath(): string {
    return join(this.folder, 's');
  }

  /** For DOCKER_HOST. */
  get url(): string {
    return `unix://${this.socketPath}`;
  }

  get execRoot(): string {
    return join(this.folder, 'e');
  }

  /** The cgroup above those of its containers, in every hierarchy. */
  get cgroupParent(): string {
    return `/garrison-test-${basename(this.folder)}`;
  }

  /** What its shims and its containerd are known by. */
  get containerdSocket(): string {
    return join(this.execRoot, 'containerd', 'containerd.sock');
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('dockerd is not running');
    return pid;
  }

  /** Another one after each start of dockerd: it dies with dockerd. */
  get containerdPid(): number {
    const pid = this.#containerdPid();
    if (pid === null) throw new Error('dockerd has not started its containerd');
    return pid;
  }

  /** A new client each time: what is done to one reaches no other. */
  dockerode(): Dockerode {
    return new Dockerode({ socketPath: this.socketPath });
  }

  /** What dockerd and containerd have written so far. */
  log(): string {
    return readFileSync(join(this.folder, 'dockerd.log'), 'utf8');
  }

  /** Ends dockerd with -9, and by the kernel's hand its containerd; shims and containers go on. Resolves when both are gone. */
  async kill(): Promise<void> {
    const containerdPid = this.#containerdPid();
    process.kill(this.pid, 'SIGKILL');
    await this.#exited;
    if (containerdPid !== null) {
      await until('containerd has ended with dockerd', () => hasEnded(containerdPid));
    }
    this.#forgetPids();
  }

  /** After `kill`, on the same socket and with the same containers; resolves when it answers. */
  async startAgain(): Promise<void> {
    const tried = storageDriver;
    if (await this.#launch()) return;
    if (tried === 'overlay2' && this.log().includes('error initializing graphdriver')) {
      storageDriver = 'vfs';
      this.#forgetPids();
      if (await this.#launch()) return;
    }
    throw new Error(`dockerd did not start. The end of its log:\n${this.log().slice(-3000)}`);
  }

  /** SIGSTOP; resolves when it stands still. */
  async stop(name: DaemonName): Promise<void> {
    const pid = this.#pidOf(name);
    process.kill(pid, 'SIGSTOP');
    await until(`${name} stands still`, () => readProcStat(pid)?.state === 'T');
  }

  /** SIGCONT, also to one that runs. */
  cont(name: DaemonName): void {
    process.kill(this.#pidOf(name), 'SIGCONT');
  }

  /** Ends containers, shims, containerd and dockerd whatever state they are in, and leaves nothing of them. */
  end(): Promise<void> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  async #endAll(): Promise<void> {
    await this.#endDaemons();
    await endLeftProcesses(this);
    await until('nothing is mounted in its folder', () => unmountBelow(this.folder));
    await until('its cgroups are removed', () => removeCgroups(this.cgroupParent));
    removeShimSockets(this);
    for (const folder of OWN_MACHINE_FOLDERS) removeIfEmpty(folder);
    this.#temporary.remove();
  }

  get #containerdPidFile(): string {
    return join(this.execRoot, 'containerd', 'containerd.pid');
  }

  #containerdPid(): number | null {
    if (!existsSync(this.#containerdPidFile)) return null;
    return Number(readFileSync(this.#containerdPidFile, 'utf8'));
  }

  #pidOf(name: DaemonName): number {
    return name === 'dockerd' ? this.pid : this.containerdPid;
  }

  /** False when it ended instead of answering. */
  async #launch(): Promise<boolean> {
    const log = openSync(join(this.folder, 'dockerd.log'), 'a');
    const command = tethered({ file: 'dockerd', args: this.#arguments() });
    const child = spawn(command.file, command.args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, PATH },
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const gone = (): void => {
        this.#child = null;
        resolve();
      };
      child.once('exit', gone).once('error', gone);
    });
    const state = await until('dockerd answers', () => this.#state(), { deadlineMs: START_DEADLINE_MS });
    return state === 'up';
  }

  async #state(): Promise<'ended' | 'up' | null> {
    if (!this.#isRunning()) return 'ended';
    return within(1000, this.dockerode().ping()).then(
      () => 'up',
      () => null,
    );
  }

  #arguments(): string[] {
    const settings: Readonly<Record<string, string>> = {
      'config-file': join(this.folder, 'daemon.json'),
      'data-root': join(this.folder, 'd'),
      'exec-root': this.execRoot,
      pidfile: this.#pidFile,
      host: this.url,
      bridge: 'none',
      iptables: 'false',
      ip6tables: 'false',
      'ip-forward': 'false',
      'ip-masq': 'false',
      'userland-proxy': 'false',
      'storage-driver': storageDriver,
      // Under systemd it would choose systemd's own, which wants slices instead of a folder.
      'exec-opt': 'native.cgroupdriver=cgroupfs',
      'cgroup-parent': this.cgroupParent,
      'live-restore': String(this.#options.liveRestore ?? false),
      // Not below the machine's own services when memory runs out.
      'oom-score-adjust': '0',
    };
    const { alsoAt, more } = this.#options;
    return [
      ...Object.entries({ ...settings, ...more }).map(([key, value]) => `--${key}=${value}`),
      ...(alsoAt === undefined ? [] : [`--host=${alsoAt}`]),
    ];
  }

  get #pidFile(): string {
    return join(this.folder, 'p');
  }

  /** A zombie that the machine has not reaped yet would count as a running one at the next start. */
  #forgetPids(): void {
    rmSync(this.#pidFile, { force: true });
    rmSync(this.#containerdPidFile, { force: true });
  }

  /** With its containers in order gone there is nothing that -9 could spoil, and an orderly end takes a second more. */
  async #endDaemons(): Promise<void> {
    if (!this.#isRunning()) return;
    const containerdPid = this.#containerdPid();
    for (const pid of [this.pid, containerdPid]) if (pid !== null) signalIfThere(pid, 'SIGCONT');
    await within(REMOVE_DEADLINE_MS, this.#removeContainers()).catch(() => undefined);
    if (this.#isRunning()) await this.kill();
  }

  #isRunning(): boolean {
    return this.#child !== null;
  }

  async #removeContainers(): Promise<void> {
    const docker = this.dockerode();
    const all = await docker.listContainers({ all: true });
    await Promise.allSettled(all.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  }
}

/** dockerode's promises may never settle: whoever waits for one brings a clock. */
export async function within<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
  const clock = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: clock.signal }).then(() => {
    throw new Error(`not within ${String(deadlineMs)} ms`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clock.abort();
    late.catch(() => undefined);
  }
}

/** Gone, or a zombie that waits for the machine's first process. */
export function hasEnded(pid: number): boolean {
  const state = readProcStat(pid)?.state;
  return state === undefined || state === 'Z' || state === 'X';
}

/** Shims and containers have no parent that could end them. */
async function endLeftProcesses(dockerd: TestDockerd): Promise<void> {
  await until('its shims and containers have ended', () => {
    const left = leftProcesses(dockerd);
    for (const pid of left) signalIfThere(pid, 'SIGKILL');
    return left.length === 0;
  });
}

function leftProcesses(dockerd: TestDockerd): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && !hasEnded(pid) && isOf(dockerd, pid));
}

/** The folder and the cgroup carry a name that is this dockerd's alone. */
function isOf(dockerd: TestDockerd, pid: number): boolean {
  try {
    if (readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8').includes(`:${dockerd.cgroupParent}/`))
      return true;
    const words = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
    return words[0]?.includes('containerd-shim') === true && words.includes(dockerd.containerdSocket);
  } catch {
    // It ended meanwhile.
    return false;
  }
}

function signalIfThere(pid: number, signal: 'SIGKILL' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** True when nothing is mounted there any more; the last one mounted goes first. */
function unmountBelow(folder: string): boolean {
  const points = mountPoints().filter(({ at }) => at.startsWith(`${folder}/`));
  for (const { at } of points.reverse()) execFileSync('umount', [at], { stdio: 'pipe' });
  return true;
}

function mountPoints(): { readonly at: string; readonly type: string }[] {
  return readFileSync('/proc/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [, at = '', type = ''] = line.split(' ');
      return { at, type };
    });
}

/** Throws while a process is still leaving one. */
function removeCgroups(parent: string): boolean {
  for (const { at, type } of mountPoints()) {
    if (type.startsWith('cgroup')) removeFolders(join(at, parent));
  }
  return true;
}

/** A cgroup is removed folder by folder: its files can't be. */
function removeFolders(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeFolders(join(folder, entry.name));
  }
  rmdirSync(folder);
}

/** A shim that was killed leaves its socket in a folder of the machine, under a name made of containerd's and the container's. */
function removeShimSockets(dockerd: TestDockerd): void {
  const ids = [...dockerd.log().matchAll(/\/moby\/([0-9a-f]{64})/g)].map((match) => match[1] ?? '');
  for (const id of new Set(ids)) {
    const name = createHash('sha256').update(`${dockerd.containerdSocket}/moby/${id}`).digest('hex');
    rmSync(join('/run/containerd/s', name), { force: true });
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Gone already, or somebody else uses it.
  }
}

/**
 * The peer of the push benchmark: `xargs -P 20` and the plain ssh client, with the very arguments and script that a worker uses.
 * It has a cluster and accounts of its own on the hosts, so that they do for it exactly what they do for Garrison.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAccountWish } from '../src/push/account.ts';
import type { PushTask, SshLimits } from '../src/push/job.ts';
import { requestLines } from '../src/push/wire.ts';
import type { HostView } from '../src/supervisor/door.ts';
import { bootstrapCommand, standardInput } from '../src/worker/remoteScript.ts';
import { masterArguments, sshArguments } from '../src/worker/sshArguments.ts';
import type { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import type { BenchContext } from './benchmark.ts';
import { SETTLE_MS } from './ourPushes.ts';
import { costOf, reapedCpuMs, sumOf } from './processes.ts';
import type { AccountBefore, Round } from './pushRound.ts';

export const PARALLEL = 20;
const DEADLINE_SECONDS = 300;
const LOCK_WAIT_SECONDS = 20;

/** One shell script per host: ssh with its arguments, its standard input from one file and its output into another. */
interface Launch {
  readonly launcher: string;
  readonly output: string;
}

export class PlainSsh {
  readonly #garrison: Garrison;
  readonly #hosts: readonly HostView[];
  readonly #folder: string;
  /** By host name: the socket of a connection that is open; none for new connections. */
  readonly #controlPaths = new Map<string, string>();
  #round = 0;

  private constructor(garrison: Garrison, hosts: readonly HostView[], folder: string) {
    this.#garrison = garrison;
    this.#hosts = hosts;
    this.#folder = folder;
  }

  static async of(garrison: Garrison): Promise<PlainSsh> {
    const folder = mkdtempSync(join(garrison.home, 'plain-ssh-'));
    return new PlainSsh(garrison, (await garrison.snapshot()).hosts, folder);
  }

  /** The same, over one open ControlMaster per host; the masters end with the benchmark. */
  static async overMasters(context: BenchContext, garrison: Garrison): Promise<PlainSsh> {
    const plain = await PlainSsh.of(garrison);
    // The path of a socket has room for 108 bytes.
    const sockets = mkdtempSync(join(tmpdir(), 'garrison-bench-'));
    context.after(() => rm(sockets, { recursive: true, force: true }));
    const masters: ChildProcess[] = [];
    context.after(() => endAll(masters));
    for (const [index, host] of plain.#hosts.entries()) {
      const controlPath = join(sockets, String(index));
      masters.push(
        spawn('ssh', masterArguments(plain.#taskFor(host, null), controlPath), { stdio: 'ignore' }),
      );
      plain.#controlPaths.set(host.name, controlPath);
      // sshd refuses many strangers at a time.
      if (index % PARALLEL === 0) await sleep(100);
    }
    await until(
      'all masters are open',
      () => [...plain.#controlPaths.values()].every((path) => existsSync(path)),
      {
        deadlineMs: 60_000,
      },
    );
    return plain;
  }

  /** A side of the benchmark. What a round needs is written before its time begins. */
  async push(account: string, before: AccountBefore): Promise<Round> {
    this.#round += 1;
    const launches = this.#hosts.map((host) => this.#prepare(host, account));
    const hostsBefore = this.#hostsCpuMs();
    const cpuBefore = reapedCpuMs();
    const wallMs = await runWithXargs(launches);
    const outcome = before === 'absent' ? 'changed' : 'unchanged';
    const stray = launches.find(
      ({ output }) => !readFileSync(output, 'utf8').includes(` result ${outcome} `),
    );
    if (stray !== undefined)
      throw new Error(`plain ssh, not ${outcome}: ${readFileSync(stray.output, 'utf8')}`);
    await sleep(SETTLE_MS);
    return { wallMs, cpuMs: reapedCpuMs() - cpuBefore, hostCpuMs: this.#hostsCpuMs() - hostsBefore };
  }

  #hostsCpuMs(): number {
    return sumOf(costOf(this.#garrison.pid).hosts, 'treeCpuMs');
  }

  #prepare(host: HostView, account: string): Launch {
    const folder = join(this.#folder, host.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [input, output, launcher] = ['input', 'output', 'launch.sh'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const task = this.#taskFor(host, account);
    writeFileSync(input, standardInput(task.kind, requestOf(task)));
    const controlPath = this.#controlPaths.get(host.name) ?? null;
    const command = ['ssh', ...sshArguments(task, bootstrapCommand(), controlPath)].map(quoted).join(' ');
    writeFileSync(launcher, `exec ${command} <${quoted(input)} >${quoted(output)} 2>&1\n`);
    return { launcher, output };
  }

  /** A new job with the next fence, as every push of Garrison's is. */
  #taskFor(host: HostView, account: string | null): PushTask {
    const { keys } = this.#garrison;
    return {
      jobId: `plain-${host.name}-${String(this.#round)}`,
      attempt: 1,
      kind: 'push',
      fence: { clusterId: 'plain-ssh', epoch: 1, counter: this.#round },
      account: account === null ? null : parseAccountWish({ name: account, keys: [keys.publicKey] }),
      host: { name: host.name, address: host.address, port: host.port, user: host.user },
      ssh: this.#limits(),
      logFile: '/dev/null',
    };
  }

  #limits(): SshLimits {
    const inHome = (name: string): string => join(this.#garrison.home, name);
    return {
      identityFile: inHome('id_ed25519'),
      knownHostsFiles: [inHome('known_hosts'), inHome('known_hosts.inventory')],
      connectTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      totalTimeoutMs: 300_000,
    };
  }
}

/** Resolves to the wall time. */
async function runWithXargs(launches: readonly Launch[]): Promise<number> {
  const startedMs = performance.now();
  const xargs = spawn('xargs', ['-P', String(PARALLEL), '-n', '1', 'sh'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
  });
  xargs.stdin.end(launches.map(({ launcher }) => launcher).join('\n'));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    xargs.once('error', reject);
    xargs.once('exit', resolve);
  });
  const tookMs = performance.now() - startedMs;
  if (exitCode !== 0) throw new Error(`xargs ended with ${String(exitCode)}`);
  return tookMs;
}

async function endAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    }),
  );
}

function requestOf(task: PushTask): string[] {
  const word = `${task.host.name}-${String(task.fence.counter)}`;
  return requestLines(task, {
    nonce: `nonce-${word}`,
    token: `token-${word}`,
    askedAt: new Date().toISOString(),
    deadlineSeconds: DEADLINE_SECONDS,
    lockWaitSeconds: LOCK_WAIT_SECONDS,
  });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

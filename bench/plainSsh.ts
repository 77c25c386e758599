/**
 * The peer of the push benchmark: `xargs -P` and the plain ssh client, with the very arguments and script that a worker uses.
 * It has a cluster and an account of its own on the hosts, so that they do for it exactly what they do for Garrison.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountWish } from '../src/push/account.ts';
import type { PushTask, SshLimits } from '../src/push/job.ts';
import { requestLines } from '../src/push/wire.ts';
import type { HostView } from '../src/supervisor/door.ts';
import { bootstrapCommand, standardInput } from '../src/worker/remoteScript.ts';
import { sshArguments } from '../src/worker/sshArguments.ts';

export interface PlainPush {
  readonly folder: string;
  readonly hosts: readonly HostView[];
  readonly account: AccountWish;
  readonly ssh: SshLimits;
}

export interface PlainRound {
  /** One shell script per host: ssh with its arguments, its standard input from one file and its output into another. */
  readonly launchers: readonly string[];
  readonly outputs: readonly string[];
}

const DEADLINE_SECONDS = 300;
const LOCK_WAIT_SECONDS = 20;

/** Writes everything that round needs, so that nothing of it falls into the measured time. */
export function preparePlainRound(push: PlainPush, round: number): PlainRound {
  const prepared = push.hosts.map((host) => prepareHost(push, host, round));
  return {
    launchers: prepared.map(({ launcher }) => launcher),
    outputs: prepared.map(({ output }) => output),
  };
}

/** Runs the round to its end; resolves to the wall time. */
export async function runPlainRound(round: PlainRound): Promise<number> {
  const startedMs = performance.now();
  const parallel = String(round.launchers.length);
  const xargs = spawn('xargs', ['-P', parallel, '-n', '1', 'sh'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
  });
  xargs.stdin.end(round.launchers.join('\n'));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    xargs.once('error', reject);
    xargs.once('exit', resolve);
  });
  const tookMs = performance.now() - startedMs;
  if (exitCode !== 0) throw new Error(`xargs ended with ${String(exitCode)}`);
  return tookMs;
}

/** How many hosts answered with this outcome. */
export function countOutcome(round: PlainRound, outcome: 'changed' | 'unchanged'): number {
  return round.outputs.filter((file) => readFileSync(file, 'utf8').includes(` result ${outcome} `)).length;
}

function prepareHost(push: PlainPush, host: HostView, round: number): { launcher: string; output: string } {
  const folder = join(push.folder, host.name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [input, output, launcher] = ['input', 'output', 'launch.sh'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const task = taskFor(push, host, round);
  writeFileSync(input, standardInput(task.kind, requestOf(task)));
  const command = ['ssh', ...sshArguments(task, bootstrapCommand())].map(quoted).join(' ');
  writeFileSync(launcher, `exec ${command} <${quoted(input)} >${quoted(output)} 2>&1\n`);
  return { launcher, output };
}

/** A new job with the next fence, as every push of Garrison's is. */
function taskFor({ account, ssh }: PlainPush, host: HostView, round: number): PushTask {
  return {
    jobId: `plain-${host.name}-${String(round)}`,
    attempt: 1,
    kind: 'push',
    fence: { clusterId: 'plain-ssh', epoch: 1, counter: round },
    account,
    host: { name: host.name, address: host.address, port: host.port, user: host.user },
    ssh,
    logFile: '/dev/null',
  };
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

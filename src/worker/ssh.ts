/**
 * Runs one OpenSSH client in its own process group, within its time and output limits, and says how it ended.
 * It knows nothing of accounts, signals no process but the one it started, and returns only when that one is gone.
 */
import { execa } from 'execa';
import type { Readable, Writable } from 'node:stream';
import { LIFE_MARK } from '../mark.ts';
import { entryId } from '../queueName.ts';
import type { PushTask } from '../push/job.ts';
import type { Cause, SshEnding } from '../push/sshFailure.ts';
import { tethered } from '../tether.ts';
import { lineReader } from './lineReader.ts';
import { inheritedMark, ownChild, signalOwnChild, type GuardedSignal, type OwnChild } from './signal.ts';
import { sshArguments } from './sshArguments.ts';

export interface SshRun {
  readonly task: PushTask;
  /** What the login shell runs. */
  readonly command: string;
  /** Of the kept connection to use; null for a new one. */
  readonly controlPath: string | null;
  readonly signal: AbortSignal;
  /** Called for each line of the host; `send` writes to its standard input and closes it, once. */
  readonly onHostLine: (line: string, send: (text: string) => void) => void;
  readonly onStderrLine: (line: string) => void;
  /** The pid it runs as, and null once that one is gone. */
  readonly onPid: (pid: number | null) => void;
  /** True when the host's answer is whole, so that ssh has nothing more to bring. */
  readonly isWhole: () => boolean;
}

const LONGEST_LINE_BYTES = 8 * 1024;
const MOST_OUTPUT_BYTES = 512 * 1024;
const MOST_STDERR_LINES = 20;
const KILL_AFTER_MS = 1000;
/** An answer is whole and ssh still runs: something on the host holds the channel open. */
const LINGER_MS = 2000;
/** After the exit, the last bytes may still be in the pipes. */
const DRAIN_MS = 1000;

/** Never rejects for anything that ssh or the host does. */
export async function runSsh(run: SshRun): Promise<SshEnding> {
  const command = tethered({ file: 'ssh', args: sshArguments(run.task, run.command, run.controlPath) });
  const child = execa(command.file, [...command.args], {
    ...optionsOf(entryId(run.task.jobId, run.task.attempt)),
    stdio: ['pipe', 'pipe', 'pipe'],
    cleanup: false,
  });
  const pid = child.pid;
  if (pid === undefined)
    return {
      cause: 'notStarted',
      exitCode: null,
      stderr: (await child).shortMessage ?? '',
      scriptSent: false,
    };
  run.onPid(pid);
  return await superviseSsh(run, { own: ownChild(pid), child });
}

/** A client that only holds a connection open, in a group of its own; nobody hears what it says. `of` is what its mark names. */
export function startSilentSsh(
  args: readonly string[],
  of: string,
): Ending & { readonly pid?: number | undefined } {
  const command = tethered({ file: 'ssh', args });
  return execa(command.file, [...command.args], { ...optionsOf(of), stdio: 'ignore', cleanup: false });
}

/** No agent, no configuration, no locale of ours: what happens depends on the task alone. */
function optionsOf(of: string): {
  env: Record<string, string>;
  extendEnv: false;
  detached: true;
  buffer: false;
  reject: false;
} {
  const life = process.env[LIFE_MARK];
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    ...inheritedMark(),
    // What outlives its attempt, or this worker, is known by it to have been theirs.
    ...(life === undefined ? {} : { [LIFE_MARK]: `${life}/${of}` }),
  };
  return { env, extendEnv: false, detached: true, buffer: false, reject: false };
}

interface Ending {
  once(event: 'exit', listener: (exitCode: number | null) => void): unknown;
}

interface Child extends Ending {
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

async function superviseSsh(run: SshRun, started: { own: OwnChild; child: Child }): Promise<SshEnding> {
  const { child } = started;
  const state: RunState = { cause: 'exit', ended: false, scriptSent: false, outputBytes: 0, stderrLines: [] };
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (exitCode) => {
      state.ended = true;
      resolve(exitCode);
    });
  });
  const end = (cause: Cause): void => {
    if (state.ended || state.cause !== 'exit') return;
    state.cause = cause;
    endGroup(started.own, state);
  };
  const timers = limitTimers(run.task, end);
  const drained = listen({ run, child, state, timers, end });
  const onAbort = (): void => end('cancelled');
  run.signal.addEventListener('abort', onAbort, { once: true });
  if (run.signal.aborted) onAbort();
  const exitCode = await exited;
  run.onPid(null);
  timers.stop();
  run.signal.removeEventListener('abort', onAbort);
  clearTimeout(state.killTimer);
  await Promise.race([drained, wait(DRAIN_MS)]);
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  return { cause: state.cause, exitCode, stderr: state.stderrLines.join('\n'), scriptSent: state.scriptSent };
}

interface RunState {
  cause: Cause;
  /** True from the moment the exit is known; from then on the pid may be another's. */
  ended: boolean;
  scriptSent: boolean;
  outputBytes: number;
  readonly stderrLines: string[];
  killTimer?: NodeJS.Timeout;
}

interface Listening {
  readonly run: SshRun;
  readonly child: Child;
  readonly state: RunState;
  readonly timers: LimitTimers;
  readonly end: (cause: Cause) => void;
}

/** Resolves when both streams are read to their end. */
async function listen({ run, child, state, timers, end }: Listening): Promise<void> {
  // Its errors (EPIPE) say no more than the exit does.
  child.stdin.on('error', () => undefined);
  const send = (text: string): void => {
    if (state.scriptSent || state.ended) return;
    state.scriptSent = true;
    child.stdin.end(text);
  };
  const onHostLine = (line: string): void => {
    timers.heardFromHost();
    run.onHostLine(line, send);
    if (run.isWhole()) timers.linger();
  };
  const onStderrLine = (line: string): void => {
    timers.heardSomething();
    state.stderrLines.push(line.slice(0, 500));
    if (state.stderrLines.length > MOST_STDERR_LINES) state.stderrLines.shift();
    run.onStderrLine(line);
  };
  const count = (bytes: number): void => {
    state.outputBytes += bytes;
    if (state.outputBytes > MOST_OUTPUT_BYTES) end('outputTooLarge');
  };
  await Promise.all([
    readLines(child.stdout, onHostLine, count),
    readLines(child.stderr, onStderrLine, count),
  ]);
}

function readLines(
  stream: Readable,
  onLine: (line: string) => void,
  count: (bytes: number) => void,
): Promise<void> {
  const reader = lineReader(LONGEST_LINE_BYTES, onLine);
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    count(chunk.length);
    // Over the limit the rest is read only to be dropped, until the client is gone.
    if (bytes <= MOST_OUTPUT_BYTES) reader.take(chunk);
  });
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
    stream.once('end', () => {
      reader.finish();
      resolve();
    });
  });
}

interface LimitTimers {
  heardFromHost(): void;
  heardSomething(): void;
  linger(): void;
  stop(): void;
}

function limitTimers(task: PushTask, end: (cause: Cause) => void): LimitTimers {
  const { connectTimeoutMs, idleTimeoutMs, totalTimeoutMs } = task.ssh;
  const total = setTimeout(() => end('totalTimeout'), totalTimeoutMs);
  const connect = setTimeout(() => end('connectTimeout'), connectTimeoutMs);
  let idle: NodeJS.Timeout | undefined;
  let lingering: NodeJS.Timeout | undefined;
  const heardSomething = (): void => {
    idle?.refresh();
  };
  return {
    heardSomething,
    heardFromHost() {
      clearTimeout(connect);
      idle ??= setTimeout(() => end('idleTimeout'), idleTimeoutMs);
      heardSomething();
    },
    linger() {
      lingering ??= setTimeout(() => end('idleTimeout'), LINGER_MS);
    },
    stop() {
      for (const timer of [total, connect, idle, lingering]) clearTimeout(timer);
    },
  };
}

/** TERM, and KILL a second later. The group is the client's own: it is a session leader that has not been reaped. */
function endGroup(child: OwnChild, state: RunState): void {
  signalGroup(child, state, 'SIGTERM');
  state.killTimer = setTimeout(() => signalGroup(child, state, 'SIGKILL'), KILL_AFTER_MS);
}

/** Node reaps and emits `exit` in one step, so while `ended` is false the pid is still this child's. */
function signalGroup(child: OwnChild, state: RunState, signal: GuardedSignal): void {
  if (!state.ended) signalOwnChild(child, signal);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

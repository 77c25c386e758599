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
import { limitTimers, type LimitTimers } from './sshLimits.ts';

/** Its standard input, and who is at work on it. */
export interface Talk {
  /** False when it has ended: then nothing was sent. */
  send(text: string): boolean;
  /** Nothing more will be sent. */
  close(): void;
  /** From now on another attempt is at work: its limits are counted from here, and its signal ends it. */
  turn(next: Turn): void;
}

export interface Turn {
  readonly signal: AbortSignal;
  readonly totalTimeoutMs: number;
}

export interface SshRun {
  readonly task: PushTask;
  /** What the login shell runs. */
  readonly command: string;
  /** Of the kept connection to use; null for a new one. */
  readonly controlPath: string | null;
  /** Of the first at work. */
  readonly signal: AbortSignal;
  /** Called for each line of the host. */
  readonly onHostLine: (line: string, talk: Talk) => void;
  readonly onStderrLine: (line: string) => void;
  /** The pid it runs as, and null once that one is gone. */
  readonly onPid: (pid: number | null) => void;
  /** True when all that was asked is answered, so that ssh has nothing more to bring. */
  readonly isWhole: () => boolean;
}

const LONGEST_LINE_BYTES = 8 * 1024;
const MOST_OUTPUT_BYTES = 512 * 1024;
const MOST_STDERR_LINES = 20;
const KILL_AFTER_MS = 1000;
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
  const cancelling = cancelledBy(end);
  const drained = listen({ run, child, state, timers, cancelling, end });
  cancelling.follow(run.signal);
  const exitCode = await exited;
  run.onPid(null);
  timers.stop();
  cancelling.follow(null);
  clearTimeout(state.killTimer);
  await Promise.race([drained, wait(DRAIN_MS)]);
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  return { cause: state.cause, exitCode, stderr: state.stderrLines.join('\n'), scriptSent: state.scriptSent };
}

interface Cancelling {
  /** Only this one from now on; null for none. */
  follow(signal: AbortSignal | null): void;
}

function cancelledBy(end: (cause: Cause) => void): Cancelling {
  let followed: AbortSignal | null = null;
  const onAbort = (): void => end('cancelled');
  return {
    follow(signal) {
      followed?.removeEventListener('abort', onAbort);
      followed = signal;
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
    },
  };
}

interface RunState {
  cause: Cause;
  /** True from the moment the exit is known; from then on the pid may be another's. */
  ended: boolean;
  scriptSent: boolean;
  /** Of the turn, as are the lines. */
  outputBytes: number;
  stderrLines: string[];
  killTimer?: NodeJS.Timeout;
}

interface Listening {
  readonly run: SshRun;
  readonly child: Child;
  readonly state: RunState;
  readonly timers: LimitTimers;
  readonly cancelling: Cancelling;
  readonly end: (cause: Cause) => void;
}

/** Resolves when both streams are read to their end. */
async function listen({ run, child, state, timers, cancelling, end }: Listening): Promise<void> {
  const talk = talkOver(child.stdin, { state, timers, cancelling });
  const onHostLine = (line: string): void => {
    timers.heardFromHost();
    run.onHostLine(line, talk);
    if (run.isWhole()) timers.linger();
  };
  const onStderrLine = (line: string): void => {
    timers.heardSomething();
    state.stderrLines.push(line.slice(0, 500));
    if (state.stderrLines.length > MOST_STDERR_LINES) state.stderrLines.shift();
    run.onStderrLine(line);
  };
  const count = (bytes: number): boolean => {
    state.outputBytes += bytes;
    if (state.outputBytes > MOST_OUTPUT_BYTES) end('outputTooLarge');
    // What came with another reason to end may still be read.
    return state.outputBytes <= MOST_OUTPUT_BYTES;
  };
  await Promise.all([
    readLines(child.stdout, onHostLine, count),
    readLines(child.stderr, onStderrLine, count),
  ]);
}

function talkOver(
  stdin: Writable,
  { state, timers, cancelling }: Pick<Listening, 'state' | 'timers' | 'cancelling'>,
): Talk {
  // Its errors (EPIPE) say no more than the exit does.
  stdin.on('error', () => undefined);
  return {
    send(text) {
      // One that is being ended must not begin anything more.
      if (state.ended || state.cause !== 'exit') return false;
      state.scriptSent = true;
      stdin.write(text);
      return true;
    },
    close: () => void stdin.end(),
    turn({ signal, totalTimeoutMs }) {
      state.outputBytes = 0;
      state.stderrLines = [];
      timers.again(totalTimeoutMs);
      cancelling.follow(signal);
    },
  };
}

/** `count` says whether that is still within the limit. */
function readLines(
  stream: Readable,
  onLine: (line: string) => void,
  count: (bytes: number) => boolean,
): Promise<void> {
  const reader = lineReader(LONGEST_LINE_BYTES, onLine);
  stream.on('data', (chunk: Buffer) => {
    // Over the limit the rest is read only to be dropped, until the client is gone.
    if (count(chunk.length)) reader.take(chunk);
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

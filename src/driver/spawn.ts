/**
 * The one place where the supervisor starts a process: tethered, in its own process group, known by pid and start time.
 * It supervises on `exit`, never on execa's promise (which waits for pipes a grandchild may hold), and signals only what it started itself.
 */
import { execa } from 'execa';
import { createInterface, type Interface } from 'node:readline';
import { Readable, Writable } from 'node:stream';
import { GarrisonError } from '../errors.ts';
import { MARK_VARIABLE } from '../mark.ts';
import { tethered } from '../tether.ts';
import { readProcStat } from '../proc.ts';
import type { GuardedSignal, GuardRule } from '../reconciler/guard.ts';
import { OWN_MARK } from './ownTree.ts';
import { OWN_BOOT, sendSignal } from './signals.ts';
import { noteExited, noteSpawned } from './spawned.ts';

export interface ExitFact {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnRequest {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Opens an IPC channel (the child must be Node). */
  readonly ipc?: boolean;
  /** Called for each line of stdout and stderr; without it output is dropped. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** With `ipc`: opens a pipe as descriptor 4 of the child, and is called for each line the child writes there. */
  readonly onBeatLine?: (line: string) => void;
  readonly onMessage?: (message: unknown) => void;
}

export interface SpawnedProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly exited: Promise<ExitFact>;
  /** Resolves when its output has been read to the end, which a grandchild that holds the pipe can put off for ever. */
  readonly drained: Promise<void>;
  /** The exit, once there is one. */
  exit(): ExitFact | null;
  /** Sends over IPC; false when the channel is closed. */
  send(message: object): boolean;
  /** Writes a line to the child's descriptor 4; the thread that beats there reads it. */
  tellThread(line: string): void;
  /** Signals the process's own group while its leader lives; false when there was nothing to signal. */
  signalGroup(signal: GuardedSignal): boolean;
}

const LONGEST_LINE = 8192;
const BEAT_FD = 4;

/** Starts the process. Throws PROGRAM_MISSING when it cannot be started at all. */
export function spawnProcess(request: SpawnRequest): SpawnedProcess {
  const child = startTethered(request);
  const pid = child.pid;
  if (pid === undefined) {
    throw new GarrisonError(
      'PROGRAM_MISSING',
      `cannot start ${request.file}: setpriv (package util-linux) could not be run: it is missing, or nothing more can be started here (pids or memory used up)`,
    );
  }
  noteSpawned(pid);
  const startTicks = readProcStat(pid)?.startTicks ?? 0;
  let fact: ExitFact | null = null;
  const exited = new Promise<ExitFact>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      noteExited(pid);
      const seen = (fact = { exitCode, signal });
      // Not in this same turn: whoever then starts the next process keeps libuv reading signals, and no timer runs any more.
      setImmediate(resolve, seen);
    });
  });
  const drained = request.onLine === undefined ? Promise.resolve() : readLines(child, request.onLine);
  if (request.onBeatLine !== undefined) readBeat(child.stdio[BEAT_FD], request.onBeatLine);
  if (request.onMessage !== undefined) child.on('message', request.onMessage);
  return {
    pid,
    startTicks,
    exited,
    drained,
    exit: () => fact,
    send: (message) => fact === null && sendMessage(child, message),
    tellThread: (line) => {
      if (fact === null) writeLine(child.stdio[BEAT_FD], line);
    },
    signalGroup: (signal) => fact === null && signalOwnGroup({ pid, startTicks }, signal) === null,
  };
}

function startTethered(request: SpawnRequest) {
  const command = tethered(request);
  return execa(command.file, command.args, {
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    env: { ...request.env, [MARK_VARIABLE]: OWN_MARK },
    stdio: stdioOf(request),
    ...(request.ipc === true ? { serialization: 'json' as const } : {}),
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
}

interface Channel {
  connected?: boolean;
  send?: (message: object, callback: (error: Error | null) => void) => boolean;
}

function sendMessage(child: unknown, message: object): boolean {
  const channel = child as Channel;
  if (channel.connected !== true || channel.send === undefined) return false;
  // An EPIPE here means the child is gone; its exit event says so, so the error itself tells nothing new.
  channel.send(message, () => undefined);
  return true;
}

type Stdio = 'ignore' | 'pipe' | 'ipc';

function stdioOf(request: SpawnRequest): ['ignore', 'ignore' | 'pipe', 'ignore' | 'pipe', ...Stdio[]] {
  const output = request.onLine === undefined ? 'ignore' : 'pipe';
  if (request.ipc !== true) return ['ignore', output, output];
  // Descriptor 3 is the IPC channel, 4 the second beat.
  const beat: Stdio[] = request.onBeatLine === undefined ? [] : ['pipe'];
  return ['ignore', output, output, 'ipc', ...beat];
}

function readBeat(input: unknown, onLine: (line: string) => void): void {
  if (!(input instanceof Readable)) return;
  linesOf(input).on('line', onLine);
}

/**
 * A child that dies with something unread makes these pipes, which are sockets, fail with ECONNRESET; its exit tells what there is to tell.
 * readline passes a stream's error on as its own, and an error that nobody hears ends the supervisor.
 */
function linesOf(input: Readable): Interface {
  input.on('error', () => undefined);
  return createInterface({ input, crlfDelay: Infinity }).on('error', () => undefined);
}

function writeLine(pipe: unknown, line: string): void {
  if (pipe instanceof Writable) pipe.write(`${line}\n`);
}

function readLines(
  child: { stdout: Readable | null; stderr: Readable | null },
  onLine: (line: string, stream: 'stdout' | 'stderr') => void,
): Promise<void> {
  const ends = (['stdout', 'stderr'] as const).map(async (stream) => {
    const input = child[stream];
    if (input === null) return;
    const lines = linesOf(input).on('line', (line) => {
      onLine(line.slice(0, LONGEST_LINE), stream);
    });
    await new Promise<void>((resolve) => lines.once('close', resolve));
  });
  return Promise.all(ends).then(() => undefined);
}

/** The process and all that it has in its own group. */
function signalOwnGroup(
  { pid, startTicks }: { pid: number; startTicks: number },
  signal: GuardedSignal,
): GuardRule | null {
  return sendSignal({ target: { pid, startTicks, bootId: OWN_BOOT }, reach: 'group', signal }, 'spawned');
}

/**
 * Starts one practice host's sshd and waits until it answers; a port that another program took meanwhile is changed for a new one.
 * It never decides in which kind of sandbox the sshd runs: that command is given to it.
 */
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { monoMs } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { Command } from '../tether.ts';
import { clearStage, writeSshdConfig } from './practiceFiles.ts';
import type { PracticeStage } from './practiceFiles.ts';
import { keepLast } from './runToEnd.ts';
import { spawnProcess } from './spawn.ts';
import type { SpawnedProcess } from './spawn.ts';

/** How one kind of sandbox runs an sshd in it. */
export interface Sandbox {
  readonly kind: 'namespace' | 'chroot';
  /** What to run for this stage; the sshd_config is in the stage's folder by then. */
  prepare(stage: PracticeStage): Promise<Command>;
  /** Where this machine sees the files of the host whose first process is `initPid`. */
  filesAt(stage: PracticeStage, initPid: number): string;
  /** Resolves when nothing of the host is left, after its process has been signalled. */
  cleared(stage: PracticeStage): Promise<void>;
}

export interface RunningSshd {
  readonly child: SpawnedProcess;
  readonly port: number;
  /** The pid by which this machine knows the host's first process. */
  readonly initPid: number;
  end(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const POLL_MS = 10;
const PORT_TRIES = 8;
/** sshd ends in a few milliseconds when asked; a start script that is not sshd yet cannot hear it. */
const TERM_WAIT_MS = 500;

/** Starts the sshd. Throws PRACTICE_UNAVAILABLE with what it said last. */
export async function startSshd(sandbox: Sandbox, stage: PracticeStage): Promise<RunningSshd> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    writeSshdConfig(stage, port);
    const heard = { lines: [] as string[], initPid: 0, listening: false };
    const child = spawnProcess({ ...(await sandbox.prepare(stage)), onLine: (line) => hear(heard, line) });
    const running = { child, port, initPid: 0, end: () => endSshd(sandbox, stage, child) };
    if (await becomesReady(child, port, heard)) return { ...running, initPid: heard.initPid };
    await stopSshd(sandbox, stage, child);
    const portTaken = heard.lines.some((line) => line.includes('Address already in use'));
    if (portTaken && attempt < PORT_TRIES) continue;
    clearStage(stage);
    throw new GarrisonError('PRACTICE_UNAVAILABLE', `${stage.name} did not start: ${lastWords(heard.lines)}`);
  }
}

interface Heard {
  readonly lines: string[];
  initPid: number;
  listening: boolean;
}

function hear(heard: Heard, line: string): void {
  const init = /^practice-init (\d+)$/.exec(line);
  if (init !== null) heard.initPid = Number(init[1]);
  else keepLast(heard.lines, line);
  // Said by our own sshd about its own socket, so a stranger on the same port cannot be taken for it.
  if (line.startsWith('Server listening on')) heard.listening = true;
}

async function becomesReady(child: SpawnedProcess, port: number, heard: Heard): Promise<boolean> {
  const deadlineMs = monoMs() + READY_WITHIN_MS;
  while (monoMs() < deadlineMs && child.exit() === null) {
    if (heard.listening && (await answersBanner(port))) return true;
    await sleep(POLL_MS);
  }
  // What it said last may still be in the pipe.
  await sleep(5 * POLL_MS);
  return false;
}

function lastWords(lines: readonly string[]): string {
  return lines.length === 0 ? 'it said nothing' : lines.slice(-5).join(' · ');
}

function answersBanner(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5000, () => settle(false));
    socket.once('data', (data) => settle(data.toString('latin1').startsWith('SSH-2.0-')));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/**
 * sshd is asked first: as the first process of its process table it takes all others with it, and unshare then reaps it.
 * KILL at once would leave that reaping to whoever inherits it.
 */
async function endSshd(sandbox: Sandbox, stage: PracticeStage, child: SpawnedProcess): Promise<void> {
  await stopSshd(sandbox, stage, child);
  clearStage(stage);
}

async function stopSshd(sandbox: Sandbox, stage: PracticeStage, child: SpawnedProcess): Promise<void> {
  child.signalGroup('SIGTERM');
  const asked = new AbortController();
  await Promise.race([
    child.exited,
    sleep(TERM_WAIT_MS, undefined, { signal: asked.signal }).catch(() => undefined),
  ]);
  asked.abort();
  child.signalGroup('SIGKILL');
  await child.exited;
  await sandbox.cleared(stage);
}

/**
 * One life of a worker as its parent sees it: the process, what the second beat's thread says, its last lines, the ssh it started.
 * It decides nothing and reports nothing by itself.
 */
import { randomBytes } from 'node:crypto';
import type { Incarnation } from '../heartbeat.ts';
import { LIFE_MARK } from '../mark.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
import { readProcStat } from '../proc.ts';
import type { GuardedSignal } from '../reconciler/guard.ts';
import { childrenOf } from './children.ts';
import { spawnProcess, type ExitFact, type SpawnedProcess } from './spawn.ts';
import { SshGroups } from './sshGroups.ts';
import { WorkerCgroup, type Delegation } from './workerCgroup.ts';

export interface LifeSettings {
  /** Files, pipes and sockets that it may have open at once. */
  readonly openFiles: number;
  /** In which each worker gets a cgroup of its own; null where none was delegated. */
  readonly delegation: Delegation | null;
}

export interface LifeEvents {
  onMessage(message: WorkerMessage): void;
  onThreadBeat(mainStaleMs: number): void;
  onLine(line: string): void;
}

const LAST_LINES = 20;
const LONGEST_LAST_LINE = 500;
/** The thread's own deadline, and the way there and back. */
const STACK_WITHIN_MS = 700;

type Stack = readonly string[] | null;

export class Life {
  readonly incarnation: Incarnation;
  /** Whose life it is; the spare's becomes that of a worker. */
  worker: string;
  readonly ssh: SshGroups;
  /** Null where it has none of its own. */
  readonly cgroup: WorkerCgroup | null;
  /** Last seen state letter of /proc; running and waiting both count as S. */
  letter = 'S';
  /** Ended children that it held at the last look, and at the last two. */
  #zombies: ReadonlySet<string> = new Set();
  #held = 0;
  readonly #process: SpawnedProcess;
  readonly #events: LifeEvents;
  readonly #lastLines: string[] = [];
  #hearStack: ((stack: Stack) => void) | null = null;

  /** Starts the worker's program. Throws PROGRAM_MISSING. */
  constructor(worker: string, settings: LifeSettings, events: LifeEvents) {
    this.#events = events;
    this.worker = worker;
    const nonce = randomBytes(6).toString('hex');
    const { delegation, openFiles } = settings;
    this.cgroup = delegation === null ? null : WorkerCgroup.make(delegation, nonce);
    const command = {
      file: 'prlimit',
      args: [`--nofile=${String(openFiles)}`, '--', ...workerCommand(worker)],
    };
    this.#process = spawnProcess({
      ...(this.cgroup?.entered(command) ?? command),
      env: { [LIFE_MARK]: nonce },
      ipc: true,
      onLine: (line) => {
        this.#keepLine(line);
        events.onLine(line);
      },
      onBeatLine: (line) => {
        this.#hearThread(line);
      },
      onMessage: (message) => {
        this.#hear(message as WorkerMessage);
      },
    });
    const { pid, startTicks } = this.#process;
    this.incarnation = { pid, startTicks, nonce };
    this.ssh = new SshGroups(pid);
    this.cgroup?.isOf({ startTicks });
  }

  get exited(): Promise<ExitFact> {
    return this.#process.exited;
  }

  /** Oldest first. */
  get lastLines(): readonly string[] {
    return [...this.#lastLines];
  }

  send(message: SupervisorMessage): void {
    this.#process.send(message);
  }

  signalGroup(signal: GuardedSignal): void {
    this.#process.signalGroup(signal);
  }

  /** How many ended children it has not waited for in two looks running; null while that is as before. */
  newlyHeldZombies(): number | null {
    const before = this.#zombies;
    const zombies = childrenOf(this.incarnation.pid).flatMap((pid) => {
      const stat = readProcStat(pid);
      return stat?.state === 'Z' ? [`${String(pid)} ${String(stat.startTicks)}`] : [];
    });
    this.#zombies = new Set(zombies);
    const held = zombies.filter((zombie) => before.has(zombie)).length;
    if (held === this.#held) return null;
    this.#held = held;
    return held;
  }

  /** The stack of its main loop, innermost first; null when neither the loop nor the thread answers. */
  async stack(): Promise<Stack> {
    const heard = new Promise<Stack>((resolve) => {
      this.#hearStack = resolve;
      setTimeout(resolve, STACK_WITHIN_MS, null).unref();
    });
    this.#process.tellThread('stack');
    return heard;
  }

  #hear(message: WorkerMessage): void {
    if (message.type === 'ssh') this.ssh.note(message, message.pid);
    else this.#events.onMessage(message);
  }

  #hearThread(line: string): void {
    const word = parseWord(line);
    if (typeof word?.mainStaleMs === 'number') this.#events.onThreadBeat(word.mainStaleMs);
    if (word?.stack !== undefined) this.#hearStack?.(word.stack);
  }

  #keepLine(line: string): void {
    this.#lastLines.push(line.slice(0, LONGEST_LAST_LINE));
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
  }
}

interface ThreadWord {
  readonly mainStaleMs?: number;
  readonly stack?: Stack;
}

/** A thread that was cut off in the middle of a line has said nothing. */
function parseWord(line: string): ThreadWord | null {
  try {
    return JSON.parse(line) as ThreadWord;
  } catch {
    return null;
  }
}

function workerCommand(worker: string): string[] {
  return [process.execPath, ...process.execArgv, workerProgram(), worker, String(process.pid)];
}

/** The worker's main file, beside this one: TypeScript under tsx, JavaScript when built. */
function workerProgram(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`../worker/main.${extension}`, import.meta.url).pathname;
}

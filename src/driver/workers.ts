/**
 * The hands on worker processes: starts one, talks to it, signals it, and says what it saw of it.
 * It never decides when a worker starts, is late or dies, and signals only the life it was told to.
 */
import { randomBytes } from 'node:crypto';
import type { WorkerObservation, KillReason } from '../detector/evidence.ts';
import { messageOf } from '../errors.ts';
import { sameIncarnation, type Incarnation } from '../heartbeat.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
import { readProcStat } from './proc.ts';
import { spawnProcess, type SpawnedProcess } from './spawn.ts';

export interface WorkerEvents {
  onObservation(worker: string, observation: WorkerObservation): void;
  /** Everything a worker says besides `ready` and `beat`. */
  onMessage(worker: string, incarnation: Incarnation, message: WorkerMessage): void;
  onLine(worker: string, line: string): void;
}

interface Life {
  readonly incarnation: Incarnation;
  readonly process: SpawnedProcess;
  letter: string;
}

const LOOK_INTERVAL_MS = 1_000;

export class WorkerPool {
  readonly #lives = new Map<string, Life>();
  readonly #events: WorkerEvents;
  #watching: NodeJS.Timeout | null = null;
  readonly #greeting: Extract<SupervisorMessage, { type: 'configure' }>;

  constructor(greeting: Extract<SupervisorMessage, { type: 'configure' }>, events: WorkerEvents) {
    this.#greeting = greeting;
    this.#events = events;
  }

  /** Starts a worker's next life; how that went arrives as observations. */
  spawn(worker: string): void {
    if (this.#lives.has(worker)) return;
    const nonce = randomBytes(6).toString('hex');
    let life: Life;
    try {
      const process = this.#start(worker, nonce);
      const incarnation = { pid: process.pid, startTicks: process.startTicks, nonce };
      life = { process, incarnation, letter: 'S' };
    } catch (error) {
      this.#events.onObservation(worker, { kind: 'spawnFailed', detail: messageOf(error) });
      return;
    }
    this.#lives.set(worker, life);
    this.#events.onObservation(worker, { kind: 'spawned', incarnation: life.incarnation });
    life.process.send(this.#greeting);
    this.#watchStates();
    void life.process.exited.then(({ exitCode, signal }) => {
      this.#lives.delete(worker);
      this.#events.onObservation(worker, { kind: 'exited', incarnation: life.incarnation, exitCode, signal });
    });
  }

  /** Says something to this very life; a drain is also an observation, since its deadline starts now. */
  tell(worker: string, incarnation: Incarnation, message: SupervisorMessage): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    life.process.send(message);
    if (message.type === 'drain') this.#events.onObservation(worker, { kind: 'drainAsked', incarnation });
  }

  /** Fetch now, everyone. */
  poke(): void {
    for (const life of this.#lives.values()) life.process.send({ type: 'poke' });
  }

  kill(worker: string, incarnation: Incarnation, order: { signal: NodeJS.Signals; why: KillReason }): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    this.#events.onObservation(worker, { kind: 'killAsked', incarnation, why: order.why });
    life.process.signalGroup(order.signal);
  }

  /** Wakes a stopped process; it is told to nobody else, since a stop and its end concern this one only. */
  resume(worker: string, incarnation: Incarnation): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    this.#events.onObservation(worker, { kind: 'continued', incarnation });
    life.process.signalGroup('SIGCONT');
  }

  #life(worker: string, incarnation: Incarnation): Life | null {
    const life = this.#lives.get(worker);
    return life !== undefined && sameIncarnation(life.incarnation, incarnation) ? life : null;
  }

  #start(worker: string, nonce: string): SpawnedProcess {
    // Found out while handling its messages, which carry no identity of their own: the channel is the identity.
    const own = (): Incarnation | null => {
      const life = this.#lives.get(worker);
      return life?.incarnation.nonce === nonce ? life.incarnation : null;
    };
    return spawnProcess({
      file: process.execPath,
      args: [...process.execArgv, workerProgram(), worker, String(process.pid)],
      ipc: true,
      onLine: (line) => {
        this.#events.onLine(worker, line);
      },
      onBeatLine: (line) => {
        const incarnation = own();
        if (incarnation !== null) this.#hearThread(worker, incarnation, Number(line));
      },
      onMessage: (message) => {
        const incarnation = own();
        if (incarnation !== null) this.#hear(worker, incarnation, message as WorkerMessage);
      },
    });
  }

  #hearThread(worker: string, incarnation: Incarnation, mainStaleMs: number): void {
    if (!Number.isFinite(mainStaleMs)) return;
    this.#events.onObservation(worker, { kind: 'threadBeat', incarnation, mainStaleMs });
  }

  /** Looks at each worker's state letter once a second; a change is news. */
  #watchStates(): void {
    this.#watching ??= setInterval(() => {
      for (const [worker, life] of this.#lives) this.#lookAtState(worker, life);
    }, LOOK_INTERVAL_MS).unref();
  }

  #lookAtState(worker: string, life: Life): void {
    const stat = readProcStat(life.incarnation.pid);
    if (stat?.startTicks !== life.incarnation.startTicks) return;
    // Running or waiting: both are well, and a worker goes between them all the time.
    const letter = stat.state === 'R' ? 'S' : stat.state;
    if (letter === life.letter) return;
    life.letter = letter;
    this.#events.onObservation(worker, { kind: 'procState', incarnation: life.incarnation, letter });
  }

  #hear(worker: string, incarnation: Incarnation, message: WorkerMessage): void {
    switch (message.type) {
      case 'ready':
        this.#events.onObservation(worker, { kind: 'ready', incarnation });
        break;
      case 'beat':
        this.#events.onObservation(worker, { kind: 'beat', incarnation, beat: message.beat });
        this.#events.onMessage(worker, incarnation, message);
        break;
      default:
        this.#events.onMessage(worker, incarnation, message);
    }
  }
}

/** The worker's main file, beside this one: TypeScript under tsx, JavaScript when built. */
function workerProgram(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`../worker/main.${extension}`, import.meta.url).pathname;
}

/**
 * The hands on worker processes: starts one, talks to it, signals it, and says what it saw of it.
 * It never decides when a worker starts, is late or dies, and signals only the life it was told to.
 */
import { randomBytes } from 'node:crypto';
import type { WorkerObservation, KillReason } from '../detector/evidence.ts';
import { messageOf } from '../errors.ts';
import { sameIncarnation, type Incarnation } from '../heartbeat.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
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
}

export class WorkerPool {
  readonly #lives = new Map<string, Life>();
  readonly #events: WorkerEvents;
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
      life = { process, incarnation: { pid: process.pid, startTicks: process.startTicks, nonce } };
    } catch (error) {
      this.#events.onObservation(worker, { kind: 'spawnFailed', detail: messageOf(error) });
      return;
    }
    this.#lives.set(worker, life);
    this.#events.onObservation(worker, { kind: 'spawned', incarnation: life.incarnation });
    life.process.send(this.#greeting);
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
      onMessage: (message) => {
        const incarnation = own();
        if (incarnation !== null) this.#hear(worker, incarnation, message as WorkerMessage);
      },
    });
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

/**
 * The hands on worker processes: starts one, talks to it, signals it, and says what it saw of it.
 * It never decides when a worker starts, is late or dies, and signals only the life it was told to.
 */
import { wallTime } from '../clock.ts';
import type { DrainReason, KillReason, WorkerObservation } from '../detector/evidence.ts';
import { messageOf } from '../errors.ts';
import { sameIncarnation, SPARE_NAME, type Incarnation, type JobInHand } from '../heartbeat.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
import type { GuardedSignal } from '../reconciler/guard.ts';
import { performAutopsy } from './autopsy.ts';
import { Life, type LifeSettings } from './life.ts';
import { isAlive, readProcStat } from '../proc.ts';
import { leftProcess, type LeftProcess } from './left.ts';
import { pidShortage } from './ownCgroup.ts';
import type { WorkerCgroup } from './workerCgroup.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WorkerEvents {
  onObservation(worker: string, observation: WorkerObservation): void;
  /** Everything a worker says besides `ready` and `ssh`. */
  onMessage(worker: string, incarnation: Incarnation, message: WorkerMessage): void;
  onLine(worker: string, line: string): void;
  onFailure(action: string, detail: string): void;
}

export interface PoolSettings extends LifeSettings {
  readonly homeDir: string;
  /** The first message to every life. */
  readonly greeting: Extract<SupervisorMessage, { type: 'configure' }>;
}

const LOOK_INTERVAL_MS = 1_000;
/** Lives of which the name of the worker is still known. */
const MOST_REMEMBERED = 1_000;

export class WorkerPool {
  readonly #lives = new Map<string, Life>();
  /** Of each life by its nonce, also of those that are over. */
  readonly #names = new Map<string, string>();
  /** Of ended lives, while something is left in them: the worker, and the end. */
  readonly #emptying = new Map<WorkerCgroup, { readonly worker: string; readonly ended: Promise<void> }>();
  readonly #events: WorkerEvents;
  readonly #settings: PoolSettings;
  #watching: NodeJS.Timeout | null = null;

  constructor(settings: PoolSettings, events: WorkerEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Starts a worker's next life; how that went arrives as observations. */
  spawn(worker: string): void {
    if (this.#lives.has(worker)) return;
    let life: Life;
    try {
      life = this.#begin(worker);
    } catch (error) {
      this.#events.onObservation(worker, {
        kind: 'spawnFailed',
        detail: [messageOf(error), pidShortage()].filter((each) => each !== null).join('; '),
      });
      return;
    }
    this.#lives.set(worker, life);
    this.#remember(life.incarnation.nonce, worker);
    this.#events.onObservation(worker, { kind: 'spawned', incarnation: life.incarnation });
    life.send(this.#settings.greeting);
    this.#watchStates();
    void this.#seeEnd(life);
  }

  /** The spare's life becomes the worker's; where it is over, although its end was not seen yet, the worker gets one of its own. */
  promote(worker: string, incarnation: Incarnation): void {
    if (this.#lives.has(worker)) return;
    const life = this.#life(SPARE_NAME, incarnation);
    if (life === null || !isAlive(incarnation)) {
      this.spawn(worker);
      return;
    }
    this.#lives.delete(SPARE_NAME);
    this.#lives.set(worker, life);
    life.worker = worker;
    this.#remember(incarnation.nonce, worker);
    life.send({ type: 'name', worker });
    this.#events.onObservation(worker, { kind: 'tookPlace', incarnation });
  }

  /** Says something to this very life. */
  tell(worker: string, incarnation: Incarnation, message: SupervisorMessage): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    life.send(message);
    if (message.type === 'resume') this.#events.onObservation(worker, { kind: 'resumed', incarnation });
    if (message.type === 'quiet') this.#events.onObservation(worker, { kind: 'quieted', incarnation });
  }

  /** Fetch now, everyone. */
  poke(): void {
    for (const life of this.#lives.values()) life.send({ type: 'poke' });
  }

  /** Also an observation, since the deadline of the drain starts now. */
  drain(worker: string, incarnation: Incarnation, why: DrainReason): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    life.send({ type: 'drain' });
    this.#events.onObservation(worker, { kind: 'drainAsked', incarnation, why });
  }

  kill(worker: string, incarnation: Incarnation, order: { signal: GuardedSignal; why: KillReason }): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    this.#events.onObservation(worker, { kind: 'killAsked', incarnation, why: order.why });
    life.signalGroup(order.signal);
  }

  /** Wakes a stopped process; it is told to nobody else, since a stop and its end concern this one only. */
  resume(worker: string, incarnation: Incarnation): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    this.#events.onObservation(worker, { kind: 'continued', incarnation });
    life.signalGroup('SIGCONT');
  }

  /** Tells it that children of it have ended; to it alone, as with a stop. */
  nudge(worker: string, incarnation: Incarnation): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    this.#events.onObservation(worker, { kind: 'nudged', incarnation });
    life.signalGroup('SIGCHLD');
  }

  /** Ends the ssh of one job, which the worker then sees as any other end of it. */
  endJob(worker: string, incarnation: Incarnation, of: { jobId: string; attempt: number }): void {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    const { jobId, attempt } = of;
    this.#events.onObservation(worker, { kind: 'jobEndAsked', incarnation, jobId, attempt });
    life.ssh.end({ jobId, attempt });
  }

  /** Looks at it before it is killed, and keeps what was seen. */
  async autopsy(
    worker: string,
    incarnation: Incarnation,
    about: { readonly reason: string; readonly jobs: readonly JobInHand[] },
  ): Promise<void> {
    const life = this.#life(worker, incarnation);
    if (life === null) return;
    this.#events.onObservation(worker, { kind: 'autopsyAsked', incarnation });
    const { homeDir } = this.#settings;
    const { lastLines, ssh } = life;
    const seen = { homeDir, worker, incarnation, at: wallTime(), lastLines, ssh: ssh.list(), ...about };
    const file = await performAutopsy({ ...seen, stack: () => life.stack() }).catch((error: unknown) => {
      this.#events.onFailure('autopsy', `what was seen of ${worker} could not be kept: ${messageOf(error)}`);
      return null;
    });
    this.#events.onObservation(worker, { kind: 'autopsied', incarnation, file });
  }

  /** The worker whose life had this nonce; null when that is long ago. */
  nameOf(nonce: string): string | null {
    return this.#names.get(nonce) ?? null;
  }

  /** Resolves when the cgroups of all ended lives are empty and gone, or after `withinMs` to what is left in them. */
  async cgroupsEnded(withinMs: number): Promise<LeftProcess[]> {
    const ends = [...this.#emptying.values()].map(({ ended }) => ended);
    await Promise.race([Promise.all(ends), sleep(withinMs, null, { ref: false })]);
    return [...this.#emptying].flatMap(([cgroup, { worker }]) =>
      cgroup.pids().flatMap((pid) => leftProcess(pid, worker)),
    );
  }

  #life(worker: string, incarnation: Incarnation): Life | null {
    const life = this.#lives.get(worker);
    return life !== undefined && sameIncarnation(life.incarnation, incarnation) ? life : null;
  }

  /** Its messages carry no identity of their own: the channel is the identity. */
  #begin(worker: string): Life {
    const life: Life = new Life(worker, this.#settings, {
      onMessage: (message) => {
        // What an ended life still had in its pipe says nothing of the present.
        if (this.#lives.get(life.worker) === life) this.#hear(life, message);
      },
      onThreadBeat: (mainStaleMs) => {
        const { incarnation } = life;
        this.#events.onObservation(life.worker, { kind: 'threadBeat', incarnation, mainStaleMs });
      },
      onLine: (line) => {
        this.#events.onLine(life.worker, line);
      },
    });
    return life;
  }

  /** First the exit, at once; then, when it is proven, that nothing it had started lives any more. */
  async #seeEnd(life: Life): Promise<void> {
    const { exitCode, signal } = await life.exited;
    const { incarnation, lastLines, worker } = life;
    this.#lives.delete(worker);
    const shortage = signal === null && exitCode === 0 ? null : pidShortage();
    this.#events.onObservation(worker, {
      ...{ kind: 'exited', incarnation, exitCode, signal, lastLines },
      ...(shortage === null ? {} : { shortage }),
    });
    this.#endCgroup(life);
    await life.ssh.allGone((pids) => {
      const detail = `ssh of ${worker} (pid ${pids.join(', ')}) does not end, state D perhaps: its jobs wait for that`;
      this.#events.onFailure('endSsh', detail);
    });
    this.#events.onObservation(worker, { kind: 'gone', incarnation });
  }

  /** Not waited for before its jobs are free: what could write to a host is among its ssh. */
  #endCgroup({ cgroup, worker }: Life): void {
    if (cgroup === null) return;
    const ended = cgroup.end((pids) => {
      const left = pids.flatMap((pid) => leftProcess(pid, worker));
      const named = left.map(({ pid, command, state }) => `pid ${String(pid)} (${command}, state ${state})`);
      const detail = `what ${worker} left behind does not end: ${named.join(', ')}`;
      this.#events.onFailure('endCgroup', detail);
    });
    this.#emptying.set(cgroup, { worker, ended });
    void ended.finally(() => this.#emptying.delete(cgroup));
  }

  #remember(nonce: string, worker: string): void {
    this.#names.set(nonce, worker);
    const [oldest] = this.#names.keys();
    if (this.#names.size > MOST_REMEMBERED && oldest !== undefined) this.#names.delete(oldest);
  }

  /** Looks at each worker's state letter once a second; a change is news. */
  #watchStates(): void {
    this.#watching ??= setInterval(() => {
      for (const [worker, life] of this.#lives) {
        this.#lookAtState(worker, life);
        this.#lookAtZombies(worker, life);
      }
    }, LOOK_INTERVAL_MS).unref();
  }

  #lookAtState(worker: string, life: Life): void {
    const { incarnation } = life;
    const stat = readProcStat(incarnation.pid);
    if (stat?.startTicks !== incarnation.startTicks) return;
    // Running or waiting: both are well, and a worker goes between them all the time.
    const letter = stat.state === 'R' ? 'S' : stat.state;
    if (letter === life.letter) return;
    life.letter = letter;
    this.#events.onObservation(worker, { kind: 'procState', incarnation, letter });
  }

  #lookAtZombies(worker: string, life: Life): void {
    const count = life.newlyHeldZombies();
    if (count === null) return;
    this.#events.onObservation(worker, { kind: 'zombiesHeld', incarnation: life.incarnation, count });
  }

  #hear({ worker, incarnation }: Life, message: WorkerMessage): void {
    if (message.type === 'ready') this.#events.onObservation(worker, { kind: 'ready', incarnation });
    if (message.type === 'beat')
      this.#events.onObservation(worker, { kind: 'beat', incarnation, beat: message.beat });
    if (message.type === 'ask') this.#events.onObservation(worker, { kind: 'took', incarnation });
    if (message.type !== 'ready') this.#events.onMessage(worker, incarnation, message);
  }
}

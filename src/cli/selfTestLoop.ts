/**
 * The supervisor of a self-test: the hands, judges and boards that the real one has for workers and orphans, joined without Redis, Docker and a page.
 * It adds no rule of its own; what it has seen it keeps for the trials to look at.
 */
import { join } from 'node:path';
import { now } from '../clock.ts';
import { WELL } from '../detector/awareness.ts';
import type { WorkerObservation } from '../detector/evidence.ts';
import { DEFAULT_LIMITS, type WorkerReason } from '../detector/verdict.ts';
import type { ReapedKind } from '../detector/zombie.ts';
import { Reaper } from '../driver/reaper.ts';
import { performOnWorker } from '../driver/workerDeeds.ts';
import { WorkerPool } from '../driver/workers.ts';
import type { Incarnation } from '../heartbeat.ts';
import { PUSH_QUEUE } from '../queueName.ts';
import type { Action } from '../reconciler/action.ts';
import type { Orphan } from '../reconciler/orphan.ts';
import { RESTART_POLICY } from '../reconciler/restart.ts';
import { HARMFUL_WORKERS, type HarmfulWorker } from '../selfTestWords.ts';
import { OrphanBoard } from '../supervisor/orphanBoard.ts';
import { WorkerBoard } from '../supervisor/workerBoard.ts';

export interface SeenOfWorker {
  readonly worker: string;
  readonly observation: WorkerObservation;
}

/** Shorter than the supervisor's 30 s and 2 s: nobody works here. */
const DRAIN = { drainWithinMs: 500, termGraceMs: 1_000 };
const AT_ONCE = { drainWithinMs: 0, termGraceMs: 0 };
const TURN_EVERY_MS = 100;
const SLOTS = 1;
const OPEN_FILES = 256;
const LOCK_MS = 60_000;

export class SelfTestLoop {
  readonly pool: WorkerPool;
  readonly reaper: Reaper;
  readonly homeDir: string;
  readonly workersSeen: SeenOfWorker[] = [];
  readonly lines: { readonly worker: string; readonly line: string }[] = [];
  readonly adopted = new Map<number, Orphan>();
  readonly reaped = new Map<number, ReapedKind>();
  /** Those that go on besides the workers': orphans of theirs are spared. */
  readonly lives = new Set<string>();
  /** What is to be ended besides, should the end come before its trial's. */
  readonly lastly = new Set<() => Promise<void>>();
  readonly #board: WorkerBoard;
  readonly #orphans = new OrphanBoard();
  readonly #timer: NodeJS.Timeout;
  #turnIsDue = false;
  #stopping = false;

  constructor(homeDir: string) {
    this.homeDir = homeDir;
    this.reaper = new Reaper({
      onReaped: (pid, _command, kind) => {
        this.reaped.set(pid, kind);
        this.#orphans.noteReaped(pid);
      },
      onAdopted: (orphan) => {
        this.adopted.set(orphan.pid, orphan);
        this.#orphans.noteAdopted(orphan, now());
      },
    });
    this.pool = this.#openPool();
    this.#board = new WorkerBoard(
      {
        ...{ names: HARMFUL_WORKERS, slots: SLOTS, host: 'self-test' },
        ...{ memoryLimitBytes: Infinity, recycleLimits: { maxJobs: null, maxAgeMs: null } },
        ...{ limits: DEFAULT_LIMITS, policy: RESTART_POLICY, dice: Math.random },
        ...{ earlier: [], keep: () => undefined },
      },
      now().wall,
    );
    this.#timer = setInterval(() => this.#turn(), TURN_EVERY_MS);
  }

  /** The first observation of a worker that is so, from the `from`th that was seen on. */
  indexOf(worker: HarmfulWorker, isIt: (seen: WorkerObservation) => boolean, from = 0): number {
    return this.workersSeen.findIndex(
      (seen, index) => index >= from && seen.worker === worker && isIt(seen.observation),
    );
  }

  wasJudged(worker: HarmfulWorker, reason: WorkerReason): boolean {
    return this.#board.incidents().some((each) => each.worker === worker && each.reason === reason);
  }

  /** Sets it to what its name says. */
  doHarm(worker: HarmfulWorker, incarnation: Incarnation): void {
    this.pool.tell(worker, incarnation, { type: 'quiet' });
  }

  stop(worker: HarmfulWorker): void {
    this.#board.setWish(worker, { worker: 'stop', recycle: null, recycleFor: 'Person' });
  }

  /** Ends every worker and every marked orphan; resolves after `withinMs` to what is left, which the kernel ends with this process. */
  async end(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    this.#stopping = true;
    while (this.#board.living() > 0 && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, TURN_EVERY_MS / 5));
    clearInterval(this.#timer);
    await this.reaper.endAll(Math.max(0, untilMs - performance.now()));
  }

  #openPool(): WorkerPool {
    const greeting = {
      type: 'configure',
      lockMs: LOCK_MS,
      // Nobody listens there: a worker beats without Redis, too.
      redis: { kind: 'socket', path: join(this.homeDir, 'none.sock') },
      queue: PUSH_QUEUE,
      slots: SLOTS,
    } as const;
    return new WorkerPool(
      { homeDir: this.homeDir, openFiles: OPEN_FILES, delegation: null, greeting },
      {
        onObservation: (worker, observation) => {
          this.workersSeen.push({ worker, observation });
          this.#board.observe(worker, observation, now());
          this.#scheduleTurn();
        },
        onMessage: (worker, incarnation, message) => {
          if (message.type === 'drained') this.lines.push({ worker, line: `drained ${incarnation.nonce}` });
        },
        onLine: (worker, line) => {
          this.lines.push({ worker, line });
        },
        onFailure: (action, detail) => {
          this.lines.push({ worker: action, line: detail });
        },
      },
    );
  }

  #scheduleTurn(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    setImmediate(() => {
      this.#turnIsDue = false;
      this.#turn();
    });
  }

  /** As the supervisor's turn, only that it takes itself for well: how patient a busy machine makes it is not in question. */
  #turn(): void {
    const at = now();
    const { actions } = this.#board.decide({
      ...{ brokerAwaySince: null, brokerBackAt: null, oldestWaitingMs: 0, queueStillMs: 0, canary: null },
      awareness: WELL,
      drain: this.#stopping ? AT_ONCE : DRAIN,
      stopping: this.#stopping,
      queueOpen: false,
      at,
    });
    const lives = new Set([...this.#board.livingNonces(), ...(this.#stopping ? [] : this.lives)]);
    const forOrphans = this.#orphans.decide({ lives, attempts: new Set() }, at.monoMs);
    for (const action of [...actions, ...forOrphans.actions]) this.#perform(action);
  }

  #perform(action: Action): void {
    if ('worker' in action) performOnWorker(this.pool, action);
    else if (action.kind === 'endOrphan') this.reaper.end(action.orphan);
  }
}

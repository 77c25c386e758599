/**
 * Carries out actions: workers, the Redis server, the queue and the records of jobs.
 * It has no opinions: no retry, no threshold; how each deed went is reported as news.
 */
import { messageOf, unreachable } from '../errors.ts';
import type { JobRecord } from '../push/job.ts';
import type { Action } from '../reconciler/action.ts';
import { noteLine } from '../reconciler/jobFlow.ts';
import type { JobNews } from '../reconciler/jobNews.ts';
import { CANARY_ID } from '../queueName.ts';
import { counterKey, type Cluster } from './cluster.ts';
import type { ContainerHands } from './containerHands.ts';
import type { FleetLink } from './fleetLink.ts';
import type { JobStore } from './jobStore.ts';
import { addLine } from './logLine.ts';
import type { Keeper } from './keeper.ts';
import type { PushQueue } from './queue.ts';
import type { Reaper } from './reaper.ts';
import { performOnWorker } from './workerDeeds.ts';
import type { WorkerPool } from './workers.ts';

export interface HandsParts {
  readonly pool: WorkerPool;
  readonly reaper: Reaper;
  readonly queue: PushQueue;
  readonly store: JobStore;
  readonly keeper: Keeper;
  readonly cluster: () => Cluster | null;
  /** Throws for a number of the fence that was given out before. */
  readonly noteDrawn: (epoch: number, counter: number) => void;
  readonly spawnRedis: () => void;
  /** False when there was none to signal, or it was refused. */
  readonly signalRedis: (signal: 'SIGCONT' | 'SIGTERM' | 'SIGKILL') => boolean;
  readonly sweepZombies: () => void;
  readonly containers: ContainerHands;
  readonly fleet: Pick<FleetLink, 'send'> | null;
  readonly logFile: (jobId: string) => string;
  readonly onNews: (news: JobNews) => void;
  readonly onFailure: (action: string, detail: string) => void;
}

type DockerAction = Extract<
  Action,
  { kind: 'lookContainer' | 'examineContainer' | 'treatContainer' | 'restartDocker' }
>;

type QueueAction = Extract<
  Action,
  { kind: 'dispatch' | 'draw' | 'retire' | 'sendCanary' | 'look' | 'tellMember' | 'pokeWorkers' }
>;

export class DriverHands {
  readonly #parts: HandsParts;

  constructor(parts: HandsParts) {
    this.#parts = parts;
  }

  perform(action: Action): void {
    try {
      if ('worker' in action) performOnWorker(this.#parts.pool, action);
      else this.#performElsewhere(action);
    } catch (error) {
      this.#parts.onFailure(action.kind, messageOf(error));
    }
  }

  #performElsewhere(action: Exclude<Action, { worker: string }>): void {
    switch (action.kind) {
      case 'endOrphan':
        this.#parts.reaper.end(action.orphan);
        break;
      case 'spawnRedis':
      case 'signalRedis':
        this.#performOnRedis(action);
        break;
      case 'sweepZombies':
        this.#parts.sweepZombies();
        break;
      case 'lookContainer':
      case 'examineContainer':
      case 'treatContainer':
      case 'restartDocker':
        this.#performOnDocker(action);
        break;
      case 'dispatch':
      case 'draw':
      case 'retire':
      case 'sendCanary':
      case 'look':
      case 'tellMember':
      case 'pokeWorkers':
        this.#performOnQueue(action);
        break;
      case 'save':
      case 'finish':
      case 'noteInLog':
        this.#performOnRecord(action);
        break;
      default:
        unreachable(action);
    }
  }

  #performOnQueue(action: QueueAction): void {
    switch (action.kind) {
      case 'dispatch':
        void this.#dispatch(action.job);
        break;
      case 'draw':
        void this.#draw(action.job);
        break;
      case 'retire':
        void this.#retire(action);
        break;
      case 'sendCanary':
        void this.#enqueue(CANARY_ID, action.number);
        break;
      case 'look':
        void this.#look(action);
        break;
      case 'tellMember':
        this.#parts.fleet?.send(action.homeId, action.message);
        break;
      case 'pokeWorkers':
        this.#parts.pool.poke();
        break;
      default:
        unreachable(action);
    }
  }

  #performOnRedis(action: Extract<Action, { kind: 'spawnRedis' | 'signalRedis' }>): void {
    if (action.kind === 'spawnRedis') this.#parts.spawnRedis();
    else if (!this.#parts.signalRedis(action.signal))
      throw new Error(`${action.signal} did not reach the redis-server`);
  }

  #performOnRecord(action: Extract<Action, { kind: 'save' | 'finish' | 'noteInLog' }>): void {
    switch (action.kind) {
      case 'save':
        void this.#save(action.job);
        break;
      case 'finish':
        this.#parts.keeper.keep(action.job);
        break;
      case 'noteInLog':
        addLine(this.#parts.logFile(action.jobId), noteLine(action.at, action.text));
        break;
      default:
        unreachable(action);
    }
  }

  #performOnDocker(action: DockerAction): void {
    const { containers } = this.#parts;
    switch (action.kind) {
      case 'lookContainer':
        containers.look(action.id);
        break;
      case 'examineContainer':
        containers.examine(action.id, action.why);
        break;
      case 'treatContainer':
        containers.treat(action);
        break;
      case 'restartDocker':
        containers.restartDocker();
        break;
      default:
        unreachable(action);
    }
  }

  async #dispatch(job: JobRecord): Promise<void> {
    if (await this.#draw(job)) await this.#enqueue(job.id, job.attempt);
  }

  /** False when that did not work, which is told. */
  async #draw(job: JobRecord): Promise<boolean> {
    const { store, cluster, noteDrawn, onNews } = this.#parts;
    const { id: jobId, attempt } = job;
    const agreed = cluster();
    try {
      if (agreed === null) throw new Error('no epoch has been agreed with Redis yet');
      const counter = await store.saveAndCount(job, counterKey(agreed.epoch));
      noteDrawn(agreed.epoch, counter);
      onNews({ kind: 'fenced', jobId, attempt, fence: { ...agreed, counter } });
      return true;
    } catch (error) {
      onNews({ kind: 'dispatchFailed', jobId, attempt, detail: messageOf(error) });
      return false;
    }
  }

  async #enqueue(jobId: string, attempt: number): Promise<void> {
    const { queue, pool, onNews } = this.#parts;
    try {
      await queue.add(jobId, attempt);
      onNews({ kind: 'enqueued', jobId, attempt });
      pool.poke();
    } catch (error) {
      onNews({ kind: 'dispatchFailed', jobId, attempt, detail: messageOf(error) });
    }
  }

  async #retire({ jobId, attempt, token }: Extract<Action, { kind: 'retire' }>): Promise<void> {
    try {
      await this.#parts.queue.retire(jobId, attempt, token);
    } catch {
      // Redis is away, or the lock has run out: the entry stays in nobody's hands until the next start clears it.
    }
  }

  async #look({ jobId, attempt }: { jobId: string; attempt: number }): Promise<void> {
    try {
      const entry = await this.#parts.queue.look(jobId, attempt);
      this.#parts.onNews({ kind: 'looked', jobId, attempt, entry });
    } catch {
      // Redis is away, which its own connection reports; the next look tells.
    }
  }

  async #save(job: JobRecord): Promise<void> {
    try {
      await this.#parts.store.save(job);
    } catch (error) {
      this.#parts.onFailure('save', `the change of job ${job.id} could not be saved: ${messageOf(error)}`);
    }
  }
}

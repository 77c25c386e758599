/**
 * The supervisor's connection to Redis: says when it is up (with the epoch agreed) and when it is away, and why.
 * It reconnects for ever, queues nothing while away, and never starts or stops a server.
 */
import { Redis } from 'ioredis';
import { wallTime } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { addressOptions, describeTarget, type RedisTarget } from '../redisTarget.ts';
import type { OnSetAside } from '../setAside.ts';
import { agreeOnEpoch, type Cluster } from './cluster.ts';
import { isLead, refuseForeign, releaseOwnership, takeOwnership, type Owner } from './ownership.ts';

export interface LinkEvents {
  /** Connected and agreed; runs before `onChange(true)`, so that what was left over is settled first. */
  settle(): Promise<void>;
  onChange(up: boolean, detail: string): void;
  /**
   * Another supervisor keeps the queue, or kept it meanwhile (null): what is remembered of it here is not the truth any more.
   * Told before anything else is done.
   */
  stepDown(lead: Owner | null): void;
  /** At every answer to the regular question. */
  onAnswer(): void;
  readonly onSetAside: OnSetAside;
}

const COMMAND_TIMEOUT_MS = 5_000;
/** How often it is asked whether it still answers: a connection alone proves nothing of a server that hangs. */
const PING_INTERVAL_MS = 2_000;
const LONGEST_RECONNECT_MS = 500;
const SETTLE_AGAIN_MS = 1_000;

export interface LinkSettings {
  readonly homeDir: string;
  readonly target: RedisTarget;
  /** Other supervisors may keep the same queue, one at a time. */
  readonly shared: boolean;
}

export class RedisLink {
  readonly redis: Redis;
  readonly #homeDir: string;
  readonly #target: RedisTarget;
  readonly #shared: boolean;
  readonly #events: LinkEvents;
  #cluster: Cluster | null = null;
  #lastError = 'not reached yet';
  #ended = false;
  #agreeing = false;
  #silent = false;
  /** Who keeps the queue instead; null while that is us, or not known. */
  #lead: Owner | null = null;
  #lastAnswer = 'no time yet';
  #lastDrawn = { epoch: 0, counter: 0 };
  /** It gave out a number for the second time. */
  #hasGoneBack = false;
  #pinging: NodeJS.Timeout | null = null;

  constructor({ target, homeDir, shared }: LinkSettings, events: LinkEvents) {
    this.#target = target;
    this.#homeDir = homeDir;
    this.#shared = shared;
    this.#events = events;
    this.redis = new Redis({
      ...addressOptions(target),
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: null,
      commandTimeout: COMMAND_TIMEOUT_MS,
      retryStrategy: (tries) => Math.min(25 * tries, LONGEST_RECONNECT_MS),
    });
    this.redis.on('error', (error) => {
      this.#lastError = messageOf(error);
    });
    this.redis.on('ready', () => {
      this.#lastError = 'it closed the connection';
      void this.#agree();
    });
    this.redis.on('close', () => {
      if (!this.#ended) events.onChange(false, `${describeTarget(target)}: ${this.#lastError}`);
    });
  }

  /** The agreed cluster; null before the first agreement, and while another keeps the queue. */
  get cluster(): Cluster | null {
    return this.#cluster;
  }

  /** Call with each number of the fence: throws for one that was given out before, and agrees on a new epoch. */
  noteDrawn(epoch: number, counter: number): void {
    const last = this.#lastDrawn;
    if (epoch < last.epoch || (epoch === last.epoch && counter <= last.counter)) {
      this.#hasGoneBack = true;
      void this.#agree();
      throw new Error('Redis has gone back to an earlier state; a new epoch is agreed on first');
    }
    this.#lastDrawn = { epoch, counter };
  }

  start(): void {
    // A failed first try is retried like every later one; `error` keeps the reason.
    void this.redis.connect().catch(() => undefined);
    this.#pinging = setInterval(() => void this.#ping(), PING_INTERVAL_MS);
  }

  /** Gives the ownership back and ends the connection; the queue shares it and needs no closing of its own. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#pinging !== null) clearInterval(this.#pinging);
    if (this.#cluster !== null && !this.#silent)
      await releaseOwnership(this.redis, this.#homeDir).catch(() => undefined);
    this.redis.disconnect();
  }

  async #ping(): Promise<void> {
    // ioredis gives up for good where a connection is taken back while it is made.
    if (this.redis.status === 'end' && !this.#ended) await this.redis.connect().catch(() => undefined);
    if (this.redis.status !== 'ready' || (this.#cluster === null && this.#lead === null)) return;
    try {
      const owner = await takeOwnership(this.redis, this.#homeDir);
      this.#lastAnswer = wallTime();
      this.#events.onAnswer();
      const isKnown = owner?.homeId === this.#lead?.homeId;
      const isStale = owner === null && !(await isLead(this.redis, this.#homeDir));
      if (this.#silent || !isKnown || isStale) await this.#agree();
      this.#silent = false;
    } catch (error) {
      this.#silent = true;
      if (!this.#ended)
        this.#events.onChange(
          false,
          `connected, but: ${messageOf(error)} (last answer at ${this.#lastAnswer})`,
        );
    }
  }

  #standBy(owner: Owner): void {
    this.#cluster = null;
    this.#events.stepDown(this.#shared ? owner : null);
    if (!this.#shared) refuseForeign(owner);
    this.#lead = owner;
    this.#events.onAnswer();
    this.#events.onChange(true, `answers at ${describeTarget(this.#target)}`);
  }

  async #agree(): Promise<void> {
    if (this.#agreeing) return;
    this.#agreeing = true;
    try {
      const owner = await takeOwnership(this.redis, this.#homeDir);
      if (owner !== null) {
        this.#standBy(owner);
        return;
      }
      this.#lead = null;
      if (this.#cluster !== null && !(await isLead(this.redis, this.#homeDir))) this.#events.stepDown(null);
      this.#cluster = await agreeOnEpoch(this.redis, this.#homeDir, {
        onSetAside: this.#events.onSetAside,
        hasGoneBack: this.#hasGoneBack,
      });
      this.#hasGoneBack = false;
      await this.#events.settle();
      this.#events.onAnswer();
      this.#events.onChange(true, `answers at ${describeTarget(this.#target)}`);
    } catch (error) {
      this.#events.onChange(false, messageOf(error));
      setTimeout(() => {
        if (!this.#ended && this.redis.status === 'ready') void this.#agree();
      }, SETTLE_AGAIN_MS).unref();
    } finally {
      this.#agreeing = false;
    }
  }
}

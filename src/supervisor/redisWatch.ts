/**
 * Remembers whether Redis answers, since when and why not, and when the embedded server is to be started again.
 * It starts nothing itself and takes a person's Redis as it is.
 */
import { earliest, type Moment } from '../clock.ts';
import type { Action } from '../reconciler/action.ts';
import { beginRedisCure, decideRedisCure, type RedisCure } from '../reconciler/redisCure.ts';
import {
  decideRestart,
  NO_FAILURES,
  REDIS_RESTART_POLICY,
  type RestartHistory,
} from '../reconciler/restart.ts';
import type { Snapshot } from './door.ts';
import type { Report } from './publisher.ts';

export class RedisWatch {
  readonly #report: Report;
  readonly #dice: () => number;
  #state: Snapshot['redis'];
  #upSince: Moment | null = null;
  #everUp = false;
  #awaySince: Moment | null = null;
  #history: RestartHistory = NO_FAILURES;
  #startAtMs: number | null = null;
  #cure: RedisCure | null = null;
  #cureEnd: { readonly state: 'done' | 'failed'; readonly detail: string } | null = null;
  #cureRecheckAtMs: number | null = null;
  /** The redis-server is one that Garrison runs. */
  readonly isOurs: boolean;

  constructor(startedAt: Moment, tools: { isOurs: boolean; report: Report; dice: () => number }) {
    this.isOurs = tools.isOurs;
    this.#report = tools.report;
    this.#dice = tools.dice;
    this.#state = { up: false, since: startedAt.wall, detail: 'not reached yet' };
  }

  get state(): Snapshot['redis'] {
    return this.#state;
  }

  /** The queue was agreed to be ours at least once: before that, workers must not take from it. */
  get everUp(): boolean {
    return this.#everUp;
  }

  /** Since when it has not answered, once it ever had; null while it does. */
  get awaySince(): Moment | null {
    return this.#everUp ? this.#awaySince : null;
  }

  /** When it came to answer; null while it does not. */
  get backAt(): Moment | null {
    return this.#state.up ? this.#upSince : null;
  }

  get recheckAtMs(): number | null {
    return earliest([this.#startAtMs, this.#cureRecheckAtMs]);
  }

  /** A person wants one that does not answer brought back; false when that is under way. One that has ended starts at once. */
  askCure(at: Moment): boolean {
    if (this.#cure !== null) return false;
    this.#cure = beginRedisCure(at);
    this.#cureEnd = null;
    if (this.#startAtMs !== null) this.#startAtMs = at.monoMs;
    return true;
  }

  /** How the last one ended; null while it goes on. */
  get cureEnd(): { readonly state: 'done' | 'failed'; readonly detail: string } | null {
    return this.#cureEnd;
  }

  note(seen: { up: boolean; detail: string }, at: Moment): void {
    const { up, detail } = seen;
    if (up === this.#state.up && detail === this.#state.detail) return;
    const flipped = up !== this.#state.up;
    if (flipped) this.#upSince = up ? at : this.#upSince;
    this.#everUp ||= up;
    this.#awaySince = up ? null : (this.#awaySince ?? at);
    this.#state = { up, since: flipped ? at.wall : this.#state.since, detail };
    if (flipped)
      this.#report({ level: up ? 'info' : 'error', event: up ? 'redisUp' : 'redisDown', facts: { detail } });
  }

  /** The embedded server ended: it comes back on the same schedule as a worker. */
  noteExit(seen: { exitCode: number | null; signal: string | null }, at: Moment): void {
    const how =
      seen.signal === null ? `exited with code ${String(seen.exitCode)}` : `was ended by ${seen.signal}`;
    this.#planStart(`redis-server ${how} and is being started again`, at);
  }

  noteSpawnFailure(why: string, at: Moment): void {
    this.#planStart(`redis-server could not be started: ${why}; it is tried again`, at);
  }

  #planStart(detail: string, at: Moment): void {
    const readyForMs = this.#upSince === null ? 0 : at.monoMs - this.#upSince.monoMs;
    this.note({ up: false, detail }, at);
    const death = { atMs: at.monoMs, readyForMs, asked: false };
    const decision = decideRestart(this.#history, death, {
      jitter: this.#dice(),
      policy: REDIS_RESTART_POLICY,
    });
    this.#history = decision.history;
    this.#startAtMs = decision.startAtMs;
  }

  decide(nowMs: number): Action[] {
    const signals = this.#decideCure(nowMs);
    if (this.#startAtMs === null || nowMs < this.#startAtMs) return signals;
    this.#startAtMs = null;
    return [...signals, { kind: 'spawnRedis' }];
  }

  #decideCure(nowMs: number): Action[] {
    if (this.#cure === null) return [];
    const upSinceMs = this.backAt?.monoMs ?? null;
    const isRunning = this.#startAtMs === null;
    const question = { cure: this.#cure, upSinceMs, isRunning, nowMs };
    const { cure, signal, recheckAtMs, end } = decideRedisCure(question);
    this.#cure = end === null ? cure : null;
    this.#cureEnd = end;
    this.#cureRecheckAtMs = end === null ? recheckAtMs : null;
    return signal === null ? [] : [{ kind: 'signalRedis', signal }];
  }
}

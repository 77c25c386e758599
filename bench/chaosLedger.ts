/**
 * What people asked for in a run of chaos, what they were told, and what was done to whom: by this, and not by the supervisor's own word, it is judged.
 * It asks for nothing and hurts nothing.
 */
import type { JobState, JobView } from '../src/supervisor/door.ts';
import { isFinal } from '../src/push/job.ts';
import { readFileSync } from 'node:fs';

export interface AcceptedPush {
  readonly id: string;
  readonly kind: 'push' | 'revoke' | 'check';
  readonly account: string | null;
  readonly sudo: boolean;
  readonly jobIds: readonly string[];
  readonly hosts: readonly string[];
}

/** How a job ended, as it was shown. */
export interface ToldEnd {
  readonly state: JobState;
  readonly outcome: string | null;
  readonly reason: string | null;
}

export interface Violation {
  readonly invariant: string;
  readonly what: string;
  readonly afterMs: number;
}

/** One kill of a worker by this run. */
export interface Kill extends Life {
  readonly atTicks: number;
}

export interface Life {
  readonly supervisorPid: number;
  readonly worker: string;
  readonly startTicks: number;
}

const KEPT_WITHIN_MS = 600;

export class ChaosLedger {
  readonly startedMs = performance.now();
  readonly accepted: AcceptedPush[] = [];
  readonly told = new Map<string, ToldEnd>();
  /** Jobs whose end a person has opened again. */
  readonly reopened = new Set<string>();
  /** Jobs of which somebody was told that their cancel is done. */
  readonly promised = new Set<string>();
  /** Results cannot be written: an end that is shown is not kept. */
  resultsHeldUp = false;
  readonly kills: Kill[] = [];
  readonly lives = new Map<string, Life>();
  /** Ticks at which a person ordered something of a worker, by worker. */
  readonly orders = new Map<string, number[]>();
  /** Workers that somebody may have stopped. */
  readonly perhapsStopped = new Set<string>();
  readonly violations: Violation[] = [];
  /** One line for each event: what became of it. */
  readonly lines: string[] = [];
  refused = 0;
  readonly #seen = new Map<string, { readonly end: ToldEnd; readonly firstMs: number }>();

  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  note(line: string): void {
    this.lines.push(`${(this.elapsedMs / 1000).toFixed(2)} s  ${line}`);
  }

  violate(invariant: string, what: string): void {
    const known = this.violations.some((other) => other.invariant === invariant && other.what === what);
    if (!known) this.violations.push({ invariant, what, afterMs: Math.round(this.elapsedMs) });
  }

  /**
   * What is shown of a job now. An end that somebody was shown stays, unless somebody opens it again.
   * It is on disk some milliseconds after it is first shown: it counts once it has been seen for a while.
   */
  see({ id, state, result }: JobView): void {
    const now: ToldEnd = { state, outcome: result?.outcome ?? null, reason: result?.reason ?? null };
    const before = this.told.get(id);
    const isReopened = this.reopened.has(id);
    if (before !== undefined && !isReopened && !sameEnd(before, now))
      this.violate('endStays', `job ${id} was told as ${inWords(before)} and is ${inWords(now)} now`);
    if (this.promised.has(id) && !isReopened && state !== 'cancelled')
      this.violate('cancelStays', `the cancel of job ${id} was done, and it is ${inWords(now)} now`);
    if (isFinal(state)) this.#tell(id, now);
  }

  #tell(id: string, end: ToldEnd): void {
    const nowMs = performance.now();
    const first = this.#seen.get(id);
    if (first === undefined || !sameEnd(first.end, end)) this.#seen.set(id, { end, firstMs: nowMs });
    else if (!this.resultsHeldUp && nowMs - first.firstMs > KEPT_WITHIN_MS) this.told.set(id, end);
  }

  /** The supervisor dies: what was not surely kept may be forgotten. */
  forgetUnsure(): void {
    this.#seen.clear();
  }

  /** One that dies slowly may be killed again meanwhile, which counts for nothing. */
  noteKill(life: Life): void {
    const isSame = (kill: Kill): boolean =>
      kill.worker === life.worker && kill.startTicks === life.startTicks;
    if (!this.kills.some(isSame)) this.kills.push({ ...life, atTicks: ticksNow() });
  }

  seeLife(life: Life): void {
    this.lives.set(`${life.worker} ${String(life.startTicks)}`, life);
  }

  noteOrder(worker: string): void {
    this.orders.set(worker, [...(this.orders.get(worker) ?? []), ticksNow()]);
  }
}

export function inWords({ state, outcome, reason }: ToldEnd): string {
  return [state, outcome, reason].filter((word) => word !== null).join(' ');
}

/** Since the machine started, as start times of processes are told. */
export function ticksNow(): number {
  return Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100);
}

function sameEnd(one: ToldEnd, other: ToldEnd): boolean {
  return one.state === other.state && one.outcome === other.outcome;
}

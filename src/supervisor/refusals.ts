/**
 * Counts the signals that the guard refused, and tells of each once: a rule that holds a loop back would otherwise fill the journal.
 * It refuses nothing itself, and knows no rule that the guard does not have.
 */
import type { Moment } from '../clock.ts';
import { GUARD_RULES, type GuardRule } from '../reconciler/guard.ts';
import type { RefusalCount } from './door.ts';
import type { RefusedObservation } from './observation.ts';
import type { Report } from './publisher.ts';

/** The same refusal is told again after this long. */
const TELL_AGAIN_MS = 60_000;
const MOST_REMEMBERED = 1_000;

export class Refusals {
  readonly #counts = new Map<GuardRule, number>();
  readonly #toldAtMs = new Map<string, number>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  note(refused: RefusedObservation, at: Moment): void {
    const { rule, pid, signal, worker } = refused;
    // A worker's word: what it calls a rule becomes a label only when it is one.
    if (!isRule(rule)) return;
    this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1);
    if (!this.#isNews(`${rule} ${String(pid)} ${signal}`, at.monoMs)) return;
    const sender = worker === null ? 'the supervisor' : worker;
    const detail = `${signal} of ${sender} to pid ${String(pid)} was not sent: ${GUARD_RULES[rule]} (rule ${rule}); the process was left alone`;
    this.#report({ level: 'warn', event: 'signalRefused', facts: { rule, pid, signal, worker, detail } });
  }

  /** Every rule, also those that have refused nothing. */
  counts(): RefusalCount[] {
    return RULE_NAMES.map((rule) => ({ rule, count: this.#counts.get(rule) ?? 0 }));
  }

  #isNews(what: string, nowMs: number): boolean {
    const toldAtMs = this.#toldAtMs.get(what);
    if (toldAtMs !== undefined && nowMs - toldAtMs < TELL_AGAIN_MS) return false;
    // Pids vary without end: what was told longest ago is forgotten first.
    this.#toldAtMs.delete(what);
    this.#toldAtMs.set(what, nowMs);
    const [oldest] = this.#toldAtMs.keys();
    if (this.#toldAtMs.size > MOST_REMEMBERED && oldest !== undefined) this.#toldAtMs.delete(oldest);
    return true;
  }
}

const RULE_NAMES = Object.keys(GUARD_RULES) as GuardRule[];

function isRule(word: string): word is GuardRule {
  return Object.hasOwn(GUARD_RULES, word);
}

/**
 * Tells the signals that our own treatments have Docker send to containers from those of others.
 * It knows of treatments only what it is told, and forgets each soon after its end.
 */
import type { Treatment } from '../reconciler/treatment.ts';
import type { DockerEvent } from './dockerEvent.ts';

interface Expected {
  /** The signal that asks it to end, whichever its image chose, and then KILL: each comes once at most. */
  ask: boolean;
  end: boolean;
  readonly begunMs: number;
  /** By our wall clock; null while it is under way. */
  endedMs: number | null;
}

/** An event comes over another connection than the answer, a little later. */
const FORGET_AFTER_MS = 5_000;
/** Clocks of two machines need not agree better. */
const OTHER_CLOCK_MS = 2_000;
/** Nothing ends by CHLD, CONT, URG or WINCH. */
const HARMLESS = ['17', '18', '23', '28', 'CHLD', 'CONT', 'URG', 'WINCH'];

export class OwnSignals {
  readonly #expected = new Map<string, Expected>();
  readonly #clockErrorMs: number;

  constructor(isOnThisMachine: boolean) {
    this.#clockErrorMs = isOnThisMachine ? 0 : OTHER_CLOCK_MS;
  }

  begin(id: string, how: Treatment, wallMs: number): void {
    const ask = how === 'restart' || how === 'stop';
    this.#expected.set(id, { ask, end: how !== 'start', begunMs: wallMs, endedMs: null });
  }

  end(id: string, wallMs: number): void {
    const expected = this.#expected.get(id);
    if (expected === undefined) return;
    expected.endedMs = wallMs;
    setTimeout(() => {
      if (this.#expected.get(id) === expected) this.#expected.delete(id);
    }, FORGET_AFTER_MS).unref();
  }

  /** Of somebody else, and such that the container may end by it. */
  isForeign({ id, action, signal, atNano }: DockerEvent): boolean {
    const name = (signal ?? '').toUpperCase().replace(/^SIG/, '');
    if (action !== 'kill' || HARMLESS.includes(name)) return false;
    const expected = this.#expected.get(id);
    if (expected === undefined) return true;
    const atMs = atNano / 1e6;
    // Our clock counts whole milliseconds.
    const endMs = (expected.endedMs ?? Infinity) + 1;
    if (atMs < expected.begunMs - this.#clockErrorMs || atMs > endMs + this.#clockErrorMs) return true;
    const which = name === '9' || name === 'KILL' ? 'end' : 'ask';
    const isOurs = expected[which];
    expected[which] = false;
    return !isOurs;
  }
}

/**
 * The rule that this project set out to replace, on a recorded stream: alive is who beat within twice the heartbeat interval.
 * It has no memory of its last answer, no third answer, and no doubt about itself; that is the rule, not an omission.
 */
import { BEAT_INTERVAL_MS } from '../src/heartbeat.ts';
import { readStream, type StreamTurn } from '../src/supervisor/stream.ts';

/** celery/events/state.py: HEARTBEAT_EXPIRE_WINDOW = 200 (per cent) of a worker's `freq`; celery/worker/heartbeat.py: freq is 2 s, ours 1 s. */
const WINDOW_MS = 2 * BEAT_INTERVAL_MS;

/**
 * How a beat reaches the one who judges. `throughBroker`, as in Celery: what was sent while the broker was away comes with its return.
 * `directly`: at the moment at which our supervisor had it, which spares the rule what a broker's outage does to it.
 */
export type BeatsCome = 'throughBroker' | 'directly';

/**
 * How often the rule would have changed its answer, alive to offline or back, summed over all workers.
 * Judged afresh at every observation, before it is taken in, and at every turn (at least one a second), like a page that is reloaded
 * all the time: a reload that waited is answered first, since in Flower each beat comes from a thread through a callback of the loop
 * that answers reloads.
 * Real starts and ends are given to the rule for nothing: a worker is judged from its first beat to its exit, and neither counts.
 */
export function fixedWindowFlips(streamText: string, beatsCome: BeatsCome = 'throughBroker'): number {
  const heard = new Heard();
  let flips = 0;
  for (const turn of readStream(streamText).turns) {
    flips += heard.takeIn(turn, beatsCome === 'throughBroker' && turn.around.brokerAwaySince !== null);
  }
  return flips;
}

/** What the rule knows of each worker that lives and was heard: nothing but its last beat and its own last answer. */
class Heard {
  readonly #workers = new Map<string, { lastBeatMs: number; alive: boolean }>();
  /** Whose beats wait for the broker's return. */
  readonly #held = new Set<string>();

  /** How many answers are other than the last time. */
  judge(nowMs: number): number {
    let flips = 0;
    for (const known of this.#workers.values()) {
      const alive = nowMs - known.lastBeatMs < WINDOW_MS;
      if (alive !== known.alive) flips += 1;
      known.alive = alive;
    }
    return flips;
  }

  /** How many answers changed on the way. */
  takeIn({ at, seen }: StreamTurn, brokerAway: boolean): number {
    let flips = 0;
    for (const { worker, at: seenAt, observation } of seen) {
      flips += this.judge(seenAt.monoMs);
      if (observation.kind === 'spawned' || observation.kind === 'exited') this.#forget(worker);
      else if (observation.kind === 'beat' && brokerAway) this.#held.add(worker);
      else if (observation.kind === 'beat') this.#hear(worker, seenAt.monoMs);
    }
    if (!brokerAway) {
      for (const worker of this.#held) this.#hear(worker, at.monoMs);
      this.#held.clear();
    }
    return flips + this.judge(at.monoMs);
  }

  #hear(worker: string, lastBeatMs: number): void {
    const alive = this.#workers.get(worker)?.alive ?? true;
    this.#workers.set(worker, { lastBeatMs, alive });
  }

  #forget(worker: string): void {
    this.#workers.delete(worker);
    this.#held.delete(worker);
  }
}

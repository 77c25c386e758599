/**
 * Keeps when each worker's beats arrived in the last five minutes, and its starts and ends between them, in a ring of fixed size.
 * It judges nothing: verdicts are made from the detector's own record.
 */
import { momentBefore, type Moment } from '../clock.ts';
import { DEFAULT_LIMITS } from '../detector/verdict.ts';
import { BEAT_INTERVAL_MS } from '../heartbeat.ts';
import type { BeatsView, BeatView } from './historyDoor.ts';
import type { Observation } from './observation.ts';

const WINDOW_MS = 300_000;
/** One a second, and room for those that a busy moment brings together. */
const MOST_MARKS = 400;
const KINDS: readonly BeatView['kind'][] = ['beat', 'started', 'ended'];

/** Numbers only: a thousand workers' beats take four megabytes. */
interface Ring {
  readonly atMs: Float64Array;
  readonly kind: Uint8Array;
  count: number;
}

export class BeatLog {
  readonly #rings = new Map<string, Ring>();
  readonly #startedAt: Moment;

  constructor(startedAt: Moment) {
    this.#startedAt = startedAt;
  }

  hear(observation: Observation, at: Moment): void {
    if (observation.kind !== 'worker') return;
    const kind = kindOf(observation.observation.kind);
    if (kind !== null) this.#note(observation.worker, kind, at.monoMs);
  }

  view(worker: string, at: Moment): BeatsView {
    const startMs = Math.max(at.monoMs - WINDOW_MS, this.#startedAt.monoMs);
    const ring = this.#rings.get(worker);
    const { lateAfterMs, hungAfterMs } = DEFAULT_LIMITS;
    return {
      worker,
      everyMs: BEAT_INTERVAL_MS,
      windowMs: WINDOW_MS,
      lateAfterMs,
      hungAfterMs,
      from: momentBefore(at, at.monoMs - startMs).wall,
      to: at.wall,
      items: ring === undefined ? [] : itemsOf(ring, startMs, at),
    };
  }

  #note(worker: string, kind: BeatView['kind'], atMs: number): void {
    const known = this.#rings.get(worker);
    const ring = known ?? {
      atMs: new Float64Array(MOST_MARKS),
      kind: new Uint8Array(MOST_MARKS),
      count: 0,
    };
    if (known === undefined) this.#rings.set(worker, ring);
    const place = ring.count % MOST_MARKS;
    ring.atMs[place] = atMs;
    ring.kind[place] = KINDS.indexOf(kind);
    ring.count += 1;
  }
}

function kindOf(
  seen: Extract<Observation, { kind: 'worker' }>['observation']['kind'],
): BeatView['kind'] | null {
  if (seen === 'beat') return 'beat';
  if (seen === 'spawned' || seen === 'tookPlace') return 'started';
  return seen === 'exited' ? 'ended' : null;
}

function itemsOf({ atMs, kind, count }: Ring, startMs: number, now: Moment): BeatView[] {
  const items: BeatView[] = [];
  let beforeMs: number | null = null;
  for (let index = Math.max(0, count - MOST_MARKS); index < count; index += 1) {
    const place = index % MOST_MARKS;
    const eachMs = atMs[place] ?? 0;
    const sinceLastMs = beforeMs === null ? null : Math.round(eachMs - beforeMs);
    beforeMs = eachMs;
    if (eachMs < startMs) continue;
    const at = momentBefore(now, now.monoMs - eachMs).wall;
    items.push({ at, kind: KINDS[kind[place] ?? 0] ?? 'beat', sinceLastMs });
  }
  return items;
}

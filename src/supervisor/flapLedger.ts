/**
 * Keeps every change of verdict, and every change that hysteresis held back, with what was seen at that moment; and counts them.
 * It judges nothing; each entry is handed on to be kept on disk, and comes back from there at the next start.
 */
import type { WorkerState, WorkerStatus } from '../detector/verdict.ts';
import type { IncidentView, VerdictCounts } from './door.ts';

const KEPT = 1_000;

type Kept = 'worker' | 'at' | 'shown' | 'detail' | 'autopsyFile' | 'lastLines' | 'life' | 'jobs';

export interface LedgerEntry extends Pick<IncidentView, Kept> {
  readonly from: WorkerStatus | null;
  readonly to: WorkerStatus;
}

interface Counts {
  readonly shown: Partial<Record<WorkerState, number>>;
  heldBack: number;
}

export class FlapLedger {
  readonly #entries: IncidentView[];
  readonly #keep: (incident: IncidentView) => void;
  readonly #counts = new Map<string, Counts>();
  #lastNumber: number;

  /** `earlier`: oldest first, as kept before the supervisor started. */
  constructor(earlier: readonly IncidentView[], keep: (incident: IncidentView) => void) {
    this.#entries = earlier.slice(-KEPT);
    this.#lastNumber = Math.max(0, ...earlier.map(({ id }) => numberOf(id)));
    this.#keep = keep;
  }

  note({ from, to, ...rest }: LedgerEntry): void {
    this.#lastNumber += 1;
    const before = from === null ? null : { state: from.state, reason: from.reason };
    const { state, reason } = to;
    const incident = { id: `i-${String(this.#lastNumber)}`, ...rest, from: before, state, reason };
    this.#entries.push(incident);
    if (this.#entries.length > KEPT) this.#entries.shift();
    this.#count(incident);
    this.#keep(incident);
  }

  /** Newest first. */
  list(): IncidentView[] {
    return [...this.#entries].reverse();
  }

  /** Since the supervisor started. */
  counts(): VerdictCounts[] {
    return [...this.#counts].map(([worker, { shown, heldBack }]) => ({
      worker,
      shown: { ...shown },
      heldBack,
    }));
  }

  #count({ worker, shown, state, from }: IncidentView): void {
    const counts = this.#counts.get(worker) ?? { shown: {}, heldBack: 0 };
    this.#counts.set(worker, counts);
    if (!shown) counts.heldBack += 1;
    else if (from?.state !== state) counts.shown[state] = (counts.shown[state] ?? 0) + 1;
  }
}

function numberOf(id: string): number {
  return Number(/^i-(\d+)$/.exec(id)?.[1] ?? 0);
}

/** Full or not, it works: told of wherever the worker is shown, and no change of verdict worth keeping. */
export function isOnlyBusier(before: WorkerStatus | null, after: WorkerStatus): boolean {
  return isWorking(before) && isWorking(after);
}

export function isWorking(status: WorkerStatus | null): boolean {
  return status?.reason === 'Beating' || status?.reason === 'SlotsFull';
}

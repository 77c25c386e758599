/**
 * Keeps every change of verdict, and every change that hysteresis held back, with what was seen at that moment.
 * It judges nothing; what it holds ends with the supervisor (the journal keeps what went wrong).
 */
import type { WorkerStatus } from '../detector/verdict.ts';
import type { IncidentView } from './door.ts';

const KEPT = 1_000;

export interface LedgerEntry {
  readonly worker: string;
  readonly at: string;
  readonly from: WorkerStatus | null;
  readonly to: WorkerStatus;
  readonly shown: boolean;
  readonly detail: string;
}

export class FlapLedger {
  readonly #entries: IncidentView[] = [];
  #count = 0;

  note({ worker, at, from, to, shown, detail }: LedgerEntry): void {
    this.#count += 1;
    const before = from === null ? null : { state: from.state, reason: from.reason };
    const { state, reason } = to;
    this.#entries.push({
      id: `i-${String(this.#count)}`,
      worker,
      at,
      from: before,
      state,
      reason,
      shown,
      detail,
    });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** Newest first. */
  list(): IncidentView[] {
    return [...this.#entries].reverse();
  }
}

/**
 * The board of workers that also tells, turn by turn, what it was given, so that the very same judging can be done again.
 * It changes no verdict: everything it tells of has gone to the board as it came.
 */
import type { Moment } from '../clock.ts';
import type { WorkerObservation } from '../detector/evidence.ts';
import type { Wish } from '../reconciler/worker.ts';
import type { StreamTurn } from './stream.ts';
import type { Surroundings } from './outlook.ts';
import { WorkerBoard, type WorkerBoardSettings } from './workerBoard.ts';

export class RecordedBoard extends WorkerBoard {
  readonly #record: (turn: StreamTurn) => void;
  #wishes: StreamTurn['wishes'][number][] = [];
  #seen: StreamTurn['seen'][number][] = [];

  constructor(settings: WorkerBoardSettings, startedAt: string, record: (turn: StreamTurn) => void) {
    super(settings, startedAt);
    this.#record = record;
  }

  override observe(worker: string, observation: WorkerObservation, at: Moment): void {
    // Log lines are no part of a recording.
    const seen = observation.kind === 'exited' ? { ...observation, lastLines: [] } : observation;
    this.#seen.push({ worker, at, observation: seen });
    super.observe(worker, observation, at);
  }

  /** Wishes come between turns, before that turn's observations: a turn tells of them in this order. */
  override setWish(worker: string, wish: Wish): void {
    this.#wishes.push({ worker, wish });
    super.setWish(worker, wish);
  }

  override decide(surroundings: Surroundings): ReturnType<WorkerBoard['decide']> {
    const { at, ...around } = surroundings;
    this.#record({ at, wishes: this.#wishes, seen: this.#seen, around });
    this.#wishes = [];
    this.#seen = [];
    return super.decide(surroundings);
  }
}

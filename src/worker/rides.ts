/**
 * The attempts on one host that wait for their turn on the connection that carries the one before them, in their order.
 * It runs nothing, and once nobody will ask for the next any more it takes none in.
 */
import type { HostResult, PushTask } from '../push/job.ts';
import type { TaskEvents } from './runTask.ts';

export interface Ride {
  readonly task: PushTask;
  /** Ends the attempt: ssh is ended, and the result says whether the host may have changed. */
  readonly signal: AbortSignal;
  readonly events: TaskEvents;
  /** Called once, as soon as it is known what became of it. */
  settle(result: HostResult): void;
}

export class Rides {
  #waiting: Ride[];
  #isOver = false;
  #onCalledOff: ((ride: Ride) => void) | null = null;

  constructor(first: Ride) {
    this.#waiting = [first];
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** False when it comes too late: then it must go by itself. */
  add(ride: Ride): boolean {
    if (this.#isOver) return false;
    this.#waiting.push(ride);
    // It must not wait for the one before it, which may hang.
    ride.signal.addEventListener('abort', () => this.#callOff(ride), { once: true });
    return true;
  }

  /** Is given each that is cancelled while it waits, taken out. */
  set onCalledOff(handle: (ride: Ride) => void) {
    this.#onCalledOff = handle;
  }

  #callOff(ride: Ride): void {
    if (this.#onCalledOff === null || this.takeOut((each) => each === ride).length === 0) return;
    this.#onCalledOff(ride);
  }

  /** Taken out; null when there is none. */
  next(): Ride | null {
    return this.#waiting.shift() ?? null;
  }

  /** Null, and nothing can be added any more. */
  nextOrOver(): Ride | null {
    this.#isOver = this.isEmpty;
    return this.next();
  }

  /** It was not its turn after all. */
  putBack(ride: Ride): void {
    this.#waiting.unshift(ride);
  }

  /** Takes out all of these that wait. */
  takeOut(which: (ride: Ride) => boolean): Ride[] {
    const taken = this.#waiting.filter(which);
    this.#waiting = this.#waiting.filter((ride) => !taken.includes(ride));
    return taken;
  }
}

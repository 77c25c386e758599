/**
 * Gathers what comes in while earlier work is under way, and does it together: one write for many.
 * It never has two works under way, leaves nothing out and keeps the order.
 */
export interface Gathered<T> {
  /** An item counts for so many. */
  readonly sizeOf: (item: T) => number;
  /** So many go together; one that is larger goes alone. */
  readonly most: number;
  /** Never rejects. */
  readonly work: (items: readonly T[]) => Promise<void>;
}

export class Gathering<T> {
  readonly #gathered: Gathered<T>;
  #waiting: T[] = [];
  #working: Promise<void> | null = null;

  constructor(gathered: Gathered<T>) {
    this.#gathered = gathered;
  }

  add(item: T): void {
    this.#waiting.push(item);
    this.#working ??= this.#workOff();
  }

  /** Resolves when all that was added has been worked off. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  async #workOff(): Promise<void> {
    // What is added in the same turn goes together from the first.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#gathered.work(this.#take());
    this.#working = null;
  }

  #take(): readonly T[] {
    const { sizeOf, most } = this.#gathered;
    let size = 0;
    const tooMany = this.#waiting.findIndex((item, index) => {
      size += sizeOf(item);
      return index > 0 && size > most;
    });
    const taken = tooMany < 0 ? this.#waiting : this.#waiting.slice(0, tooMany);
    this.#waiting = tooMany < 0 ? [] : this.#waiting.slice(tooMany);
    return taken;
  }
}

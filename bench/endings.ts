/**
 * Ends what one turn of a benchmark started, last first, so that the next turn begins without it.
 * It starts nothing itself.
 */
export class Endings {
  readonly #endings: (() => Promise<void> | void)[] = [];

  after(end: () => Promise<void> | void): void {
    this.#endings.push(end);
  }

  async end(): Promise<void> {
    for (let end = this.#endings.pop(); end !== undefined; end = this.#endings.pop()) await end();
  }
}

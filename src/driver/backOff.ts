/**
 * Says how long to wait before the next try: a quarter of a second at first, twice as long each time, ten seconds at most.
 * It waits for nothing itself.
 */

const FIRST_MS = 250;
const LONGEST_MS = 10_000;

export class BackOff {
  readonly #dice: () => number;
  #tries = 0;

  constructor(dice: () => number) {
    this.#dice = dice;
  }

  /** Between half and all of it, so that many who wait for the same thing don't come at once. */
  nextMs(): number {
    const fullMs = Math.min(FIRST_MS * 2 ** this.#tries, LONGEST_MS);
    this.#tries = Math.min(this.#tries + 1, 20);
    return fullMs * (0.5 + this.#dice() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}

/**
 * Dice from a seed, so that the same seed throws the same numbers: mulberry32 by Tommy Ettinger, which is in the public domain.
 * It never looks at the clock and never throws dice that nobody can throw again.
 */

export class Dice {
  #state: number;

  /** Two tracks of one seed throw independently of each other. */
  constructor(seed: number, track: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(track + 1, 0x85ebca6b)) >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** Some of `0 … count-1`, at least one, in their order. */
  some(count: number, share: number): readonly number[] {
    const sure = this.between(0, count - 1);
    return Array.from({ length: count }, (_, index) => index).filter(
      (index) => this.chance(share) || index === sure,
    );
  }

  /** One of the entries, each as likely as its weight. */
  pick<T>(entries: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.next() * entries.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of entries) {
      left -= weight;
      if (left < 0) return value;
    }
    const last = entries.at(-1);
    if (last === undefined) throw new Error('nothing to pick from');
    return last[1];
  }
}

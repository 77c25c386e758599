/**
 * Counts what happens, by labels of closed sets: every combination is there from the start, at 0.
 * It takes no combination that it was not made with, so that nothing from outside can make a series.
 */
import type { Series } from './seriesFamily.ts';

interface Count {
  readonly labels: readonly string[];
  count: number;
}

export class Tally {
  /** Rises with every count. */
  version = 0;
  readonly #counts = new Map<string, Count>();

  /** Words of each label, in the order of their names. */
  constructor(words: readonly (readonly string[])[]) {
    const combinations = words.reduce<readonly (readonly string[])[]>(
      (before, each) => before.flatMap((some) => each.map((word) => [...some, word])),
      [[]],
    );
    for (const labels of combinations) this.#counts.set(keyOf(labels), { labels, count: 0 });
  }

  add(...labels: readonly string[]): void {
    const known = this.#counts.get(keyOf(labels));
    if (known === undefined) return;
    known.count += 1;
    this.version += 1;
  }

  series(): readonly Series[] {
    return [...this.#counts.values()].map(({ labels, count }): Series => [labels, count]);
  }
}

function keyOf(labels: readonly string[]): string {
  return labels.join('\n');
}

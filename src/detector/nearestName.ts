/**
 * Finds the name that somebody most likely meant: one that a slip or two of the hand away turns into what was typed.
 * It never says that a name is right, and looks no further than two slips.
 */

const MOST_SLIPS = 2;
/** What nobody types as a name is not compared with all of them. */
const LONGEST_TYPED = 64;

/** The nearest of the names, the first of equals; null when none is near. */
export function nearestName(typed: string, names: Iterable<string>): string | null {
  if (typed.length > LONGEST_TYPED) return null;
  let nearest: string | null = null;
  // A short name is near to everything: of three letters, two wrong ones are another name.
  let fewest = Math.min(MOST_SLIPS, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    const slips = slipsBetween(typed.toLowerCase(), name.toLowerCase(), fewest);
    if (slips >= fewest) continue;
    nearest = name;
    fewest = slips;
  }
  return nearest;
}

/** Letters missing, too many, wrong, or two in the wrong order; `limit` when it is that many or more. */
export function slipsBetween(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next.push(
        Math.min(
          (last[column] ?? limit) + 1,
          (next[column - 1] ?? limit) + 1,
          (last[column - 1] ?? limit) + (isSame ? 0 : 1),
          isSwapped ? (beforeLast[column - 2] ?? limit) + 1 : limit,
        ),
      );
    }
    if (Math.min(...next) >= limit) return limit;
    beforeLast = last;
    last = next;
  }
  return Math.min(last[b.length] ?? limit, limit);
}

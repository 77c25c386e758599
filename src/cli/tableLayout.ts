/**
 * Decides how wide each column of a table is, so that its lines fit where they are shown.
 * It cuts no name that the next command needs as long as that name fits on a line of its own.
 */

/** Of one column: what it would take, and what may be done about it. */
export interface ColumnNeed {
  readonly natural: number;
  readonly title: number;
  /** Never cut. */
  readonly isWhole: boolean;
  /** Left out where not all fit. */
  readonly isSpare: boolean;
}

export interface Layout {
  /** By column; null: left out. */
  readonly widths: readonly (number | null)[];
  /** The first column stands on a line of its own, the others below it. */
  readonly isStacked: boolean;
}

export const GAP = 2;
export const INDENT = 2;
/** A column that may be cut keeps at least so much. */
const LEAST = 10;

/** `most` null: nothing is cut. */
export function layoutOf(needs: readonly ColumnNeed[], most: number | null): Layout {
  if (most === null) return { widths: needs.map(({ natural }) => natural), isStacked: false };
  const kept = withoutSpares(needs, most);
  const beside = shrink(needs, { kept, most });
  if (beside !== null) return { widths: beside, isStacked: false };
  const below = needs.map((need, index) => (index === 0 ? { ...need, natural: 0 } : need));
  const others = kept.filter((index) => index > 0);
  const rest = shrink(below, { kept: others, most: most - INDENT }) ?? squeezed(below, others, most - INDENT);
  return { widths: [Math.min(needs[0]?.natural ?? 0, most), ...rest.slice(1)], isStacked: true };
}

function leastOf({ natural, title, isWhole }: ColumnNeed): number {
  return isWhole ? natural : Math.min(natural, Math.max(title, LEAST));
}

/** The last spare one goes first, until the rest can be made to fit. */
function withoutSpares(needs: readonly ColumnNeed[], most: number): readonly number[] {
  let kept = needs.map((_, index) => index);
  const fits = (): boolean => sumOf(kept.map((index) => leastOf(needs[index] ?? NONE))) <= most;
  for (let index = needs.length - 1; index > 0 && !fits(); index -= 1)
    if (needs[index]?.isSpare === true) kept = kept.filter((each) => each !== index);
  return kept;
}

const NONE: ColumnNeed = { natural: 0, title: 0, isWhole: false, isSpare: false };

/** The widest that may be cut gives first; null when they do not fit. */
function shrink(
  needs: readonly ColumnNeed[],
  { kept, most }: { readonly kept: readonly number[]; readonly most: number },
): (number | null)[] | null {
  const widths = needs.map(({ natural }, index) => (kept.includes(index) ? natural : null));
  for (;;) {
    const over = sumOf(widths.filter((width) => width !== null)) - most;
    if (over <= 0) return widths;
    const widest = kept
      .filter((index) => (widths[index] ?? 0) > leastOf(needs[index] ?? NONE))
      .sort((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0));
    const [first, second] = widest;
    if (first === undefined) return null;
    const width = widths[first] ?? 0;
    const floor = Math.max(leastOf(needs[first] ?? NONE), Math.min(width - 1, widths[second ?? -1] ?? 0));
    widths[first] = Math.max(floor, width - over);
  }
}

/** Where even the least is too much, all get less. */
function squeezed(needs: readonly ColumnNeed[], kept: readonly number[], most: number): (number | null)[] {
  const each = Math.max(1, Math.floor((most + GAP) / Math.max(1, kept.length)) - GAP);
  return needs.map(({ natural }, index) => (kept.includes(index) ? Math.min(natural, each) : null));
}

function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

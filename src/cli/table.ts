/**
 * Lays things out in columns that line up and fit where they are shown; what is cut ends with `…`.
 * It never cuts where the width is not known, as in a file.
 */
import { visible, type Output, type Tone } from './output.ts';
import { GAP, INDENT, layoutOf, type Layout } from './tableLayout.ts';
import { cutToWidth, textWidth, wrapToWidth } from './textWidth.ts';

export interface Column<T> {
  readonly title: string;
  readonly of: (item: T) => string;
  readonly tone?: (item: T) => Tone;
  /** Only with `-o wide`. */
  readonly wide?: true;
  /** For rows that are printed before all are known. */
  readonly minWidth?: number;
  /** Never cut; the first column is whole without saying so. */
  readonly whole?: true;
  /** Left out where not all columns fit. */
  readonly spare?: true;
  /** Goes on below itself instead of being cut; for the last column. */
  readonly wraps?: true;
}

export type Look = Pick<Output, 'paint' | 'columns'>;

/** What rows are laid out with; the same for the heading and every row. */
export interface Table<T> {
  readonly columns: readonly Column<T>[];
  readonly layout: Layout;
  readonly paint: Output['paint'];
  /** Null where nothing is cut. */
  readonly most: number | null;
}

/** The lines of the table: the heading, then those of each item. */
export function tableLines<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  look: Look,
): readonly string[] {
  const table = tableOf(items, columns, look);
  return [...headingLines(table), ...items.flatMap((item) => rowLines(item, table))];
}

export function tableOf<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  { paint, columns: most }: Look,
): Table<T> {
  const needs = columns.map((column, index) => ({
    natural: Math.max(
      textWidth(column.title),
      column.minWidth ?? 0,
      ...items.map((item) => textWidth(cellOf(column, item))),
    ),
    title: textWidth(column.title),
    isWhole: index === 0 || column.whole === true,
    isSpare: column.spare === true,
  }));
  return { columns, layout: layoutOf(needs, most), paint, most };
}

export function headingLines<T>(table: Table<T>): readonly string[] {
  return linesOf(table, (column) => ({ text: column.title, tone: 'plain' }));
}

export function rowLines<T>(item: T, table: Table<T>): readonly string[] {
  return linesOf(table, (column) => ({
    text: cellOf(column, item),
    tone: column.tone?.(item) ?? 'plain',
    wraps: column.wraps === true && table.most !== null,
  }));
}

interface Cell {
  readonly text: string;
  readonly tone: Tone;
  readonly wraps?: boolean;
}

interface Placed extends Cell {
  readonly width: number;
  readonly isCut: boolean;
}

/** Is a name longer than a whole line, and therefore cut? */
export function cutsNames<T>(items: readonly T[], { columns, most }: Table<T>): boolean {
  const [first] = columns;
  return first !== undefined && most !== null && items.some((item) => textWidth(cellOf(first, item)) > most);
}

function linesOf<T>(
  { columns, layout, paint, most }: Table<T>,
  cell: (column: Column<T>) => Cell,
): readonly string[] {
  const placed = columns.flatMap((column, index): Placed[] => {
    const width = layout.widths[index] ?? null;
    // A row that comes after its heading may need more than was set aside for it.
    const isCut = most !== null;
    return width === null ? [] : [{ ...cell(column), width, isCut }];
  });
  if (!layout.isStacked) return rowOf(placed, paint);
  const below = rowOf(placed.slice(1), paint).map((line) => ' '.repeat(INDENT) + line);
  return [...rowOf(placed.slice(0, 1), paint), ...below];
}

/** More than one line only where the last cell goes on below itself. */
function rowOf(cells: readonly Placed[], paint: Output['paint']): readonly string[] {
  const last = cells.at(-1);
  const pieces = last?.wraps === true ? wrapToWidth(last.text, Math.max(1, last.width)) : [];
  const [first = '', ...others] = pieces;
  const line = cells.map((cell, index) => {
    const isLast = index === cells.length - 1;
    const text =
      isLast && cell.wraps === true ? first : cell.isCut ? cutToWidth(cell.text, cell.width) : cell.text;
    const gap = isLast ? 0 : cell.width - textWidth(text);
    return paint(text, cell.tone) + ' '.repeat(Math.max(0, gap));
  });
  const indent = cells.slice(0, -1).reduce((sum, { width }) => sum + width + GAP, 0);
  const below = others.map((text) => ' '.repeat(indent) + paint(text, last?.tone ?? 'plain'));
  return [line.join(' '.repeat(GAP)).trimEnd(), ...below];
}

function cellOf<T>(column: Column<T>, item: T): string {
  const text = visible(column.of(item));
  return text === '' ? '-' : text;
}

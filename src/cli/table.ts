/**
 * Lays things out in columns that line up.
 * It never cuts a value off: the last column is as long as it must be.
 */
import { visible, type Output, type Tone } from './output.ts';

export interface Column<T> {
  readonly title: string;
  readonly of: (item: T) => string;
  readonly tone?: (item: T) => Tone;
  /** Only with `-o wide`. */
  readonly wide?: true;
  /** For rows that are printed before all are known. */
  readonly minWidth?: number;
}

/** The lines of the table: the heading, then one for each item. */
export function tableLines<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  paint: Output['paint'],
): readonly string[] {
  const widths = columnWidths(items, columns);
  return [headingLine(columns, widths), ...items.map((item) => rowLine(item, { columns, widths, paint }))];
}

export function columnWidths<T>(items: readonly T[], columns: readonly Column<T>[]): readonly number[] {
  return columns.map((column) =>
    Math.max(
      column.title.length,
      column.minWidth ?? 0,
      ...items.map((item) => lengthOf(visible(column.of(item)))),
    ),
  );
}

export function headingLine<T>(columns: readonly Column<T>[], widths: readonly number[]): string {
  return columns
    .map((column, index) => column.title.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
}

export function rowLine<T>(
  item: T,
  {
    columns,
    widths,
    paint,
  }: { columns: readonly Column<T>[]; widths: readonly number[]; paint: Output['paint'] },
): string {
  const cells = columns.map((column, index) => {
    const text = visible(column.of(item));
    const gap = index === columns.length - 1 ? 0 : Math.max(0, (widths[index] ?? 0) - lengthOf(text));
    return (
      paint(text === '' ? '-' : text, column.tone?.(item) ?? 'plain') +
      ' '.repeat(text === '' ? Math.max(0, gap - 1) : gap)
    );
  });
  return cells.join('  ').trimEnd();
}

function lengthOf(text: string): number {
  // Code points are near enough to columns for names and sentences.
  return Array.from(text).length;
}

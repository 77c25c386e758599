/**
 * Prints a list in the format asked for.
 * It never changes what is in the list: table and JSON show the same things.
 */
import type { Context } from './context.ts';
import { visible, visibleJson, type Output } from './output.ts';
import { cutsNames, tableLines, tableOf, type Column } from './table.ts';

export interface ListDocument<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly observedAt: string;
  readonly items: readonly T[];
}

export interface Printable<T> {
  readonly document: ListDocument<T>;
  readonly columns: readonly Column<T>[];
  readonly nameOf: (item: T) => string;
  /** Said on stderr when the list is empty. */
  readonly whenEmpty: string;
}

export function printList<T>(
  { output, format }: Context,
  { document, columns, nameOf, whenEmpty }: Printable<T>,
): void {
  const { items } = document;
  switch (format) {
    case 'json':
      output.data(visibleJson(document));
      return;
    case 'jsonl':
      for (const item of items) output.data(visibleJson(item, 0));
      return;
    case 'name':
      for (const item of items) output.data(visible(nameOf(item)));
      return;
    case 'table':
    case 'wide':
      if (items.length === 0) output.note(whenEmpty);
      else printTable(output, items, columnsFor(columns, format));
  }
}

function printTable<T>(output: Output, items: readonly T[], columns: readonly Column<T>[]): void {
  const table = tableOf(items, columns, output);
  output.data(tableLines(items, columns, output).join('\n'));
  if (cutsNames(items, table))
    output.note('names that end with … are longer than a line: -o name prints them whole');
}

export function columnsFor<T>(
  columns: readonly Column<T>[],
  format: Context['format'],
): readonly Column<T>[] {
  return columns.filter((column) => column.wide === undefined || format === 'wide');
}

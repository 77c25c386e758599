/**
 * The head of a table: its columns by name, in the reader's language.
 * It never sorts or hides a column.
 */
import type { WordKey } from '../words/en.ts';
import { t } from '../words/language.ts';

export type Column = WordKey extends infer Key ? (Key extends `column.${infer Name}` ? Name : never) : never;

export function ColumnHeads({ columns }: { columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col">
            {t(`column.${column}`)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

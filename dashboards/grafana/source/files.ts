/**
 * The dashboards as the texts of their files, the same to the letter each time.
 * It writes nothing.
 */
import { built, type Board } from './board.ts';
import { CONTAINERS } from './containers.ts';
import { OVERVIEW } from './overview.ts';
import { PUSHES } from './pushes.ts';
import { WORKERS } from './workers.ts';

/** Text by the name of its file. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    [OVERVIEW, WORKERS, PUSHES, CONTAINERS].map((board) => [`${board.name}.json`, textOf(board)]),
  );
}

function textOf(board: Board): string {
  return `${JSON.stringify(built(board), null, 2)}\n`;
}

/**
 * The dashboards as the texts of their files, the same to the letter each time.
 * It writes nothing.
 */
import { AnnotationQueryPlacement } from '@grafana/grafana-foundation-sdk/dashboard';
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
  return `${JSON.stringify(built(board), inSight, 2)}\n`;
}

/** By default the SDK puts links and incidents into a menu, where nobody looks for them. */
function inSight(key: string, value: unknown): unknown {
  return key === 'placement' && value === AnnotationQueryPlacement.InControlsMenu ? undefined : value;
}

/**
 * Says from the journal which pushes were accepted and have not ended, for when their own records are lost.
 * It knows no more than the lines that it is given.
 */

export interface PushLine {
  readonly event: string;
  readonly id?: unknown;
}

const MOST_NAMED = 10;

/** A sentence, empty when there are none. `lines`: accepted and ended ones, in any order. */
export function unendedPushes(lines: readonly PushLine[]): string {
  const ended = new Set(lines.filter(({ event }) => event !== 'push').map(({ id }) => id));
  const open = lines.flatMap(({ event, id }) =>
    event === 'push' && typeof id === 'string' && !ended.has(id) ? [id] : [],
  );
  if (open.length === 0) return '';
  const more = open.length - MOST_NAMED;
  const names = open.slice(-MOST_NAMED).join(', ');
  return `By the journal had not ended: ${names}${more > 0 ? ` and ${String(more)} before them` : ''}.`;
}

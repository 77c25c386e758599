/**
 * Says what has come since the timeline was last shown, or lies further back, and how it looks with that.
 * It shows nothing by itself.
 */

/** A part of the timeline, newest first. */
export interface Seen<Item extends { readonly id: string }> {
  readonly items: readonly Item[];
  /** Not there at the journal's beginning. */
  readonly nextCursor?: string;
  readonly searchedBackTo: string | null;
  readonly damaged: number;
}

export interface Fresh<Item extends { readonly id: string }> {
  readonly count: number;
  /** So much has come that the newest page, which is full, does not reach back to what is shown. */
  readonly areMore: boolean;
  /** To be shown when somebody wants it. */
  readonly seen: Seen<Item>;
}

export function newOnes<Item extends { readonly id: string }>(
  seen: Seen<Item>,
  newest: Seen<Item>,
  pageSize: number,
): Fresh<Item> {
  const first = seen.items[0]?.id;
  const place = newest.items.findIndex(({ id }) => id === first);
  const count = newest.items.length;
  if (place < 0)
    return { count, areMore: newest.nextCursor !== undefined && count >= pageSize, seen: newest };
  const items = [...newest.items.slice(0, place), ...seen.items];
  return { count: place, areMore: false, seen: { ...seen, items } };
}

/** With what lies further back. */
export function withOlder<Item extends { readonly id: string }>(
  seen: Seen<Item>,
  older: Seen<Item>,
): Seen<Item> {
  return { ...older, items: [...seen.items, ...older.items], damaged: seen.damaged + older.damaged };
}

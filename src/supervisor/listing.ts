/**
 * Fills one page of a list from as many stored pages as its filter needs.
 * It reads through the function it is given and remembers nothing.
 */
import { GarrisonError } from '../errors.ts';
import type { Listing, ListQuery } from './door.ts';

export const STORED_PAGE = 100;
const LARGEST_LIMIT = 1_000;

interface Listed {
  readonly id: string;
  readonly state: string;
}

/** Fills one answer from as many stored pages as the filter needs; the cursor is the offset of the next item. */
export async function collect<T extends Listed>(
  query: ListQuery,
  read: (offset: number) => Promise<{ items: readonly T[]; nextOffset: number | null }>,
): Promise<Listing<T>> {
  const limit = Math.min(query.limit ?? STORED_PAGE, LARGEST_LIMIT);
  const items: T[] = [];
  let offset = offsetOf(query.cursor);
  for (;;) {
    const page = await read(offset);
    for (const [index, item] of page.items.entries()) {
      if (!matches(item, query)) continue;
      items.push(item);
      const isLast = index === page.items.length - 1;
      if (items.length === limit)
        return { items, nextCursor: isLast && page.nextOffset === null ? null : String(offset + index + 1) };
    }
    if (page.nextOffset === null) return { items, nextCursor: null };
    offset = page.nextOffset;
  }
}

function matches(item: Listed, query: ListQuery): boolean {
  if (query.state !== undefined && item.state !== query.state) return false;
  return query.q === undefined || query.q === '' || JSON.stringify(item).includes(query.q);
}

function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw new GarrisonError('USAGE', 'cursor is not one that a list gave as nextCursor', {
    cure: 'Leave it out to start at the newest.',
  });
}

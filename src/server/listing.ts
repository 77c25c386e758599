/**
 * Reads the query of a list and cuts a list in memory by it.
 * It never ignores a word it does not know: that would be an answer to another question.
 */
import { z } from 'zod';
import { GarrisonError } from '../errors.ts';
import type { Listing, ListQuery } from '../supervisor/door.ts';

const MOST_ITEMS = 1000;
const USUAL_ITEMS = 500;

const Query = z.strictObject({
  state: z.string().min(1).max(40).optional(),
  q: z.string().max(200).optional(),
  cursor: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(USUAL_ITEMS),
});

/** `?state=&q=&cursor=&limit=`; throws USAGE for anything else and for a state that there is not. */
export function listQueryOf(
  query: unknown,
  states: readonly string[],
): ListQuery & { readonly limit: number } {
  const parsed = Query.safeParse(query);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : (issue?.path.join('.') ?? '');
    throw new GarrisonError('USAGE', `the query is not understood: ${name}: ${issue?.message ?? ''}`, {
      cure: `a list takes state, q, cursor and limit (1 to ${String(MOST_ITEMS)})`,
    });
  }
  const { state, q, cursor, limit } = parsed.data;
  if (state !== undefined && !states.includes(state)) {
    throw new GarrisonError('USAGE', `there is no state ${state}`, { cure: `one of: ${states.join(', ')}` });
  }
  return {
    limit,
    ...(state === undefined ? {} : { state }),
    ...(q === undefined ? {} : { q }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** One page of `items`; the cursor is the key of the last item shown. */
export function pageOf<T extends { readonly state: string }>(
  items: readonly T[],
  query: ListQuery & { readonly limit: number },
  keyOf: (item: T) => string,
): Listing<T> {
  const wanted = items.filter((item) => matches(item, query, keyOf(item)));
  const from = query.cursor === undefined ? 0 : wanted.findIndex((item) => keyOf(item) === query.cursor) + 1;
  if (query.cursor !== undefined && from === 0) {
    throw new GarrisonError('USAGE', 'the cursor is no longer good', {
      cure: 'read the list from its beginning',
    });
  }
  const page = wanted.slice(from, from + query.limit);
  const last = page.at(-1);
  const more = from + page.length < wanted.length;
  return { items: page, nextCursor: more && last !== undefined ? keyOf(last) : null };
}

function matches(
  item: { readonly state: string; readonly detail?: unknown },
  query: ListQuery,
  key: string,
): boolean {
  if (query.state !== undefined && item.state !== query.state) return false;
  if (query.q === undefined) return true;
  const text = `${key} ${typeof item.detail === 'string' ? item.detail : ''}`.toLowerCase();
  return text.includes(query.q.toLowerCase());
}

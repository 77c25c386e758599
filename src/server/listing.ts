/**
 * Reads the query of a list and cuts a list in memory by it.
 * It never ignores a word it does not know: that would be an answer to another question.
 */
import { z } from 'zod';
import { GarrisonError } from '../errors.ts';
import type { Listing, ListQuery, StoredListQuery } from '../supervisor/door.ts';

const MOST_ITEMS = 1000;
const USUAL_ITEMS = 500;
/** Of jobs and pushes, each of which is read from Redis: so many are answered well within 50 ms. */
const USUAL_STORED_ITEMS = 100;

const Limit = z.coerce.number().int().min(1).max(MOST_ITEMS);

const Query = z.strictObject({
  state: z.string().min(1).max(40).optional(),
  q: z.string().max(200).optional(),
  cursor: z.string().min(1).max(200).optional(),
  limit: Limit.default(USUAL_ITEMS),
});

const StoredQuery = Query.extend({
  host: z.string().min(1).max(255).optional(),
  account: z.string().min(1).max(64).optional(),
  push: z.string().min(1).max(64).optional(),
  sort: z.enum(['newest', 'oldest', 'changed']).optional(),
  limit: Limit.default(USUAL_STORED_ITEMS),
});

/** Pushes have no host of their own, and what they are sorted by never changes. */
const PushQuery = StoredQuery.omit({ host: true, push: true }).extend({
  sort: z.enum(['newest', 'oldest']).optional(),
});

/** Of one worker, by its whole name. */
const IncidentQuery = Query.extend({ worker: z.string().min(1).max(255).optional() });

export interface IncidentListQuery extends ListQuery {
  readonly worker?: string;
}

type Bounded<T> = T & { readonly limit: number };

/** `?state=&q=&cursor=&limit=`; throws USAGE for anything else and for a state that there is not. */
export function listQueryOf(query: unknown, states: readonly string[]): Bounded<ListQuery> {
  return read(Query, query, states);
}

/** The same with `worker`. */
export function incidentQueryOf(query: unknown, states: readonly string[]): Bounded<IncidentListQuery> {
  return read(IncidentQuery, query, states);
}

/** The same with `host`, `account`, `push` and `sort`. */
export function jobQueryOf(query: unknown, states: readonly string[]): Bounded<StoredListQuery> {
  return read(StoredQuery, query, states);
}

/** The same with `account` and `sort`. */
export function pushQueryOf(query: unknown, states: readonly string[]): Bounded<StoredListQuery> {
  return read(PushQuery, query, states);
}

function read<S extends typeof Query | typeof IncidentQuery | typeof StoredQuery | typeof PushQuery>(
  schema: S,
  query: unknown,
  states: readonly string[],
): Bounded<Present<z.output<S>>> {
  const parsed = schema.safeParse(query);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : (issue?.path.join('.') ?? '');
    const words = Object.keys(schema.shape).filter((each) => each !== 'limit');
    throw new GarrisonError('USAGE', `the query is not understood: ${name}: ${issue?.message ?? ''}`, {
      cure: `this list takes ${words.join(', ')} and limit (1 to ${String(MOST_ITEMS)})`,
    });
  }
  const { state } = parsed.data;
  if (state !== undefined && !states.includes(state)) {
    throw new GarrisonError('USAGE', `there is no state ${state}`, { cure: `one of: ${states.join(', ')}` });
  }
  const present = Object.entries(parsed.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Bounded<Present<z.output<S>>>;
}

/** Without the keys that are not there, as the types of a query want it. */
type Present<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

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

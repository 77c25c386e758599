/**
 * How the API shows a list and one of it: the same documents, the same query, the same refusal for every kind of thing.
 * It never looks at what is in them.
 */
import type { FastifyInstance } from 'fastify';
import { wallTime } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { Listing, ListQuery } from '../supervisor/door.ts';
import { listQueryOf } from './listing.ts';

export const API_VERSION = 'garrison/v1';

type Bounded<Query> = Query & { readonly limit: number };

export interface Collection<T, Query extends ListQuery = ListQuery> {
  readonly plural: string;
  readonly kind: string;
  readonly states: readonly string[];
  /** Of a list that takes other words than the usual ones. */
  readonly read?: (query: unknown, states: readonly string[]) => Bounded<Query>;
  readonly list: (query: Bounded<Query>) => Listing<T> | Promise<Listing<T>>;
  readonly one: (name: string) => T | Promise<T>;
}

/** The document for one thing; `item` because a job has a `kind` of its own. */
export function itemDocument(kind: string, item: unknown): object {
  return { apiVersion: API_VERSION, kind, observedAt: wallTime(), item };
}

export function listDocument(kind: string, { nextCursor, ...rest }: Listing<unknown>): object {
  const document = { apiVersion: API_VERSION, kind: `${kind}List`, observedAt: wallTime(), ...rest };
  return nextCursor === null ? document : { ...document, nextCursor };
}

export function addCollection<T, Query extends ListQuery = ListQuery>(
  app: FastifyInstance,
  collection: Collection<T, Query>,
): void {
  const { plural, kind, states, list, one } = collection;
  const read = collection.read ?? (listQueryOf as NonNullable<typeof collection.read>);
  app.get(`/api/v1/${plural}`, async (request) => {
    return listDocument(kind, await list(read(request.query, states)));
  });
  app.get<{ Params: { '*': string } }>(`/api/v1/${plural}/*`, async (request) =>
    itemDocument(kind, await one(request.params['*'])),
  );
}

export function named<T extends { readonly name: string }>(
  items: readonly T[],
  { name, kind }: { name: string; kind: string },
): T {
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  throw new GarrisonError('NOT_FOUND', `there is no ${kind} named ${name}`, {
    cure: `garrison get ${kind}s`,
  });
}

/**
 * The looking half of the API: lists and single things, as the supervisor's store has them.
 * It never computes a state and never changes anything.
 */
import type { FastifyInstance } from 'fastify';
import { wallTime } from '../clock.ts';
import { CONTAINER_STATES } from '../detector/container.ts';
import { ZOMBIE_OWNERS } from '../detector/zombie.ts';
import { GarrisonError } from '../errors.ts';
import type { ContainerView, Door, Listing, ListQuery, ZombieView } from '../supervisor/door.ts';
import { listQueryOf, pageOf } from './listing.ts';
import { HOST_STATES, JOB_STATES, OPERATION_STATES, PUSH_STATES, WORKER_STATES } from './words.ts';

export const API_VERSION = 'garrison/v1';

type BoundedQuery = ListQuery & { readonly limit: number };

interface Collection<T> {
  readonly plural: string;
  readonly kind: string;
  readonly states: readonly string[];
  readonly list: (query: BoundedQuery) => Listing<T> | Promise<Listing<T>>;
  readonly one: (name: string) => T | Promise<T>;
}

export function addReadRoutes(app: FastifyInstance, door: Door): void {
  app.get('/api/v1/status', () => ({ apiVersion: API_VERSION, kind: 'Status', ...door.snapshot() }));
  addCollection(app, {
    plural: 'workers',
    kind: 'Worker',
    states: WORKER_STATES,
    list: (query) => pageOf(door.snapshot().workers, query, (worker) => worker.name),
    one: (name) => named(door.snapshot().workers, { name: name.replace(/^worker\//, ''), kind: 'worker' }),
  });
  addCollection(app, {
    plural: 'hosts',
    kind: 'Host',
    states: HOST_STATES,
    list: (query) => pageOf(door.snapshot().hosts, query, (host) => host.name),
    one: (name) => named(door.snapshot().hosts, { name, kind: 'host' }),
  });
  addCollection(app, {
    plural: 'operations',
    kind: 'Operation',
    states: OPERATION_STATES,
    list: (query) => pageOf(door.listOperations(), query, (operation) => operation.id),
    one: (id) => door.operation(id),
  });
  addCollection(app, {
    plural: 'incidents',
    kind: 'Incident',
    states: WORKER_STATES,
    list: (query) => pageOf(door.listIncidents(), query, (incident) => incident.worker),
    one: (id) => door.incident(id),
  });
  addContainerCollection(app, door);
  addZombieCollection(app, door);
  addStoredCollections(app, door);
}

function addContainerCollection(app: FastifyInstance, door: Door): void {
  addCollection(app, {
    plural: 'containers',
    kind: 'Container',
    states: CONTAINER_STATES,
    list: (query) => pageOf(door.listContainers(), query, ({ id }) => id),
    one: (name) => containerNamed(door, name.replace(/^container\//, '')),
  });
}

/** By name, or by id as `docker ps` shows it. */
function containerNamed(door: Door, name: string): ContainerView {
  const items = door.listContainers();
  return items.find(({ id }) => id === name) ?? named(items, { name, kind: 'container' });
}

/** A zombie is always in the same state; what it is filtered by is its owner. */
function addZombieCollection(app: FastifyInstance, door: Door): void {
  addCollection<ZombieView>(app, {
    plural: 'zombies',
    kind: 'Zombie',
    states: ZOMBIE_OWNERS,
    list: (query) => {
      const entries = door.listZombies().map((zombie) => ({
        zombie,
        state: zombie.owner,
        detail: `${zombie.name} ${zombie.parent.name} ${zombie.advice}`,
      }));
      const { items, nextCursor } = pageOf(entries, query, ({ zombie }) => String(zombie.pid));
      return { items: items.map(({ zombie }) => zombie), nextCursor };
    },
    one: (pid) => door.zombie(pid.replace(/^zombie\//, '')),
  });
}

/** What lies in Redis, page by page. */
function addStoredCollections(app: FastifyInstance, door: Door): void {
  addCollection(app, {
    plural: 'jobs',
    kind: 'Job',
    states: JOB_STATES,
    list: (query) => door.listJobs(query),
    one: (id) => door.job(id),
  });
  addCollection(app, {
    plural: 'pushes',
    kind: 'Push',
    states: PUSH_STATES,
    list: (query) => door.listPushes(query),
    one: (id) => door.push(id),
  });
}

/** The document for one thing; `item` because a job has a `kind` of its own. */
export function itemDocument(kind: string, item: unknown): object {
  return { apiVersion: API_VERSION, kind, observedAt: wallTime(), item };
}

function addCollection<T>(app: FastifyInstance, collection: Collection<T>): void {
  const { plural, kind, states, list, one } = collection;
  app.get(`/api/v1/${plural}`, async (request) => {
    const { items, nextCursor } = await list(listQueryOf(request.query, states));
    const document = { apiVersion: API_VERSION, kind: `${kind}List`, observedAt: wallTime(), items };
    return nextCursor === null ? document : { ...document, nextCursor };
  });
  app.get<{ Params: { '*': string } }>(`/api/v1/${plural}/*`, async (request) =>
    itemDocument(kind, await one(request.params['*'])),
  );
}

function named<T extends { readonly name: string }>(
  items: readonly T[],
  { name, kind }: { name: string; kind: string },
): T {
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  throw new GarrisonError('NOT_FOUND', `there is no ${kind} named ${name}`, {
    cure: `garrison get ${kind}s`,
  });
}

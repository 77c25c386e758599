/**
 * The looking half of the API: lists and single things, as the supervisor's store has them.
 * It never computes a state and never changes anything.
 */
import type { FastifyInstance } from 'fastify';
import { GarrisonError } from '../errors.ts';
import { CHECK_STATES } from '../push/drift.ts';
import { ZOMBIE_OWNERS } from '../detector/zombie.ts';
import type {
  Door,
  HostCheckView,
  IncidentView,
  JobView,
  PushSummary,
  PushView,
  StoredListQuery,
  ZombieView,
} from '../supervisor/door.ts';
import { addCollection, API_VERSION, named } from './collection.ts';
import { addContainerRoutes } from './containerRoutes.ts';
import { addHistoryRoutes } from './historyRoutes.ts';
import { incidentQueryOf, jobQueryOf, pageOf, pushQueryOf, type IncidentListQuery } from './listing.ts';
import { overallOf } from './sentence.ts';
import { HOST_STATES, JOB_STATES, OPERATION_STATES, PUSH_STATES, WORKER_STATES } from './words.ts';

export function addReadRoutes(app: FastifyInstance, door: Door): void {
  app.get('/api/v1/status', () => {
    const snapshot = door.snapshot();
    return { apiVersion: API_VERSION, kind: 'Status', ...snapshot, overall: overallOf(snapshot) };
  });
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
    plural: 'checks',
    kind: 'HostCheck',
    states: CHECK_STATES,
    list: (query) => pageOf(door.hostChecks(), query, (check) => check.name),
    one: (name) => checkOf(name, door),
  });
  addIncidentCollection(app, door);
  addContainerRoutes(app, door);
  addHistoryRoutes(app, door);
  addZombieCollection(app, door);
  addStoredCollections(app, door);
}

/** Of a host that was not looked at there is nothing to tell, though it is one. */
function checkOf(name: string, door: Door): HostCheckView {
  const found = door.hostChecks().find((check) => check.name === name);
  if (found !== undefined) return found;
  throw new GarrisonError('NOT_FOUND', `no check of a host named ${name} is known`, {
    cure: 'garrison sync --check looks at every host that a grant names.',
  });
}

/** A worker has many of them, so that none is told apart by its worker. */
function addIncidentCollection(app: FastifyInstance, door: Door): void {
  addCollection<IncidentView, IncidentListQuery>(app, {
    plural: 'incidents',
    kind: 'Incident',
    states: WORKER_STATES,
    read: incidentQueryOf,
    list: ({ worker, ...query }) => {
      const entries = door
        .listIncidents()
        .filter((incident) => worker === undefined || incident.worker === worker)
        .map((incident) => ({
          incident,
          state: incident.state,
          detail: `${incident.worker} ${incident.detail}`,
        }));
      const { items, nextCursor } = pageOf(entries, query, ({ incident }) => incident.id);
      return { items: items.map(({ incident }) => incident), nextCursor };
    },
    one: (id) => door.incident(id),
  });
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
  addCollection<JobView, StoredListQuery>(app, {
    plural: 'jobs',
    kind: 'Job',
    states: JOB_STATES,
    read: jobQueryOf,
    list: (query) => door.listJobs(query),
    one: (id) => door.job(id),
  });
  addCollection<PushSummary | PushView, StoredListQuery>(app, {
    plural: 'pushes',
    kind: 'Push',
    states: PUSH_STATES,
    read: pushQueryOf,
    list: (query) => door.listPushes(query),
    one: (id) => door.push(id),
  });
}

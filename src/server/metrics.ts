/**
 * Shows this supervisor's own workers and queue to Prometheus, read from the same snapshot as everything else.
 * It never keeps a count of its own and never has a label that can grow without limit.
 */
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { REAPED_KINDS, ZOMBIE_OWNERS } from '../detector/zombie.ts';
import type { Door, RefusalCount, Snapshot, VerdictCounts } from '../supervisor/door.ts';
import { addContainerMetrics } from './containerMetrics.ts';
import { WORKER_STATES } from './words.ts';

const QUEUE = 'push';

export function addMetricsRoute(app: FastifyInstance, door: Door): void {
  const registry = new Registry();
  const fill = defineGauges(registry);
  const fillCounts = defineVerdictCounts(registry);
  const fillReaped = defineReapedCount(registry);
  const fillRefusals = defineRefusalCounts(registry);
  const containers = addContainerMetrics(registry, door);
  const forgetCanary = observeCanary(registry, door);
  app.addHook('onClose', (_app, done) => {
    forgetCanary();
    containers.unsubscribe();
    done();
  });
  app.get('/metrics', async (_request, reply) => {
    const snapshot = door.snapshot();
    fill(snapshot);
    fillCounts(snapshot, door.verdictCounts());
    fillReaped(snapshot);
    fillRefusals(door.refusalCounts());
    containers.fill(snapshot, door.listContainers());
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

function defineGauges(registry: Registry): (snapshot: Snapshot) => void {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name: `garrison_${name}`, help, labelNames, registers: [registry] });
  const buildInfo = gauge('build_info', 'Always 1; the labels tell the version.', [
    'version',
    'node_version',
  ]);
  const redisUp = gauge('redis_up', '1 while Redis answers.', []);
  const jobs = gauge('jobs', 'Jobs that are not finished.', ['queue', 'state']);
  const latency = gauge('queue_latency_seconds', 'Age of the oldest waiting job; 0 when none waits.', [
    'queue',
  ]);
  const queueWorkers = gauge('queue_workers', 'Workers that take jobs from the queue now.', ['queue']);
  const zombies = gauge(
    'zombie_processes',
    'Processes that ended and that their parent has not waited for.',
    ['owner'],
  );
  const fillWorkers = defineWorkerGauges(gauge);
  return (snapshot) => {
    buildInfo.set({ version: snapshot.version, node_version: process.version }, 1);
    redisUp.set(snapshot.redis.up ? 1 : 0);
    jobs.set({ queue: QUEUE, state: 'queued' }, snapshot.queue.waiting);
    jobs.set({ queue: QUEUE, state: 'running' }, snapshot.queue.running);
    latency.set({ queue: QUEUE }, (snapshot.queue.oldestWaitingMs ?? 0) / 1000);
    const taking = snapshot.workers.filter(
      ({ state, wish }) => (state === 'up' || state === 'late') && wish === 'run',
    );
    queueWorkers.set({ queue: QUEUE }, snapshot.redis.up ? taking.length : 0);
    for (const owner of ZOMBIE_OWNERS) zombies.set({ owner }, snapshot.zombies.byOwner[owner]);
    fillWorkers(snapshot);
  };
}

function defineReapedCount(registry: Registry): (snapshot: Snapshot) => void {
  const reaped = new Counter({
    name: 'garrison_zombies_reaped_total',
    help: 'Zombies that Garrison reaped: orphans it was given, and what its workers had left.',
    labelNames: ['kind'],
    registers: [registry],
  });
  return ({ zombies }) => {
    reaped.reset();
    for (const kind of REAPED_KINDS) reaped.inc({ kind }, zombies.reaped[kind]);
  };
}

/** Counted by the supervisor as it judges; a scrape only copies the counts. */
function defineVerdictCounts(
  registry: Registry,
): (snapshot: Snapshot, counts: readonly VerdictCounts[]) => void {
  const shown = new Counter({
    name: 'garrison_worker_state_transitions_total',
    help: 'Changes of state that people were shown.',
    labelNames: ['worker', 'to'],
    registers: [registry],
  });
  const heldBack = new Counter({
    name: 'garrison_worker_suppressed_transitions_total',
    help: 'Changes of verdict that did not last and that nobody was shown.',
    labelNames: ['worker'],
    registers: [registry],
  });
  return (snapshot, counts) => {
    shown.reset();
    heldBack.reset();
    for (const { name: worker } of snapshot.workers) {
      const count = counts.find((each) => each.worker === worker);
      for (const to of WORKER_STATES) shown.inc({ worker, to }, count?.shown[to] ?? 0);
      heldBack.inc({ worker }, count?.heldBack ?? 0);
    }
  };
}

function defineRefusalCounts(registry: Registry): (counts: readonly RefusalCount[]) => void {
  const refused = new Counter({
    name: 'garrison_guard_refusals_total',
    help: 'Signals that the guard did not let pass, by the rule that forbade them.',
    labelNames: ['rule'],
    registers: [registry],
  });
  return (counts) => {
    refused.reset();
    for (const { rule, count } of counts) refused.inc({ rule }, count);
  };
}

function observeCanary(registry: Registry, door: Door): () => void {
  const seconds = new Histogram({
    name: 'garrison_queue_canary_seconds',
    help: 'From putting a no-op job on the queue until it came back.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return door.onChange((change) => {
    if (change.type === 'canary') seconds.observe(change.tookMs / 1000);
  });
}

type MakeGauge = <Label extends string>(name: string, help: string, labelNames: Label[]) => Gauge<Label>;

function defineWorkerGauges(gauge: MakeGauge): (snapshot: Snapshot) => void {
  const up = gauge('worker_up', '1 while the worker works (up or late).', ['worker']);
  const state = gauge('worker_state', '1 for the state the worker is in, 0 for all others.', [
    'worker',
    'state',
  ]);
  const slots = gauge('worker_slots', 'Slots of the worker, busy and free.', ['worker', 'state']);
  const resident = gauge('worker_resident_memory_bytes', 'Resident memory of the worker.', ['worker']);
  return (snapshot) => {
    for (const one of [up, state, slots, resident]) one.reset();
    for (const view of snapshot.workers) {
      const worker = view.name;
      up.set({ worker }, view.state === 'up' || view.state === 'late' ? 1 : 0);
      for (const word of WORKER_STATES) state.set({ worker, state: word }, view.state === word ? 1 : 0);
      slots.set({ worker, state: 'busy' }, view.jobs.length);
      slots.set({ worker, state: 'free' }, Math.max(0, view.slots - view.jobs.length));
      if (view.rssBytes !== null) resident.set({ worker }, view.rssBytes);
    }
  };
}

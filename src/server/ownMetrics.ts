/**
 * Shows the supervisor itself to Prometheus: its version, loops and health, Redis, zombies, refusals and what it was asked for.
 * It knows nothing of workers, jobs and containers.
 */
import { ZOMBIE_OWNERS, REAPED_KINDS } from '../detector/zombie.ts';
import type { Door } from '../supervisor/door.ts';
import { ACTOR_KINDS, actorKind } from './actorKind.ts';
import type { MetricBook } from './metricBook.ts';
import { epochSeconds, type Scene } from './scene.ts';
import type { Series } from './seriesFamily.ts';
import { Tally } from './tally.ts';
import { VERBS } from './words.ts';

const LAG_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function addOwnMetrics(book: MetricBook, scene: () => Scene, door: Door): void {
  addSupervisor(book, scene);
  addSurroundings(book, scene);
  addLag(book, door);
  addOperations(book, door);
}

function addSupervisor(book: MetricBook, scene: () => Scene): void {
  book.one<Scene>(
    'gauge',
    {
      name: 'build_info',
      help: 'Always 1; the labels tell the version.',
      labelNames: ['version', 'node_version'],
      series: ({ snapshot }) => [[[snapshot.version, process.version], 1]],
    },
    scene,
  );
  book.one<Scene>(
    'gauge',
    {
      name: 'loop_last_success_timestamp_seconds',
      help: 'When each loop last came to its end; not there before the first time.',
      labelNames: ['loop'],
      series: ({ measures }) =>
        Object.entries(measures.loops).flatMap(([loop, at]): Series[] =>
          at === null ? [] : [[[loop], epochSeconds(at)]],
        ),
    },
    scene,
  );
  book.one<Scene>(
    'gauge',
    {
      name: 'observer_health',
      help: "The supervisor's own health: 0 is well, 7 is worst; every limit stretches by it.",
      series: ({ measures }) => [[[], measures.observerHealth]],
    },
    scene,
  );
}

function addSurroundings(book: MetricBook, scene: () => Scene): void {
  const redis = { name: 'redis_up', help: '1 while Redis answers.' };
  book.one<Scene>('gauge', { ...redis, series: ({ snapshot }) => [[[], snapshot.redis.up ? 1 : 0]] }, scene);
  book.one<Scene>(
    'gauge',
    {
      name: 'zombie_processes',
      help: 'Processes that ended and that their parent has not waited for.',
      labelNames: ['owner'],
      series: ({ snapshot: { zombies } }) =>
        ZOMBIE_OWNERS.map((owner): Series => [[owner], zombies.byOwner[owner]]),
    },
    scene,
  );
  book.one<Scene>(
    'counter',
    {
      name: 'zombies_reaped_total',
      help: 'Zombies that Garrison reaped: orphans it was given, and what its workers had left.',
      labelNames: ['kind'],
      series: ({ snapshot: { zombies } }) =>
        REAPED_KINDS.map((kind): Series => [[kind], zombies.reaped[kind]]),
    },
    scene,
  );
  book.one<Scene>(
    'counter',
    {
      name: 'guard_refusals_total',
      help: 'Signals that the guard did not let pass, by the rule that forbade them.',
      labelNames: ['rule'],
      series: ({ refusals }) => refusals.map(({ rule, count }): Series => [[rule], count]),
    },
    scene,
  );
}

function addLag(book: MetricBook, door: Door): void {
  const lag = book.histogram({
    name: 'event_loop_lag_seconds',
    help: 'How late the event loop ran, at worst (99 of 100), in each second; all workers together.',
    labelNames: ['process'],
    buckets: LAG_SECONDS,
  });
  for (const process of ['supervisor', 'worker']) lag.zero({ process });
  const forget = door.onChange((change) => {
    if (change.type !== 'loopLag') return;
    for (const lagMs of change.lagsMs) lag.observe({ process: change.process }, lagMs / 1000);
  });
  book.atEnd(forget);
}

function addOperations(book: MetricBook, door: Door): void {
  const operations = new Tally([VERBS, ACTOR_KINDS, ['done', 'failed', 'refused']]);
  const help = 'What people and programs asked for, by the kind of who asked, and how it ended.';
  book.tally({ name: 'operations_total', help, labelNames: ['verb', 'actor', 'outcome'] }, operations);
  const forget = door.onChange((change) => {
    if (change.type === 'operationRefused') operations.add(change.verb, actorKind(change.actor), 'refused');
    // It is told once of each end.
    else if (change.type === 'operation')
      operations.add(change.operation.verb, actorKind(change.operation.actor), change.operation.state);
  });
  book.atEnd(forget);
}

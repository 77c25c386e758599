/**
 * Shows Docker, its containers and what was done about them to Prometheus, read from the same views as everything else.
 * It never has a label that a container's process can choose.
 */
import { CONTAINER_STATES } from '../detector/container.ts';
import type { ContainerView, Door, HealCounts } from '../supervisor/door.ts';
import type { MetricBook } from './metricBook.ts';
import type { Scene } from './scene.ts';
import type { Series } from './seriesFamily.ts';
import { DOCKER_OPS, DOCKER_OUTCOMES, HEAL_ACTIONS, HEAL_OUTCOMES } from './words.ts';

const HEAL_SECONDS = [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800];
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function addContainerMetrics(book: MetricBook, scene: () => Scene, door: Door): void {
  addDocker(book, scene);
  addContainers(book, () => scene().containers);
  addMaintenance(book, scene);
  addHeals(book, () => healsOf(scene()));
  addTimes(book, door);
}

function addDocker(book: MetricBook, scene: () => Scene): void {
  book.one<Scene>(
    'gauge',
    {
      name: 'docker_up',
      help: '1 while Docker answers.',
      series: ({ snapshot: { docker } }) => [[[], docker.state === 'up' ? 1 : 0]],
    },
    scene,
  );
  book.one<Scene>(
    'counter',
    {
      name: 'docker_event_stream_reconnects_total',
      help: "How often Docker's stream of events was opened again.",
      series: ({ snapshot: { docker } }) => [[[], docker.reconnects]],
    },
    scene,
  );
  book.one<Scene>(
    'counter',
    {
      name: 'docker_resync_discrepancies_total',
      help: 'Changes that a complete look found and that no event had told of.',
      series: ({ snapshot: { docker } }) => [[[], docker.missedChanges]],
    },
    scene,
  );
}

function addContainers(book: MetricBook, read: () => readonly ContainerView[]): void {
  book.many<ContainerView>(
    'gauge',
    {
      name: 'container_state',
      help: '1 for the state the container is in, 0 for all others.',
      labelNames: ['project', 'container', 'state'],
      subject: ({ project, name }) => `${name} ${project ?? ''}`,
      stamp: ({ state }) => state,
      series: ({ project, name, state }) =>
        CONTAINER_STATES.map((word): Series => [[project ?? '', name, word], word === state ? 1 : 0]),
    },
    read,
  );
  book.many<ContainerView>(
    'gauge',
    {
      name: 'container_quarantined',
      help: '1 while the container is left alone until a person clears its quarantine.',
      labelNames: ['container'],
      subject: ({ name }) => name,
      stamp: ({ heal }) => heal.quarantinedSince === null,
      series: ({ name, heal }) => [[[name], heal.quarantinedSince === null ? 0 : 1]],
    },
    read,
  );
}

function addMaintenance(book: MetricBook, scene: () => Scene): void {
  interface Scope {
    readonly scope: string;
    readonly active: 0 | 1;
  }
  book.many<Scope>(
    'gauge',
    {
      name: 'maintenance_active',
      help: '1 while nothing in the scope is restarted by itself, as a person asked.',
      labelNames: ['scope'],
      subject: ({ scope }) => scope,
      stamp: ({ active }) => active,
      series: ({ scope, active }) => [[[scope], active]],
    },
    () => {
      const scopes = scene().snapshot.containers.maintenance.map(({ scope }) => scope);
      const everywhere = scopes.includes('all') ? 1 : 0;
      const some = scopes.filter((scope) => scope !== 'all').map((scope): Scope => ({ scope, active: 1 }));
      return [{ scope: 'all', active: everywhere }, ...some];
    },
  );
}

interface HealsOfOne {
  readonly container: string;
  /** It may be healed: what was not done yet is shown, too. */
  readonly isHealed: boolean;
  readonly counts: readonly HealCounts[];
}

const HEAL_KINDS = HEAL_ACTIONS.flatMap((action) =>
  HEAL_OUTCOMES.map((outcome) => ({ action, outcome, count: 0 })),
);

/** Of each container that may be healed, and of each that something was done to. */
function healsOf({ containers, heals }: Scene): readonly HealsOfOne[] {
  const counted = new Map<string, HealCounts[]>();
  for (const count of heals) counted.set(count.container, [...(counted.get(count.container) ?? []), count]);
  return containers
    .map(({ name, heal }) => ({
      container: name,
      isHealed: heal.selection === 'heal',
      counts: counted.get(name) ?? [],
    }))
    .filter(({ isHealed, counts }) => isHealed || counts.length > 0);
}

/** Counted by the supervisor as it heals. */
function addHeals(book: MetricBook, read: () => readonly HealsOfOne[]): void {
  book.many<HealsOfOne>(
    'counter',
    {
      name: 'container_heals_total',
      help: 'What was done about containers, by automation and by people, and how it ended.',
      labelNames: ['container', 'action', 'outcome'],
      subject: ({ container }) => container,
      stamp: ({ isHealed, counts }) =>
        `${String(isHealed)} ${counts.map((each) => `${each.action} ${each.outcome} ${each.count}`).join()}`,
      series: ({ container, isHealed, counts }) => {
        const others = HEAL_KINDS.filter(
          ({ action, outcome }) =>
            isHealed && !counts.some((each) => each.action === action && each.outcome === outcome),
        );
        return [...counts, ...others].map((each): Series => {
          return [[container, each.action, each.outcome], each.count];
        });
      },
    },
    read,
  );
}

function addTimes(book: MetricBook, door: Door): void {
  const healed = book.histogram({
    name: 'container_heal_duration_seconds',
    help: 'From the first sight of a container being sick until it was well again after a treatment.',
    labelNames: [],
    buckets: HEAL_SECONDS,
  });
  const calls = book.histogram({
    name: 'docker_request_duration_seconds',
    help: 'Calls to Docker, by what they were for and how they ended.',
    labelNames: ['op', 'outcome'],
    buckets: CALL_SECONDS,
  });
  for (const op of DOCKER_OPS) for (const outcome of DOCKER_OUTCOMES) calls.zero({ op, outcome });
  const forget = door.onChange((change) => {
    if (change.type === 'healed') healed.observe(change.tookMs / 1000);
    if (change.type === 'dockerCall')
      calls.observe({ op: change.op, outcome: change.outcome }, change.tookMs / 1000);
  });
  book.atEnd(forget);
}

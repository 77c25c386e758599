/**
 * Shows Docker, its containers and what was done about them to Prometheus, read from the same views as everything else.
 * It never has a label that a container's process can choose.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { CONTAINER_STATES } from '../detector/container.ts';
import type { ContainerView, Door, HealCounts, Snapshot } from '../supervisor/door.ts';
import { HEAL_ACTIONS, HEAL_OUTCOMES } from './words.ts';

type Fill = (snapshot: Snapshot, containers: readonly ContainerView[]) => void;

export function addContainerMetrics(registry: Registry, door: Door): { fill: Fill; unsubscribe: () => void } {
  const fills = [defineDocker(registry), defineContainers(registry), defineMaintenance(registry)];
  const fillHeals = defineHeals(registry);
  const fill: Fill = (snapshot, containers) => {
    for (const each of fills) each(snapshot, containers);
    fillHeals(containers, door.healCounts());
  };
  return { fill, unsubscribe: observeTimes(registry, door) };
}

function defineDocker(registry: Registry): Fill {
  const registers = [registry];
  const up = new Gauge({ name: 'garrison_docker_up', help: '1 while Docker answers.', registers });
  const reconnects = new Counter({
    name: 'garrison_docker_event_stream_reconnects_total',
    help: "How often Docker's stream of events was opened again.",
    registers,
  });
  const missed = new Counter({
    name: 'garrison_docker_resync_discrepancies_total',
    help: 'Changes that a complete look found and that no event had told of.',
    registers,
  });
  return ({ docker }) => {
    reconnects.reset();
    missed.reset();
    up.set(docker.state === 'up' ? 1 : 0);
    reconnects.inc(docker.reconnects);
    missed.inc(docker.missedChanges);
  };
}

function defineContainers(registry: Registry): Fill {
  const registers = [registry];
  const state = new Gauge({
    name: 'garrison_container_state',
    help: '1 for the state the container is in, 0 for all others.',
    labelNames: ['project', 'container', 'state'],
    registers,
  });
  const quarantined = new Gauge({
    name: 'garrison_container_quarantined',
    help: '1 while the container is left alone until a person clears its quarantine.',
    labelNames: ['container'],
    registers,
  });
  return (_snapshot, containers) => {
    state.reset();
    quarantined.reset();
    for (const { name: container, project, state: now, heal } of containers) {
      for (const word of CONTAINER_STATES)
        state.set({ project: project ?? '', container, state: word }, word === now ? 1 : 0);
      quarantined.set({ container }, heal.quarantinedSince === null ? 0 : 1);
    }
  };
}

function defineMaintenance(registry: Registry): Fill {
  const active = new Gauge({
    name: 'garrison_maintenance_active',
    help: '1 while nothing in the scope is restarted by itself, as a person asked.',
    labelNames: ['scope'],
    registers: [registry],
  });
  return ({ containers }) => {
    active.reset();
    active.set({ scope: 'all' }, 0);
    for (const { scope } of containers.maintenance) active.set({ scope }, 1);
  };
}

/** Counted by the supervisor as it heals; a scrape only copies the counts. */
function defineHeals(
  registry: Registry,
): (containers: readonly ContainerView[], counts: readonly HealCounts[]) => void {
  const heals = new Counter({
    name: 'garrison_container_heals_total',
    help: 'What was done about containers, by automation and by people, and how it ended.',
    labelNames: ['container', 'action', 'outcome'],
    registers: [registry],
  });
  return (containers, counts) => {
    heals.reset();
    for (const { name: container, heal } of containers)
      if (heal.selection === 'heal')
        for (const action of HEAL_ACTIONS)
          for (const outcome of HEAL_OUTCOMES) heals.inc({ container, action, outcome }, 0);
    for (const { container, action, outcome, count } of counts)
      heals.inc({ container, action, outcome }, count);
  };
}

function observeTimes(registry: Registry, door: Door): () => void {
  const registers = [registry];
  const healed = new Histogram({
    name: 'garrison_container_heal_duration_seconds',
    help: 'From the first sight of a container being sick until it was well again after a treatment.',
    buckets: [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800],
    registers,
  });
  const calls = new Histogram({
    name: 'garrison_docker_request_duration_seconds',
    help: 'Calls to Docker, by what they were for and how they ended.',
    labelNames: ['op', 'outcome'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  return door.onChange((change) => {
    if (change.type === 'healed') healed.observe(change.tookMs / 1000);
    if (change.type === 'dockerCall')
      calls.observe({ op: change.op, outcome: change.outcome }, change.tookMs / 1000);
  });
}

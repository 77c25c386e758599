/**
 * Shows Docker and its containers to Prometheus, read from the same views as everything else.
 * It never has a label that a container's process can choose.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import { CONTAINER_STATES } from '../detector/container.ts';
import type { ContainerView, DockerView } from '../supervisor/door.ts';

export function addContainerMetrics(
  registry: Registry,
): (docker: DockerView, containers: readonly ContainerView[]) => void {
  const registers = [registry];
  const up = new Gauge({ name: 'garrison_docker_up', help: '1 while Docker answers.', registers });
  const state = new Gauge({
    name: 'garrison_container_state',
    help: '1 for the state the container is in, 0 for all others.',
    labelNames: ['project', 'container', 'state'],
    registers,
  });
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
  return (docker, containers) => {
    for (const each of [state, reconnects, missed]) each.reset();
    up.set(docker.state === 'up' ? 1 : 0);
    reconnects.inc(docker.reconnects);
    missed.inc(docker.missedChanges);
    for (const { name: container, project, state: now } of containers)
      for (const word of CONTAINER_STATES)
        state.set({ project: project ?? '', container, state: word }, word === now ? 1 : 0);
  };
}

/**
 * Says which containers must be restarted after another one was, although nothing may be wrong with them yet.
 * It spares everybody who recovers by itself, and whoever was started since.
 */
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { ancestorsOf, type Dependency, type DependencyGraph } from './dependency.ts';

export interface FollowUp {
  readonly id: string;
  /** A sentence part. */
  readonly because: string;
}

/** Of the one that now lives another life, those that depend on it directly and cannot do without their own restart. */
export function followUpsOf(
  restarted: Pick<ContainerFacts, 'id' | 'name'>,
  graph: DependencyGraph,
): readonly FollowUp[] {
  const found = new Map<string, string>();
  // In a circle they would restart each other for ever.
  const circle = ancestorsOf(graph, restarted.id);
  for (const dependency of graph.dependencies) {
    const { dependent, on } = dependency;
    const because = on === restarted.id ? reasonOf(dependency, restarted.name) : null;
    if (because !== null && !found.has(dependent) && !circle.has(dependent)) found.set(dependent, because);
  }
  return [...found].map(([id, because]) => ({ id, because }));
}

/** Null where it recovers by itself. Volumes are the same ones after a restart. */
function reasonOf({ because, restart }: Dependency, name: string): string | null {
  if (because === 'network' || because === 'ipc' || because === 'pid')
    return `it has joined the ${because} namespace of ${name}, which ended with the life that ${name} had before`;
  return restart ? `compose says that it is restarted after ${name} (restart: true)` : null;
}

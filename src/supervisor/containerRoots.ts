/**
 * Remembers who depends on whom, and which sick container explains which.
 * Both are worked out in reconciler/dependency; here they are only kept until something has changed.
 */
import type { ContainerFacts } from '../detector/containerFacts.ts';
import {
  ancestorsOf,
  dependencyGraph,
  sickRoots,
  type DependencyGraph,
  type Root,
} from '../reconciler/dependency.ts';

export class ContainerRoots {
  readonly #factsNow: () => readonly ContainerFacts[];
  readonly #configured: Readonly<Record<string, readonly string[]>>;
  #graph: DependencyGraph | null = null;
  /** Id → id of the sick one that explains it. */
  #roots: ReadonlyMap<string, string> = new Map();

  /** `configured`: container or service name → the names that it depends on. */
  constructor(
    factsNow: () => readonly ContainerFacts[],
    configured: Readonly<Record<string, readonly string[]>>,
  ) {
    this.#factsNow = factsNow;
    this.#configured = configured;
  }

  get graph(): DependencyGraph {
    this.#graph ??= dependencyGraph(this.#factsNow(), this.#configured);
    return this.#graph;
  }

  /** Of each sick one; of one that no other explains its own id. */
  get all(): ReadonlyMap<string, string> {
    return this.#roots;
  }

  /** Id of the sick one that explains it, its own when no other does; null while it is well. */
  of(id: string): string | null {
    return this.#roots.get(id) ?? null;
  }

  /** What it is made of has changed; false when that was known. */
  forget(): boolean {
    const wasKnown = this.#graph !== null;
    this.#graph = null;
    return wasKnown;
  }

  /** Ids of those that are explained in another way than before. */
  find(sick: readonly Pick<ContainerFacts, 'id' | 'name'>[]): readonly string[] {
    const roots = sick.length === 0 ? [] : sickRoots(this.graph, sick);
    const before = this.#roots;
    const found = new Map(sick.map(({ id }) => [id, rootIn(roots, this.graph, id)]));
    this.#roots = found;
    return [...new Set([...found.keys(), ...before.keys()])].filter((id) => found.get(id) !== before.get(id));
  }
}

/** Its own id where it is one, that of its circle's first, or of the one above it. */
function rootIn(roots: readonly Root[], graph: DependencyGraph, id: string): string {
  const own = roots.find((root) => root.id === id || root.circle.includes(id));
  if (own !== undefined) return own.id;
  const above = ancestorsOf(graph, id);
  return roots.find((root) => above.has(root.id))?.id ?? id;
}

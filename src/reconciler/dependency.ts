/**
 * Says which container depends on which, and which of the sick ones are the roots: those that no other sick one explains.
 * It restarts nothing, and a label with nonsense in it costs one edge and is told, nothing more.
 */
import type { ContainerFacts, Sharing } from '../detector/containerFacts.ts';

export interface Dependency {
  /** Ids. */
  readonly dependent: string;
  readonly on: string;
  readonly because: 'label' | 'configuration' | Sharing;
  /** With `restart: true` compose restarts the dependent after what it depends on; only where that is written. */
  readonly restart: boolean;
}

export interface DependencyGraph {
  readonly dependencies: readonly Dependency[];
  /** What each depends on directly, by id. */
  readonly above: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sentences: what was written and could not be used. */
  readonly problems: readonly string[];
}

/** One root of a sick part; in a circle of dependencies each explains the others, and one stands for all. */
export interface Root {
  readonly id: string;
  /** All sick ones of its circle, itself included; one alone when there is no circle. */
  readonly circle: readonly string[];
}

const CONDITIONS: readonly string[] = [
  'service_started',
  'service_healthy',
  'service_completed_successfully',
  'running_or_healthy',
];

/** `configured`: container or service name → the names that it depends on, as in containers.dependsOn. */
export function dependencyGraph(
  containers: readonly ContainerFacts[],
  configured: Readonly<Record<string, readonly string[]>>,
): DependencyGraph {
  const problems: string[] = [];
  const found = [
    ...containers.flatMap((container) => labelled(container, containers, problems)),
    ...containers.flatMap((container) => sharing(container, containers)),
    ...fromConfiguration(containers, configured, problems),
  ];
  const dependencies = found.filter(({ dependent, on }) => dependent !== on);
  const above = new Map<string, Set<string>>();
  for (const { dependent, on } of dependencies)
    above.set(dependent, (above.get(dependent) ?? new Set()).add(on));
  return { dependencies, above, problems };
}

/** Sick ones with no sick ancestor outside of their own circle, by name; an ancestor counts also where those between are well. */
export function sickRoots(
  graph: DependencyGraph,
  sick: readonly Pick<ContainerFacts, 'id' | 'name'>[],
): readonly Root[] {
  const names = new Map(sick.map(({ id, name }) => [id, name]));
  const above = new Map(sick.map(({ id }) => [id, ancestorsOf(graph, id)]));
  const isSick = (id: string): boolean => names.has(id);
  const circleOf = (id: string): string[] =>
    [...(above.get(id) ?? [])].filter((other) => other !== id && (above.get(other)?.has(id) ?? false));
  const roots = sick.filter(({ id }) => {
    const circle = new Set(circleOf(id));
    return [...(above.get(id) ?? [])].every((other) => other === id || !isSick(other) || circle.has(other));
  });
  const circles = roots.map(({ id }) => [id, ...circleOf(id)].sort(byName(names)));
  // Each of a circle says the same circle; its first stands for it.
  return roots
    .map(({ id }, index) => ({ id, circle: circles[index] ?? [id] }))
    .filter(({ id, circle }) => circle[0] === id)
    .sort((one, other) => byName(names)(one.id, other.id));
}

/** Everything it depends on, directly or not; in a circle itself too. */
export function ancestorsOf({ above }: DependencyGraph, id: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [id];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const on of above.get(at) ?? []) {
      if (found.has(on)) continue;
      found.add(on);
      open.push(on);
    }
  }
  return found;
}

/** `svc`, `svc:condition` or `svc:condition:restart`, with commas between: compose 2.0, 2.3 and 2.17 in turn. */
function labelled(
  container: ContainerFacts,
  containers: readonly ContainerFacts[],
  problems: string[],
): Dependency[] {
  const { id, name, project, dependsOnLabel } = container;
  const entries = (dependsOnLabel ?? '').split(',').filter((entry) => entry.trim() !== '');
  return entries.flatMap((entry) => {
    const [service = '', condition, restart] = entry.trim().split(':');
    const others = containers.filter((other) => other.project === project && other.service === service);
    if (project === null || others.length === 0) {
      problems.push(`${name} says that it depends on ${JSON.stringify(service)}, which is not there`);
      return [];
    }
    if (condition !== undefined && !CONDITIONS.includes(condition))
      problems.push(
        `${name} depends on ${service} under the condition ${JSON.stringify(condition)}, which compose does not know`,
      );
    return others.map(({ id: on }) => ({ dependent: id, on, because: 'label', restart: restart === 'true' }));
  });
}

function sharing({ id, shares }: ContainerFacts, containers: readonly ContainerFacts[]): Dependency[] {
  return shares.flatMap(({ what, with: named }) =>
    containers
      .filter((other) => other.id === named || other.name === named)
      .map((other) => ({ dependent: id, on: other.id, because: what, restart: false })),
  );
}

function fromConfiguration(
  containers: readonly ContainerFacts[],
  configured: Readonly<Record<string, readonly string[]>>,
  problems: string[],
): Dependency[] {
  return Object.entries(configured).flatMap(([name, others]) =>
    others.flatMap((other) => {
      const pairs = matching(containers, name).flatMap((dependent) =>
        matching(containers, other)
          .filter((on) => on.project === dependent.project)
          .map((on): Dependency => ({
            dependent: dependent.id,
            on: on.id,
            because: 'configuration',
            restart: false,
          })),
      );
      if (pairs.length === 0)
        problems.push(`containers.dependsOn: ${name} on ${other}: there are no two such containers`);
      return pairs;
    }),
  );
}

function matching(containers: readonly ContainerFacts[], name: string): readonly ContainerFacts[] {
  return containers.filter((each) => each.name === name || each.service === name);
}

function byName(names: ReadonlyMap<string, string>): (one: string, other: string) => number {
  const keyOf = (id: string): string => `${names.get(id) ?? '\uffff'} ${id}`;
  return (one, other) => (keyOf(one) < keyOf(other) ? -1 : 1);
}

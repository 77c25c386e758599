/**
 * Says which container is the root of what is sick, why, what would cure it alone, and who had better be left in peace.
 * It never advises to restart more than the root, and quotes what a container wrote without believing it.
 */
import { judgeContainer, probesStopAfterMs, type ContainerVerdict } from '../detector/container.ts';
import { ancestorsOf, dependencyGraph, sickRoots, type DependencyGraph, type Root } from './dependency.ts';
import type { Checkup, ContainerSeen, DockerSeen } from './checkup.ts';
import { finding, many, named, type Finding, type Topic } from './finding.ts';
import { cureOf, lookInstead, nameForShell, quotedFile, sessionsOf, type Cure } from './containerCure.ts';

export interface Judged {
  readonly seen: ContainerSeen;
  readonly verdict: ContainerVerdict;
}

/** What the findings of containers are made from. */
export interface ContainerWorld {
  readonly checkup: Checkup;
  readonly docker: DockerSeen;
  readonly graph: DependencyGraph;
  readonly judged: readonly Judged[];
}

export function containerFindings(checkup: Checkup): Topic {
  if (checkup.docker.kind === 'unseen') return { findings: [], well: [] };
  const docker = checkup.docker.value;
  const configured = checkup.config.kind === 'seen' ? checkup.config.value.dependsOn : {};
  const graph = dependencyGraph(
    docker.containers.map(({ facts }) => facts),
    configured,
  );
  const judged = docker.containers.map((seen) => ({ seen, verdict: verdictOn(seen, checkup.at) }));
  const world = { checkup, docker, graph, judged };
  return {
    findings: [...sickFindings(world), ...otherFindings(world), ...gapFindings(world)],
    well: wellLines(world),
  };
}

function verdictOn({ facts, lifelessSince, unprobedForMs }: ContainerSeen, at: string): ContainerVerdict {
  const isUnprobed = unprobedForMs !== null && unprobedForMs >= probesStopAfterMs(facts.healthCheck);
  return judgeContainer({
    facts,
    dockerAwaySince: null,
    lifelessSince,
    unprobedSince: isUnprobed ? at : null,
  });
}

/** Sick, or down although somebody sick depends on it. */
function sickOnes({ judged, graph }: ContainerWorld): readonly Judged[] {
  const sick = judged.filter(({ verdict: { state } }) => state === 'unhealthy' || state === 'ghost');
  const needed = new Set(sick.flatMap(({ seen }) => [...ancestorsOf(graph, seen.facts.id)]));
  const down = judged.filter(
    ({ seen, verdict: { state } }) =>
      (state === 'stopped' || state === 'paused') && needed.has(seen.facts.id),
  );
  // What compose runs once and waits for is meant to have ended.
  return [
    ...sick,
    ...down.filter(({ seen: { facts } }) => !(facts.status === 'exited' && facts.exitCode === 0)),
  ];
}

function sickFindings(world: ContainerWorld): Finding[] {
  const sick = sickOnes(world);
  const roots = sickRoots(
    world.graph,
    sick.map(({ seen }) => seen.facts),
  );
  const unordered = unorderedProjects(world, roots, sick);
  const found = roots.flatMap((root) => {
    const judged = sick.find(({ seen }) => seen.facts.id === root.id);
    if (judged === undefined) return [];
    const waiting = waitingFor(world, root, sick);
    const cure = unordered.has(judged.seen.facts.project ?? '')
      ? lookInstead(world, judged.seen)
      : cureOf(world, judged);
    return [rootFinding(world, judged, { waiting, cure }), ...waitingFindings(judged, waiting)];
  });
  return [...[...unordered].map(orderUnknown), ...found];
}

function waitingFor({ graph }: ContainerWorld, root: Root, sick: readonly Judged[]): readonly Judged[] {
  return sick.filter(
    ({ seen: { facts } }) =>
      facts.id !== root.id && (root.circle.includes(facts.id) || ancestorsOf(graph, facts.id).has(root.id)),
  );
}

function rootFinding(
  world: ContainerWorld,
  { seen, verdict }: Judged,
  { waiting, cure }: { readonly waiting: readonly Judged[]; readonly cure: Cure },
): Finding {
  const { name } = seen.facts;
  const since = verdict.since === null ? '' : ` since ${secondsOf(verdict.since)}`;
  const because =
    waiting.length === 0 ? [] : [`${named(waiting.map(nameOf))} ${waits(waiting.length)} for it.`];
  const oom =
    seen.oomKills === null || seen.oomKills === 0
      ? []
      : [`In this life ${many(seen.oomKills, 'process', 'processes')} of it ran out of memory.`];
  const evidence = [...because, ...oom, ...cure.evidence, ...othersLive(world, seen)];
  const told = { evidence, next: cure.next, interrupts: cure.interrupts };
  switch (verdict.state) {
    case 'ghost':
      return finding('critical', 'ContainerGhost', {
        ...told,
        what: `${name} is a ghost${since}: ${verdict.detail}.`,
      });
    case 'stopped':
    case 'paused':
      return finding('critical', 'ContainerStopped', {
        ...told,
        what: `${name} is ${verdict.state}${since}: ${verdict.detail}.`,
      });
    default:
      return finding(verdict.reason === 'ProbeNotRun' ? 'warning' : 'critical', 'ContainerUnhealthy', {
        ...told,
        what: `${name} is unhealthy${since}: ${verdict.detail}.`,
      });
  }
}

function waits(count: number): string {
  return count === 1 ? 'depends on it and waits' : 'depend on it and wait';
}

/** What a step that goes further than this one would cost. */
function othersLive({ judged }: ContainerWorld, root: ContainerSeen): readonly string[] {
  const live = judged
    .filter(({ seen }) => seen.facts.id !== root.facts.id && seen.facts.pid !== 0)
    .map(({ seen }) => ({ name: seen.facts.name, count: sessionsOf(seen.sessions) }))
    .filter(({ count }) => count > 0);
  const total = live.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return [];
  const shares = live.map(({ name, count }) => `${String(count)} in ${name}`);
  return [
    `Anything that goes further than this one container would drop ${many(total, 'live session')} besides: ${named(shares)}.`,
  ];
}

function waitingFindings(root: Judged, waiting: readonly Judged[]): Finding[] {
  if (waiting.length === 0) return [];
  const sessions = waiting.reduce((sum, { seen }) => sum + sessionsOf(seen.sessions), 0);
  const kept = sessions === 0 ? '' : `, and they carry ${many(sessions, 'live session')}`;
  const name = root.seen.facts.name;
  return [
    finding('info', 'ContainersWaiting', {
      what: `${named(waiting.map(nameOf))} ${waiting.length === 1 ? 'is' : 'are'} sick, too, because of ${name} as far as can be told.`,
      evidence: waiting.slice(0, MOST_TOLD).map((each) => `${nameOf(each)}: ${each.verdict.detail}.`),
      harmless: `Leave them alone: they depend on ${name} and mostly recover by themselves once it is well${kept}.`,
    }),
  ];
}

/** Compose v1 writes on no container whom it depends on: then nobody's cure may come first by guess. */
function unorderedProjects(
  { graph }: ContainerWorld,
  roots: readonly Root[],
  sick: readonly Judged[],
): ReadonlyMap<string, readonly Judged[]> {
  const projects = new Map<string, Judged[]>();
  for (const each of sick) {
    const { project, id } = each.seen.facts;
    if (project === null || !roots.some((root) => root.id === id)) continue;
    projects.set(project, [...(projects.get(project) ?? []), each]);
  }
  for (const [project, members] of projects) {
    const isOrdered = members.some(
      ({ seen: { facts } }) => facts.dependsOnLabel !== null || (graph.above.get(facts.id)?.size ?? 0) > 0,
    );
    if (members.length < 2 || isOrdered) projects.delete(project);
  }
  return projects;
}

function orderUnknown([project, members]: readonly [string, readonly Judged[]]): Finding {
  const file = members.find(({ seen }) => seen.composeFile !== null)?.seen.composeFile ?? null;
  return finding('critical', 'ContainerOrderUnknown', {
    what: `${named(members.map(nameOf))} of ${project} are sick at once, and who depends on whom is written nowhere that Garrison reads.`,
    evidence: [
      'docker-compose v1 writes no such label. Begin with the one that the others depend on, and look again before you touch a second one.',
      'containers.dependsOn in garrison.yaml tells Garrison, such as { koko: [core] }; then this command names the cause.',
    ],
    next:
      file === null
        ? `look under depends_on in the compose file of ${project}`
        : `grep -nA6 depends_on ${quotedFile(file)}`,
  });
}

function otherFindings({ judged, checkup }: ContainerWorld): Finding[] {
  return judged.flatMap(({ seen, verdict }) => {
    const name = seen.facts.name;
    const look = `${checkup.commands.docker} inspect --format '{{json .State}}' ${nameForShell(seen.facts)}`;
    if (verdict.reason === 'ProbesStopped')
      return [
        finding('warning', 'ContainerUnprobed', {
          what: `${name} is not looked after: ${verdict.detail}.`,
          harmless: 'It runs, and need not be sick.',
          next: look,
        }),
      ];
    if (verdict.reason === 'DockerRestarts')
      return [
        finding('warning', 'ContainerCrashing', {
          what: `${name} ends again and again: ${verdict.detail}.`,
          next: `${checkup.commands.docker} logs --tail 50 ${nameForShell(seen.facts)}`,
        }),
      ];
    return loginFinding(seen);
  });
}

function loginFinding({ facts: { name }, sessions }: ContainerSeen): Finding[] {
  if (!sessions.carriesLogin) return [];
  return [
    finding('info', 'LoginThroughContainer', {
      what: `Somebody who is logged in on this machine came in through ${name}, perhaps you.`,
      evidence: [`Whatever ends ${name} cuts that session; Garrison refuses to.`],
      harmless: `Nothing is wrong with that as long as ${name} lives.`,
    }),
  ];
}

function gapFindings({ docker, judged, graph }: ContainerWorld): Finding[] {
  const gaps = [...new Set([...docker.gaps, ...judged.flatMap(({ seen }) => seen.gaps)])];
  const unread = docker.listed - docker.containers.length;
  const missing =
    unread > 0
      ? [`Of ${many(docker.listed, 'container')} Docker did not tell of ${String(unread)} in time.`]
      : [];
  return [
    ...missing.map((what) => finding('warning', 'NotSeen', { what })),
    ...gaps.slice(0, MOST_TOLD).map((what) => finding('info', 'NotSeen', { what })),
    ...graph.problems.slice(0, MOST_TOLD).map((what) => finding('info', 'NotSeen', { what: `${what}.` })),
  ];
}

const MOST_TOLD = 5;

function wellLines({ docker, judged, graph }: ContainerWorld): readonly string[] {
  if (docker.listed === 0) return ['Docker answers; it has no containers.'];
  const count = (state: string): number => judged.filter(({ verdict }) => verdict.state === state).length;
  const counted = ['healthy', 'starting', 'paused', 'stopped']
    .filter((state) => count(state) > 0)
    .map((state) => `${String(count(state))} ${state}`);
  const order = orderLine(judged, graph);
  return [
    `Docker answers.${counted.length === 0 ? '' : ` Containers: ${counted.join(', ')}.`}`,
    ...(order === null ? [] : [order]),
  ];
}

/** `Order: core before celery, koko`. */
function orderLine(judged: readonly Judged[], { above }: DependencyGraph): string | null {
  const behind = new Map<string, string[]>();
  for (const each of judged)
    for (const id of above.get(each.seen.facts.id) ?? [])
      behind.set(id, [...(behind.get(id) ?? []), nameOf(each)]);
  const parts = judged.flatMap(({ seen: { facts } }) => {
    const dependents = behind.get(facts.id);
    return dependents === undefined ? [] : [`${facts.name} before ${named(dependents)}`];
  });
  return parts.length === 0 ? null : `Order of dependence: ${named(parts)}.`;
}

/** Docker tells nanoseconds, which nobody reads. */
function secondsOf(time: string): string {
  return time.replace(/\.\d+/, '');
}

function nameOf({ seen }: Judged): string {
  return seen.facts.name;
}

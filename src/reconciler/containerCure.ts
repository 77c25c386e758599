/**
 * Says what the least harmful next step for one sick container is, as a command, and whom it interrupts.
 * It names the one container only, and no step where somebody's login or a docker compose at work stands against it.
 */
import type { ContainerVerdict } from '../detector/container.ts';
import type { ContainerFacts, ContainerSessions } from '../detector/containerFacts.ts';
import type { Checkup, ContainerSeen } from './checkup.ts';
import { clearanceOf } from './clearance.ts';
import type { DependencyGraph } from './dependency.ts';
import { followUpsOf } from './followUp.ts';
import { NOTHING, ONLY_LOOKS } from './finding.ts';
import { interruptions } from './healPlan.ts';

export interface Cure {
  readonly evidence: readonly string[];
  readonly next: string;
  readonly interrupts: string;
}

interface Around {
  readonly checkup: Checkup;
  readonly graph: DependencyGraph;
  readonly docker: { readonly containers: readonly ContainerSeen[] };
}

interface Sick {
  readonly seen: ContainerSeen;
  readonly verdict: ContainerVerdict;
}

export function cureOf(around: Around, { seen, verdict }: Sick): Cure {
  const { commands } = around.checkup;
  const name = nameForShell(seen.facts);
  const looks = lookInstead(around, seen);
  const clearance = clearanceOf({ ...seen, bundleFile: null });
  if (clearance.kind !== 'clear')
    return {
      evidence: [
        `${clearance.kind === 'never' ? 'Do not restart it from here' : 'Wait'}: ${clearance.because}.`,
      ],
      next: looks.next,
      interrupts: looks.interrupts,
    };
  if (verdict.state === 'ghost' || verdict.reason === 'ProbeNotRun') return looks;
  if (verdict.state === 'paused')
    return {
      evidence: ['Somebody paused it, as backups do: ask before you let it go on.'],
      next: `${commands.docker} unpause ${name}`,
      interrupts: NOTHING,
    };
  if (verdict.state === 'stopped')
    return {
      evidence: ['If somebody stopped it on purpose, ask first.'],
      next: supervised(around.checkup)
        ? `${commands.garrison} start container/${name}`
        : `${commands.docker} start ${name}`,
      interrupts: NOTHING,
    };
  return restartOf(around, seen);
}

function restartOf(around: Around, seen: ContainerSeen): Cure {
  const { checkup, graph, docker } = around;
  const name = nameForShell(seen.facts);
  const cut = interruptions(seen.facts.name, seen.sessions, seen.gaps);
  const interrupts =
    cut.length === 0 ? `${seen.facts.name} itself, which nobody is connected to` : cut.join('; ');
  if (supervised(checkup))
    return { evidence: [], next: `${checkup.commands.garrison} heal ${name}`, interrupts };
  const others = followUpsOf(seen.facts, graph).flatMap(({ id, because }) => {
    const other = docker.containers.find(({ facts }) => facts.id === id && facts.pid !== 0);
    return other === undefined ? [] : [`Once it is well, restart ${other.facts.name}, too: ${because}.`];
  });
  return {
    evidence: [
      'No supervisor answers, so Garrison cannot do it: this is by hand, and nothing verifies it.',
      ...others,
    ],
    next: `${checkup.commands.docker} restart ${name}`,
    interrupts,
  };
}

/** Where nothing may be done, or nobody knows yet what. */
export function lookInstead({ checkup }: Around, { facts }: ContainerSeen): Cure {
  const name = nameForShell(facts);
  const next = supervised(checkup)
    ? `${checkup.commands.garrison} why container/${name}`
    : `${checkup.commands.docker} inspect --format '{{json .State}}' ${name}`;
  return { evidence: [], next, interrupts: ONLY_LOOKS };
}

function supervised({ supervisor }: Checkup): boolean {
  return supervisor.kind === 'seen' && supervisor.value.door === 'answers';
}

/** What cannot be counted is none here; that it cannot is told apart. */
export function sessionsOf({ connections, execs }: ContainerSessions): number {
  return (connections ?? 0) + execs;
}

/** Docker takes no other names; what some other engine gives is named by its id. */
export function nameForShell({ name, id }: Pick<ContainerFacts, 'name' | 'id'>): string {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name) ? name : id.slice(0, 12);
}

/** For a POSIX shell. */
export function quotedFile(path: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/**
 * One made-up container as it truly is: what it does, who ended it, what was found out about it, and how treatments of it go.
 * It does nothing by itself: healWorld does.
 */
import type { ContainerFacts, Sharing } from '../../src/detector/containerFacts.ts';
import type { Treatment } from '../../src/reconciler/treatment.ts';
import type { Examining, Outcome, Spec } from './healHistory.ts';
import type { Truth } from './healOracle.ts';
import { momentAt } from './healScene.ts';
import { idOf, madeUpContainer } from './madeUpContainer.ts';

export interface Deed {
  readonly how: Treatment;
  /** It would be owed a start if it did not run afterwards. */
  readonly owes: boolean;
  readonly life: string;
  /** Docker is at it. */
  isAtWork: boolean;
}

export interface Sim {
  readonly spec: Spec;
  facts: ContainerFacts;
  /** As the board was told last. */
  told: ContainerFacts | null;
  endedBy: Truth['endedBy'];
  signalledAtMs: number;
  /** Since when it was shown to this Garrison as one. */
  ghostSinceMs: number | null;
  zombiesSinceMs: number | null;
  /** Since when it was shown as well; -Infinity when it was at first sight. */
  wellSinceMs: number | null;
  startedAtMs: number;
  restartedByUsAtMs: number | null;
  examined: Truth['examined'];
  deed: Deed | null;
  isQuarantined: boolean;
  restartsAtMs: number[];
  compose: boolean;
  examining: Examining;
  outcomes: Outcome[];
  examinations: number;
  deeds: number;
}

export function newSim(spec: Spec, all: readonly Spec[]): Sim {
  const label: Partial<Record<Spec['chosen'], string>> = {
    ...{ heal: 'true', labelFalse: 'false', labelFalseButNamed: ' FALSE ' },
    ...{ labelObserve: 'observe', labelNonsense: 'yes, please', excluded: 'true', observed: 'true' },
  };
  const shares = spec.edges.flatMap(({ on, by }): { what: Sharing; with: string }[] =>
    by === 'network' || by === 'volumes' ? [{ what: by, with: by === 'network' ? idOf(on) : on }] : [],
  );
  const labels = spec.edges
    .filter(({ by }) => by === 'label' || by === 'labelRestart')
    .map(({ on, by }) => `${on}:service_healthy:${String(by === 'labelRestart')}`);
  const facts = madeUpContainer(spec.name, {
    project: spec.project,
    service: spec.project === null ? null : spec.name,
    healLabel: label[spec.chosen] ?? null,
    dependsOnLabel: labels.length === 0 ? null : labels.join(','),
    shares,
    pid: 100 + all.indexOf(spec),
    startedAt: momentAt(-60_000).wall,
    restartPolicy: 'no',
    ...(spec.hasCheck ? {} : { health: null, healthCheck: null }),
  });
  return {
    ...{ spec, facts, told: null, endedBy: null, signalledAtMs: -Infinity, ghostSinceMs: null },
    ...{
      zombiesSinceMs: null,
      wellSinceMs: -Infinity,
      startedAtMs: -60_000,
      restartedByUsAtMs: null,
      examined: null,
      deed: null,
    },
    ...{ isQuarantined: false, restartsAtMs: [], compose: false, examining: 'quick', outcomes: ['works'] },
    ...{ examinations: 0, deeds: 0 },
  };
}

export function truthOf(sim: Sim): Truth {
  const told = sim.told ?? sim.facts;
  const health = told.status !== 'running' ? 'none' : (told.health?.status ?? 'healthy');
  return {
    ...sim,
    status: told.status,
    life: lifeOf(told),
    health,
    isUnprobed: told.health?.probes.at(-1)?.exitCode === -1,
    isDeedOpen: sim.deed !== null,
  };
}

export function lifeOf({ pid, startedAt }: ContainerFacts): string {
  return `${String(pid)} ${startedAt}`;
}

export function isEnded({ status }: ContainerFacts): boolean {
  return status === 'exited' || status === 'created';
}

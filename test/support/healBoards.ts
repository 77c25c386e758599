/**
 * The real boards over made-up containers, and what they tell of them noted on each.
 * They keep what a real one would keep in a file, as such a file would give it back.
 */
import type { Moment } from '../../src/clock.ts';
import { HEAL_POLICY } from '../../src/reconciler/healRecord.ts';
import type { SelectionRules } from '../../src/reconciler/selection.ts';
import { ContainerBoard } from '../../src/supervisor/containerBoard.ts';
import { HealBoard, type HealParts } from '../../src/supervisor/healBoard.ts';
import type { KeptHealing } from '../../src/supervisor/healMemory.ts';
import { HealStory } from '../../src/supervisor/healStory.ts';
import type { Spec } from './healHistory.ts';
import { BUDGET } from './healOracle.ts';
import type { Sim } from './healSims.ts';

const report = (): void => undefined;
const TOO_MANY = 50;

export function boardOver(
  sims: ReadonlyMap<string, Sim>,
  {
    startedAt,
    earlier,
    keep,
  }: { startedAt: Moment; earlier: KeptHealing; keep: (kept: KeptHealing) => void },
): ContainerBoard {
  const parts: HealParts = {
    report,
    story: storyOf(sims),
    earlier,
    keep: (kept) => keep(JSON.parse(JSON.stringify(kept)) as KeptHealing),
    zombiesIn: (shortId) => {
      const sim = [...sims.values()].find(({ facts }) => facts.id.startsWith(shortId));
      return (sim?.zombiesSinceMs ?? null) === null ? 0 : TOO_MANY;
    },
    onHealed: () => undefined,
  };
  const policy = { ...HEAL_POLICY, budget: BUDGET };
  const zombies = { most: 10, forMs: 60_000 };
  const heals = new HealBoard({ policy, selection: selectionOf(sims), zombies, startedAt }, parts);
  const dependsOn = Object.fromEntries(
    [...sims.values()].map(({ spec }) => [
      spec.name,
      spec.edges.filter(({ by }) => by === 'configuration').map(({ on }) => on),
    ]),
  );
  return new ContainerBoard({ dependsOn, startedAt }, { report, heals });
}

function storyOf(sims: ReadonlyMap<string, Sim>): HealStory {
  return new HealStory({
    earlier: [],
    keep: ({ event, container }) => {
      const sim = sims.get(container);
      if (sim === undefined) return;
      if (event === 'healed') sim.restartedByUsAtMs = sim.startedAtMs;
      if (event === 'healed' || event === 'healFailed') sim.deed = null;
      if (event === 'quarantined') sim.isQuarantined = true;
      if (event === 'quarantineCleared') sim.isQuarantined = false;
    },
    report,
  });
}

function selectionOf(sims: ReadonlyMap<string, Sim>): SelectionRules {
  const names = (chosen: Spec['chosen']): string[] =>
    [...sims.values()].filter(({ spec }) => spec.chosen === chosen).map(({ spec }) => spec.name);
  return {
    select: 'label',
    projects: [],
    heal: names('labelFalseButNamed'),
    observe: names('observed'),
    exclude: names('excluded'),
  };
}

/**
 * Joins the boards of containers and of their healing to what is kept of them on disk: budgets, quarantines, maintenance, the story.
 * It holds no rule of either.
 */
import { journalFailed } from './boards.ts';
import type { Moment } from './clock.ts';
import type { GarrisonConfig } from './config.ts';
import { readHealing, writeHealing } from './driver/healFile.ts';
import type { Journal } from './driver/journal.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';
import { HEAL_POLICY } from './reconciler/healRecord.ts';
import type { Survival } from './survival.ts';
import { ContainerBoard } from './supervisor/containerBoard.ts';
import type { ContainerStoryView } from './supervisor/door.ts';
import { HealBoard } from './supervisor/healBoard.ts';
import type { KeptHealing } from './supervisor/healMemory.ts';
import { HealStory } from './supervisor/healStory.ts';
import type { Report } from './supervisor/publisher.ts';
import { ZombieBoard } from './supervisor/zombieBoard.ts';

export interface HealingNeeds {
  readonly config: GarrisonConfig;
  readonly logger: Logger;
  readonly journal: Journal;
  readonly report: Report;
  readonly startedAt: Moment;
  readonly survival: Survival;
  readonly workerOf: (pid: number, startTicks: number) => string | null;
  readonly onHealed: (container: string, tookMs: number) => void;
}

/** Lines of the story lie in the journal under this name, so that `why` can tell of them after a restart. */
const STORY = 'container';
const EARLIER_LINES = 1_000;

/** Each knows something of the other: a zombie's container has a name, and a container's zombies are counted. */
export function openContainerBoards(needs: HealingNeeds): {
  containers: ContainerBoard;
  zombies: ZombieBoard;
} {
  const zombies: ZombieBoard = new ZombieBoard({
    ownPid: process.pid,
    workerOf: needs.workerOf,
    nameOfContainer: (shortId) => containers.nameOf(shortId),
  });
  const { config, report, startedAt } = needs;
  const { dependsOn } = config.containers;
  const heals = openHealBoard(needs, (shortId) => zombies.countIn(shortId));
  const containers = new ContainerBoard({ dependsOn, startedAt }, { report, heals });
  return { containers, zombies };
}

function openHealBoard(needs: HealingNeeds, zombiesIn: (shortId: string) => number): HealBoard {
  const { config, logger, journal, report, startedAt, survival } = needs;
  const { containers, home } = config;
  const { select, projects, heal, observe, exclude, budget, confirmMs, zombies } = containers;
  const story = new HealStory({
    earlier: earlierLines(journal),
    keep: ({ event: what, ...line }) => {
      journal.note({ ...line, what, event: STORY }, journalFailed(logger));
    },
    report,
  });
  return new HealBoard(
    {
      policy: { ...HEAL_POLICY, budget, confirmMs },
      selection: { select, projects, heal, observe, exclude },
      zombies,
      startedAt,
    },
    {
      ...{ report, story, zombiesIn },
      onHealed: needs.onHealed,
      earlier: readHealing({ homeDir: home, onSetAside: survival.onSetAside }, startedAt.wall),
      keep: (kept) => keepHealing(home, kept, needs),
    },
  );
}

/** What cannot be kept is told: the deeds themselves are in the journal already. */
function keepHealing(home: string, kept: KeptHealing, { logger, survival }: HealingNeeds): void {
  try {
    writeHealing(home, { ...kept });
    survival.noteWrite('healing.json', null);
  } catch (error) {
    survival.noteWrite('healing.json', messageOf(error));
    logger.error({ event: 'healingNotKept' }, messageOf(error));
  }
}

function earlierLines(journal: Journal): ContainerStoryView[] {
  return journal
    .last(STORY, EARLIER_LINES)
    .map(({ what, ...line }) => ({ ...line, event: what }) as unknown as ContainerStoryView);
}

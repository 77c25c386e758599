/**
 * Says what a sweep of all zombies will do, and once it is done, what became of each.
 * It sweeps nothing itself: the loop asks the hands to.
 */
import { now, type Moment } from '../clock.ts';
import { ZOMBIE_OWNERS } from '../detector/zombie.ts';
import type { SweptZombie } from './door.ts';
import type { Prepared } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';
import { MOST_LISTED, type ZombieBoard } from './zombieBoard.ts';

export interface SweepEnd {
  readonly state: 'done';
  readonly detail: string;
  readonly swept: readonly SweptZombie[];
}

/** The target of `reap`: all there are; it takes no pid and no list of them. */
export const ZOMBIES = 'zombies';
const SWEEP_PLAN =
  'looks at every zombie, reaps those that are ours to reap, and says of every other whose it is; nobody else is touched';

export function prepareSweep(supervisor: Supervisor): Prepared {
  return {
    interrupts: [],
    detail: SWEEP_PLAN,
    planned: plannedSweep(supervisor.zombies),
    begin: () => {
      const asked = now();
      supervisor.observe({ kind: 'sweepAsked' });
      return () => checkSweep(supervisor.zombies, asked);
    },
  };
}

/** For a dry run: what stands in the last look. */
export function plannedSweep(board: ZombieBoard): Pick<SweepEnd, 'swept'> {
  return {
    swept: board.list().map(({ pid, name, owner, advice }) => {
      const outcome = owner === 'own' ? 'reaped' : 'left';
      return { pid, name, outcome, owner, why: advice };
    }),
  };
}

/** Null until a look is done that began after it was asked for. */
export function checkSweep(board: ZombieBoard, asked: Moment): SweepEnd | null {
  const sweep = board.sweepSince(asked);
  if (sweep === null) return null;
  const { byOwner, total, limited } = board.summary;
  const counts = ZOMBIE_OWNERS.filter((owner) => byOwner[owner] > 0).map(
    (owner) => `${owner} ${String(byOwner[owner])}`,
  );
  const left =
    total === 0 ? 'none is left' : `${String(total)} left (${counts.join(', ')}), all dead and harmless`;
  const detail = `${String(sweep.reaped.length)} reaped, ${left}${limited === null ? '' : `. ${limited}`}`;
  return { state: 'done', detail, swept: [...sweep.reaped, ...sweep.left].slice(0, MOST_LISTED) };
}

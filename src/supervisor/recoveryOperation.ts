/**
 * Prepares a recovery in stages: what it would go through, what each step would interrupt, and how it is begun.
 * It does nothing itself: each step is an operation of its own, with the budget, the guard and the journal of any other.
 */
import { GarrisonError } from '../errors.ts';
import { foresee, type Foreseen, type RecoveryStep } from '../reconciler/recovery.ts';
import { costOf } from './containerCost.ts';
import type { OperationRequest, OperationView } from './door.ts';
import { isRunning } from './healEntry.ts';
import type { Surroundings } from './ports.ts';
import type { Prepared } from './preparedOperation.ts';
import { RecoveryCourse } from './recoveryCourse.ts';
import { RecoveryProgress } from './recoveryProgress.ts';
import { situationOf } from './recoverySituation.ts';
import type { Supervisor } from './supervisor.ts';

export interface RecoveryDesk {
  submit(request: OperationRequest): Promise<OperationView>;
  /** Throws NOT_FOUND. */
  find(id: string): OperationView;
  /** Id of a recovery that is under way. */
  running(): string | null;
}

export interface RecoveryRooms {
  readonly supervisor: Supervisor;
  readonly around: Surroundings;
  readonly desk: RecoveryDesk;
}

export async function prepareRecovery(request: OperationRequest, rooms: RecoveryRooms): Promise<Prepared> {
  const { supervisor, desk } = rooms;
  if (!request.dryRun) forbidSecond(desk);
  const sick = supervisor.containers.heals
    .entries()
    .filter(({ ailment, record }) => ailment !== null || record.leftStopped);
  const agreedTo = new Set(sick.map(({ seen }) => seen.facts.id));
  const foreseen = foresee(situationOf(supervisor, { agreedTo, done: [], isPatienceOver: false }));
  const costs = await Promise.all(foreseen.steps.map((step) => costOfStep(step, rooms)));
  const progress = new RecoveryProgress(foreseen, costs);
  if (request.dryRun && foreseen.steps.length === 0) progress.end(foreseen.end);
  return {
    interrupts: costs.flat(),
    steps: foreseen.steps.map(
      ({ stage, verb, target, because }) => `${stage}: ${verb} ${target}, because ${because}`,
    ),
    detail: summaryOf(foreseen),
    recovery: progress.view,
    begin: (id) => {
      // Another may have been begun while this one was examined.
      forbidSecond(desk);
      const course = new RecoveryCourse({ request, id, agreedTo, progress }, rooms);
      return () => course.check();
    },
  };
}

function forbidSecond(desk: RecoveryDesk): void {
  const other = desk.running();
  if (other === null) return;
  throw new GarrisonError('CONFLICTING_STATE', `recovery ${other} is under way; nothing was done`, {
    cure: `See how it goes with garrison describe operation ${other}.`,
  });
}

/** What cannot be examined is said, and hinders no plan: the step's own operation will refuse it. */
async function costOfStep(
  { target, interrupts }: RecoveryStep,
  rooms: RecoveryRooms,
): Promise<readonly string[]> {
  const { heals } = rooms.supervisor.containers;
  const name = target.replace(/^container\//, '');
  const entry = heals.entries().find(({ seen }) => target === `container/${seen.facts.name}`);
  if (entry === undefined || !isRunning(entry.seen)) return interrupts;
  try {
    return [...interrupts, ...(await costOf([{ id: entry.seen.facts.id, name }], rooms.around))];
  } catch (error) {
    if (!(error instanceof GarrisonError)) throw error;
    return [...interrupts, `${name}: ${error.message}`];
  }
}

function summaryOf({ steps, end }: Foreseen): string {
  const stages = [...new Set(steps.map(({ stage }) => stage))];
  if (stages.length > 0)
    return `up to ${String(steps.length)} ${steps.length === 1 ? 'step' : 'steps'} at ${stages.length === 1 ? 'the stage' : 'the stages'} ${stages.join(', ')}; it stops at the first that cures`;
  return end.kind === 'needsPerson'
    ? 'nothing that a recovery may do would help: what is left is for a person'
    : 'nothing is wrong that a recovery could cure';
}

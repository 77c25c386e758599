/**
 * Carries out the actions on workers, one call of the pool for each.
 * It has no opinions, and knows no other action.
 */
import { unreachable } from '../errors.ts';
import type { Action } from '../reconciler/action.ts';
import type { WorkerPool } from './workers.ts';

export type WorkerAction = Extract<Action, { worker: string }>;

export function performOnWorker(pool: WorkerPool, action: WorkerAction): void {
  switch (action.kind) {
    case 'spawnWorker':
      pool.spawn(action.worker);
      break;
    case 'promoteSpare':
      pool.promote(action.worker, action.incarnation);
      break;
    case 'killWorker':
      pool.kill(action.worker, action.incarnation, action);
      break;
    case 'drainWorker':
      pool.drain(action.worker, action.incarnation, action.why);
      break;
    case 'autopsy':
      void pool.autopsy(action.worker, action.incarnation, action);
      break;
    case 'endJob':
      pool.endJob(action.worker, action.incarnation, action);
      break;
    case 'nudgeWorker':
      pool.nudge(action.worker, action.incarnation);
      break;
    case 'resumeWorker':
      pool.resume(action.worker, action.incarnation);
      break;
    case 'tellWorker':
      pool.tell(action.worker, action.incarnation, action.message);
      break;
    default:
      unreachable(action);
  }
}

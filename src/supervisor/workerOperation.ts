/**
 * Says what an operation on a worker will do, and whether what it wanted is verified yet.
 * It does nothing itself: the loop does, once the wish is set.
 */
import { unreachable } from '../errors.ts';
import type { WorkerVerb, WorkerView } from './door.ts';

/** How an operation ended. */
export interface Verified {
  readonly state: 'done' | 'failed';
  readonly detail: string;
}

/** A sentence: what will happen to the worker. */
export function workerPlan(verb: WorkerVerb, worker: WorkerView): string {
  const hand =
    worker.jobs.length === 0
      ? 'it has no job in hand'
      : `it first finishes ${String(worker.jobs.length)} job(s) in hand`;
  switch (verb) {
    case 'restart':
      return `${worker.name} drains (${hand}), ends, and a new process takes its place`;
    case 'stop':
      return `${worker.name} drains (${hand}), ends, and stays stopped until garrison start`;
    case 'start':
      return `${worker.name} is started and takes jobs`;
    case 'quiet':
      return `${worker.name} takes no new jobs (${hand})`;
    default:
      return unreachable(verb);
  }
}

/** `before`: the nonce of the incarnation that was there when it was asked for. */
export function checkWorker(
  verb: WorkerVerb,
  before: string | null,
  worker: WorkerView | null,
): Verified | null {
  if (worker === null) return { state: 'failed', detail: 'the worker is no longer configured' };
  const { name, state, reason, detail } = worker;
  const nonce = worker.incarnation?.nonce ?? null;
  if (state === 'failed') return { state: 'failed', detail: `${name} keeps failing: ${detail}` };
  const done = (sentence: string): Verified => ({ state: 'done', detail: sentence });
  switch (verb) {
    case 'restart':
      return state === 'up' && nonce !== before
        ? done(`${name} is up as pid ${String(worker.incarnation?.pid)}`)
        : null;
    case 'start':
      return state === 'up' && reason === 'Beating' ? done(`${name} is up and takes jobs`) : null;
    case 'stop':
      return state === 'stopped' ? done(`${name} is stopped`) : null;
    case 'quiet':
      return reason === 'Quiet' ? done(`${name} takes no new jobs`) : null;
    default:
      return unreachable(verb);
  }
}

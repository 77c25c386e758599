/**
 * Prepares an operation on a worker: what it will do, how it is begun, and whether what it wanted is verified yet.
 * It does nothing itself: the loop does, once the wish is set.
 */
import { GarrisonError, unreachable } from '../errors.ts';
import { incarnationText } from '../heartbeat.ts';
import type { OperationRequest, WorkerVerb, WorkerView } from './door.ts';
import type { Surroundings } from './ports.ts';
import type { Prepared, Verified } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

/** A stopped or quiet worker stays so over a restart of the supervisor. */
export function prepareForWorker(
  request: OperationRequest & { readonly verb: WorkerVerb },
  supervisor: Supervisor,
  around: Surroundings,
): Prepared {
  const { verb } = request;
  const worker = targetWorker(request, supervisor);
  const ends = verb === 'restart' || verb === 'stop';
  return {
    interrupts: ends ? worker.jobs.map((id) => `job ${id} on ${worker.name}`) : [],
    detail: workerPlan(verb, worker),
    begin: () => {
      // The old incarnation must be noted before the wish is set, or its own end could not be told from the next one's.
      const before = worker.incarnation?.nonce ?? null;
      setWish(verb, worker, { supervisor, around });
      return () => checkWorker(verb, before, supervisor.worker(worker.name));
    },
  };
}

function setWish(
  verb: WorkerVerb,
  worker: WorkerView,
  { supervisor, around }: { readonly supervisor: Supervisor; readonly around: Surroundings },
): void {
  const wish = verb === 'stop' ? 'stop' : verb === 'quiet' ? 'quiet' : 'run';
  const { workers } = supervisor.snapshot();
  const kept = Object.fromEntries(workers.map((each) => [each.name, each.wish]));
  // Kept first: a wish that took effect but is forgotten at the next start would be a latch that lifts itself.
  around.keepWishes({ ...kept, [worker.name]: wish });
  const recycle = verb === 'restart' ? worker.incarnation : null;
  supervisor.setWish(worker.name, { worker: wish, recycle, recycleFor: 'Person' });
}

function targetWorker({ target, ifIncarnation }: OperationRequest, supervisor: Supervisor): WorkerView {
  const name = target.replace(/^worker\//, '');
  const worker = supervisor.worker(name);
  if (worker === null) {
    const known = supervisor.snapshot().workers.map((each) => each.name);
    throw new GarrisonError('NOT_FOUND', `there is no worker ${name}`, {
      cure: `The workers are: ${known.join(', ')}.`,
    });
  }
  const current = worker.incarnation === null ? 'none' : incarnationText(worker.incarnation);
  if (ifIncarnation === null || ifIncarnation === current) return worker;
  throw new GarrisonError(
    'INCARNATION_CHANGED',
    `${name} is now incarnation ${current}, not ${ifIncarnation}; nothing was done`,
    { cure: 'Look at it again and repeat the command with the current one.' },
  );
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

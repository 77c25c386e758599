/**
 * Prepares an operation on a worker: what it will do, how it is begun, and whether what it wanted is verified yet.
 * It does nothing itself: the loop does, once the wish is set.
 */
import type { WorkerWish } from '../detector/verdict.ts';
import { GarrisonError, unreachable } from '../errors.ts';
import { incarnationText } from '../heartbeat.ts';
import type { OperationRequest, Verb, WorkerVerb, WorkerView } from './door.ts';
import type { Surroundings } from './ports.ts';
import type { Prepared, Stand, Verified } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

/** A stopped or quiet worker stays so over a restart of the supervisor. */
export function prepareForWorker(
  request: OperationRequest & { readonly verb: WorkerVerb },
  supervisor: Supervisor,
  around: Surroundings,
): Prepared {
  const { verb } = request;
  const worker = targetWorker(request, supervisor);
  forbid(verb, worker);
  const ends = verb === 'restart' || verb === 'stop';
  return {
    interrupts: ends ? worker.jobs.map((id) => `job ${id} on ${worker.name}`) : [],
    detail: workerPlan(verb, worker),
    stand: { worker: worker.name, wish: wishAfter(verb, worker) },
    begin: () => {
      // The old incarnation must be noted before the wish is set, or its own end could not be told from the next one's.
      const before = worker.incarnation?.nonce ?? null;
      setWish(verb, worker, { supervisor, around });
      if (verb === 'stop' && isStopped(worker))
        return () => ({ state: 'done', detail: `${worker.name} was stopped already` });
      return () => checkWorker(verb, before, supervisor.worker(worker.name));
    },
  };
}

/** To be quiet it would have to be started: that is another deed than the one asked for. */
function forbid(verb: WorkerVerb, worker: WorkerView): void {
  const { name, wish } = worker;
  if (verb !== 'quiet' || wish !== 'stop') return;
  const how = isStopped(worker) ? 'is stopped' : 'is being stopped';
  throw new GarrisonError('NOT_RUNNING', `${name} ${how}: it takes no new jobs, and nothing was done`, {
    cure: `To have it run and take none: garrison start ${name}, then garrison quiet ${name}.`,
  });
}

function isStopped({ wish, incarnation }: WorkerView): boolean {
  return wish === 'stop' && incarnation === null;
}

function setWish(
  verb: WorkerVerb,
  worker: WorkerView,
  { supervisor, around }: { readonly supervisor: Supervisor; readonly around: Surroundings },
): void {
  const wish = wishAfter(verb, worker);
  const { workers } = supervisor.snapshot();
  const kept = Object.fromEntries(workers.map((each) => [each.name, each.wish]));
  // Kept first: a wish that took effect but is forgotten at the next start would be a latch that lifts itself.
  around.keepWishes({ ...kept, [worker.name]: wish });
  const { recycle = null, recycleFor = 'Person' } = supervisor.wishOf(worker.name) ?? {};
  if (verb === 'restart') {
    const restart = { recycle: worker.incarnation, startsAtOnce: true };
    supervisor.setWish(worker.name, { worker: wish, ...restart, recycleFor: 'Person' });
  } else if (wish === 'stop') {
    supervisor.setWish(worker.name, { worker: wish, recycle: null, recycleFor: 'Person' });
  } else {
    // A restart that somebody else asked for goes on: nothing that is wished here speaks against it.
    supervisor.setWish(worker.name, { worker: wish, recycle, recycleFor });
  }
}

/** Only a start ends a quiet: whoever restarts a worker has not said that it should take jobs again. */
export function wishAfter(verb: WorkerVerb, { wish }: Pick<WorkerView, 'wish'>): WorkerWish {
  switch (verb) {
    case 'restart':
      return wish === 'quiet' ? 'quiet' : 'run';
    case 'start':
      return 'run';
    case 'stop':
      return 'stop';
    case 'quiet':
      return 'quiet';
    default:
      return unreachable(verb);
  }
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

/** Can what an earlier operation wanted no longer come, now that `later` is wished? */
export function isOverruled(earlier: Stand & { readonly verb: Verb }, later: Stand): boolean {
  if (earlier.worker !== later.worker || earlier.wish === later.wish) return false;
  // A restart leaves a quiet worker quiet, but does not want it so: it is up all the same.
  return !(earlier.verb === 'restart' && later.wish === 'run');
}

/** A sentence: what will happen to the worker, as it is now. */
export function workerPlan(verb: WorkerVerb, worker: WorkerView): string {
  switch (verb) {
    case 'restart':
      return restartPlan(worker);
    case 'stop':
      return stopPlan(worker);
    case 'start':
      return startPlan(worker);
    case 'quiet':
      return quietPlan(worker);
    default:
      return unreachable(verb);
  }
}

function restartPlan(worker: WorkerView): string {
  const { name, wish, incarnation } = worker;
  const isQuiet = wish === 'quiet';
  const then = isQuiet
    ? `which takes no new jobs: it stays quiet until garrison start ${name}`
    : 'which takes jobs';
  if (incarnation !== null)
    return `${name} drains (${handOf(worker)}), ends, and a new process takes its place, ${then}`;
  const why = wish === 'stop' ? 'is stopped' : 'has no process now';
  return `${name} ${why}: a process is started at once, ${then}`;
}

function stopPlan(worker: WorkerView): string {
  const { name, wish, incarnation } = worker;
  const until = `stays stopped until garrison start ${name}`;
  if (isStopped(worker)) return `${name} is stopped already, and ${until}; nothing is done`;
  if (incarnation === null) return `${name} has no process now, is not started again, and ${until}`;
  if (wish === 'stop') return `${name} is being stopped already: ${handOf(worker)}, ends, and ${until}`;
  return `${name} drains (${handOf(worker)}), ends, and ${until}`;
}

function startPlan(worker: WorkerView): string {
  const { name, wish, incarnation } = worker;
  if (incarnation === null) return `${name} has no process now: one is started at once and takes jobs`;
  if (wish === 'stop')
    return `${name} is being stopped: ${handOf(worker)}, ends, and a new process takes its place, which takes jobs`;
  return wish === 'quiet' ? `${name} is quiet, and takes jobs again` : `${name} runs and takes jobs already`;
}

function quietPlan(worker: WorkerView): string {
  const { name, wish, incarnation } = worker;
  const until = `until garrison start ${name}`;
  if (wish === 'quiet') return `${name} is quiet already: it takes no new jobs ${until}`;
  return incarnation === null
    ? `${name} has no process now; it starts again as before, and takes no new jobs ${until}`
    : `${name} takes no new jobs ${until} (${handOf(worker)})`;
}

function handOf({ jobs }: WorkerView): string {
  if (jobs.length === 0) return 'it has no job in hand';
  return jobs.length === 1
    ? 'it first finishes the job in hand'
    : `it first finishes the ${String(jobs.length)} jobs in hand`;
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
      return state === 'up' && nonce !== before ? done(`${name} is up as ${lifeOf(worker)}`) : null;
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

function lifeOf({ incarnation, wish }: WorkerView): string {
  const pid = `pid ${String(incarnation?.pid)}`;
  return wish === 'quiet' ? `${pid}, and takes no new jobs as before` : pid;
}

/**
 * Makes the sentence over everything from the states the supervisor published.
 * It never judges a worker: it only counts what the detector said.
 */
import type { Snapshot, WorkerView } from '../supervisor/door.ts';

export interface Overall {
  readonly state: 'well' | 'degraded';
  /** One sentence for each thing that is not well; a single good one when all is. */
  readonly sentences: readonly string[];
}

export function overallOf(snapshot: Snapshot): Overall {
  const sentences = [
    ...supervisorSentence(snapshot),
    ...(snapshot.redis.up ? [] : [`Redis is down since ${snapshot.redis.since}: ${snapshot.redis.detail}`]),
    ...workerSentences(snapshot.workers),
    ...containerSentences(snapshot),
    ...(snapshot.queue.served ? [] : [`The queue is not served: ${snapshot.queue.detail}`]),
  ];
  if (sentences.length > 0) return { state: 'degraded', sentences };
  const count = snapshot.workers.length;
  const quiet = snapshot.workers.filter((worker) => worker.wish === 'quiet').map((worker) => worker.name);
  const held =
    quiet.length === 0
      ? []
      : [`${quiet.join(', ')} quiet, as a person asked: garrison start NAME lets it take jobs.`];
  return {
    state: 'well',
    sentences: [`All ${String(count)} workers are up. ${snapshot.queue.detail}`, ...held],
  };
}

/** Nobody reads on; the list of containers has them all. */
const ROOTS_TOLD = 5;

/** `3 of 4 workers are up` and so on, for a heading. */
export function workerCount(workers: readonly WorkerView[]): string {
  const up = workers.filter((worker) => worker.state === 'up').length;
  return `${String(up)} of ${String(workers.length)} workers up`;
}

function supervisorSentence(snapshot: Snapshot): readonly string[] {
  switch (snapshot.state) {
    case 'running':
      return [];
    case 'starting':
      return [`The supervisor is starting since ${snapshot.startedAt}.`];
    case 'stopping':
      return ['The supervisor is stopping: jobs in hand are finished, no new ones are taken.'];
  }
}

/** Docker that has never been seen is no trouble: the machine may have none. */
function containerSentences({ docker, containers }: Snapshot): readonly string[] {
  if (docker.state === 'away')
    return containers.listed ? [`Docker does not answer since ${docker.since}: ${docker.detail}`] : [];
  const roots = containers.sick.filter(({ name, root }) => root === null || root === name);
  const more = roots.length - ROOTS_TOLD;
  const told = roots.slice(0, ROOTS_TOLD).map(({ name, state, since, detail }) => {
    const others = containers.sick.filter((each) => each.root === name && each.name !== name);
    const explains =
      others.length === 0 ? '' : `; it may explain ${others.map((each) => each.name).join(', ')}`;
    return `Container ${name} is ${state === 'ghost' ? 'a ghost' : state} since ${since}: ${detail}${explains}`;
  });
  return more > 0
    ? [...told, `${String(more)} more containers are unhealthy: garrison get containers --state unhealthy`]
    : told;
}

function workerSentences(workers: readonly WorkerView[]): readonly string[] {
  return workers
    .filter((worker) => worker.state !== 'up')
    .map((worker) => `${worker.name} is ${worker.state} since ${worker.since}: ${worker.detail}`);
}

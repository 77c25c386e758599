/**
 * Makes the sentence over everything from the states the supervisor published.
 * It never judges a worker: it only counts what the detector said.
 */
import type { Snapshot, WorkerView } from '../supervisor/door.ts';
import { containerSentences, maintenanceSentences } from './containerSentence.ts';

export interface Overall {
  readonly state: 'well' | 'degraded';
  /** One sentence for each thing that is not well, or a single good one; then what a person has asked for and may have forgotten. */
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
  const maintenance = maintenanceSentences(snapshot);
  if (sentences.length > 0) return { state: 'degraded', sentences: [...sentences, ...maintenance] };
  const count = snapshot.workers.length;
  const quiet = snapshot.workers.filter((worker) => worker.wish === 'quiet').map((worker) => worker.name);
  const held =
    quiet.length === 0
      ? []
      : [`${quiet.join(', ')} quiet, as a person asked: garrison start NAME lets it take jobs.`];
  return {
    state: 'well',
    sentences: [`All ${String(count)} workers are up. ${snapshot.queue.detail}`, ...held, ...maintenance],
  };
}

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

function workerSentences(workers: readonly WorkerView[]): readonly string[] {
  return workers
    .filter((worker) => worker.state !== 'up')
    .map((worker) => `${worker.name} is ${worker.state} since ${worker.since}: ${worker.detail}`);
}

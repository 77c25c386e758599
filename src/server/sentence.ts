/**
 * Makes the sentence over everything from the states the supervisor published.
 * It never judges a worker: it only counts what the detector said.
 */
import type { Snapshot, WorkerReason, WorkerState, WorkerView } from '../supervisor/door.ts';
import {
  maintenanceTold,
  troublesOfContainers,
  type ContainersFact,
  type Told,
} from './containerSentence.ts';
import { homeNotes, homeTroubles, type HomeFact } from './homeSentence.ts';

export interface Overall {
  readonly state: 'well' | 'degraded';
  /** One sentence for each thing that is not well, or a single good one; then what a person has asked for and may have forgotten. */
  readonly sentences: readonly string[];
  /** What each of the sentences says, in their order: for whoever says it in another language. */
  readonly facts: readonly OverallFact[];
}

export type OverallFact =
  | { readonly code: 'SupervisorStarting'; readonly since: string }
  | { readonly code: 'SupervisorStopping' }
  | { readonly code: 'RedisDown'; readonly since: string }
  | {
      readonly code: 'WorkerNotUp';
      readonly worker: string;
      readonly state: WorkerState;
      readonly reason: WorkerReason;
      readonly since: string;
      /** Null while it has no process. */
      readonly pid: number | null;
    }
  /** Another supervisor of the queue of which there is no news. */
  | { readonly code: 'SupervisorSilent'; readonly name: string; readonly since: string }
  | { readonly code: 'QueueNotServed'; readonly isRedisUp: boolean }
  | { readonly code: 'AllUp'; readonly workers: number }
  | { readonly code: 'SomeQuiet'; readonly workers: readonly string[] }
  | ContainersFact
  | HomeFact;

export function overallOf(snapshot: Snapshot): Overall {
  const troubles = [
    ...supervisorTold(snapshot),
    ...redisTold(snapshot),
    ...homeTroubles(snapshot),
    ...workersTold(snapshot.workers),
    ...troublesOfContainers(snapshot),
    ...queueTold(snapshot),
    ...fleetTold(snapshot),
  ];
  const told = troubles.length > 0 ? troubles : goodWord(snapshot);
  const all = [...told, ...maintenanceTold(snapshot), ...homeNotes(snapshot)];
  return {
    state: troubles.length > 0 ? 'degraded' : 'well',
    sentences: all.map(({ sentence }) => sentence),
    facts: all.map(({ fact }) => fact),
  };
}

/** `3 of 4 workers are up` and so on, for a heading. */
export function workerCount(workers: readonly WorkerView[]): string {
  const up = workers.filter((worker) => worker.state === 'up').length;
  return `${String(up)} of ${String(workers.length)} workers up`;
}

function goodWord({ workers, queue }: Snapshot): readonly Told<OverallFact>[] {
  const count = workers.length;
  const quiet = workers.filter((worker) => worker.wish === 'quiet').map((worker) => worker.name);
  const up: Told<OverallFact> = {
    sentence: `All ${String(count)} workers are up. ${queue.detail}`,
    fact: { code: 'AllUp', workers: count },
  };
  if (quiet.length === 0) return [up];
  const sentence = `${quiet.join(', ')} quiet, as a person asked: garrison start NAME lets it take jobs.`;
  return [up, { sentence, fact: { code: 'SomeQuiet', workers: quiet } }];
}

/** Whether it is down cannot be seen from here. */
function fleetTold({ fleet }: Snapshot): readonly Told<OverallFact>[] {
  const silent = (fleet?.members ?? []).filter(({ presence }) => presence === 'silent');
  return silent.map(({ name, heardAt: since, where }) => ({
    sentence: `There is no news of ${name} (${where}) since ${since}; garrison status there says more.`,
    fact: { code: 'SupervisorSilent', name, since },
  }));
}

function supervisorTold({ state, startedAt }: Snapshot): readonly Told<OverallFact>[] {
  switch (state) {
    case 'running':
      return [];
    case 'starting':
      return [
        {
          sentence: `The supervisor is starting since ${startedAt}.`,
          fact: { code: 'SupervisorStarting', since: startedAt },
        },
      ];
    case 'stopping':
      return [
        {
          sentence: 'The supervisor is stopping: jobs in hand are finished, no new ones are taken.',
          fact: { code: 'SupervisorStopping' },
        },
      ];
  }
}

function redisTold({ redis: { up, since, detail } }: Snapshot): readonly Told<OverallFact>[] {
  if (up) return [];
  return [{ sentence: `Redis is down since ${since}: ${detail}`, fact: { code: 'RedisDown', since } }];
}

function queueTold({ queue: { served, detail }, redis }: Snapshot): readonly Told<OverallFact>[] {
  if (served) return [];
  return [
    {
      sentence: `The queue is not served: ${detail}`,
      fact: { code: 'QueueNotServed', isRedisUp: redis.up },
    },
  ];
}

function workersTold(workers: readonly WorkerView[]): readonly Told<OverallFact>[] {
  return workers
    .filter((worker) => worker.state !== 'up')
    .map(({ name, state, reason, since, detail, incarnation }) => ({
      sentence: `${name} is ${state} since ${since}: ${detail}`,
      fact: { code: 'WorkerNotUp', worker: name, state, reason, since, pid: incarnation?.pid ?? null },
    }));
}

/**
 * Shows each of this supervisor's own workers to Prometheus, in the words and numbers that people are shown.
 * It says nothing of another supervisor's workers: each tells of its own.
 */
import { RESTART_REASONS } from '../detector/restartReason.ts';
import { SPARE_STATES } from '../detector/spareState.ts';
import type { VerdictCounts, WorkerMeasures, WorkerView } from '../supervisor/door.ts';
import type { MetricBook } from './metricBook.ts';
import { epochSeconds, type Scene } from './scene.ts';
import type { Series } from './seriesFamily.ts';
import { WORKER_STATES } from './words.ts';

export function addWorkerMetrics(book: MetricBook, scene: () => Scene): void {
  addStates(book, () => scene().snapshot.workers);
  addResources(book, () => scene().snapshot.workers);
  addVerdicts(book, () => verdictsOf(scene()));
  addMemoryLimit(book, () => scene().measures.workers);
  addTimes(book, () => scene().measures.workers);
  addRestarts(book, () => scene().measures.workers);
  addSpare(book, scene);
}

/** Takes jobs, on time or late. */
export function isWorking({ state }: Pick<WorkerView, 'state'>): boolean {
  return state === 'up' || state === 'late';
}

function addStates(book: MetricBook, read: () => readonly WorkerView[]): void {
  const byName = {
    subject: ({ name }: WorkerView): string => name,
    stamp: ({ state }: WorkerView): unknown => state,
  };
  book.many<WorkerView>(
    'gauge',
    {
      ...byName,
      name: 'worker_up',
      help: '1 while the worker works (up or late).',
      labelNames: ['worker'],
      series: (view) => [[[view.name], isWorking(view) ? 1 : 0]],
    },
    read,
  );
  book.many<WorkerView>(
    'gauge',
    {
      ...byName,
      name: 'worker_state',
      help: '1 for the state the worker is in, 0 for all others.',
      labelNames: ['worker', 'state'],
      series: ({ name, state }) =>
        WORKER_STATES.map((word): Series => [[name, word], word === state ? 1 : 0]),
    },
    read,
  );
}

function addResources(book: MetricBook, read: () => readonly WorkerView[]): void {
  const subject = ({ name }: WorkerView): string => name;
  book.many<WorkerView>(
    'gauge',
    {
      subject,
      stamp: ({ jobs, riders, slots }) => `${String(jobs.length - riders)} ${String(slots)}`,
      name: 'worker_slots',
      help: 'Slots of the worker, busy and free.',
      labelNames: ['worker', 'state'],
      series: ({ name, jobs, riders, slots }) => [
        [[name, 'busy'], jobs.length - riders],
        [[name, 'free'], Math.max(0, slots - jobs.length + riders)],
      ],
    },
    read,
  );
  book.many<WorkerView>(
    'gauge',
    {
      subject,
      stamp: ({ rssBytes }) => rssBytes,
      name: 'worker_resident_memory_bytes',
      help: 'Resident memory of the worker, as its last beat told; 0 while it does not live.',
      labelNames: ['worker'],
      series: ({ name, rssBytes }) => [[[name], rssBytes ?? 0]],
    },
    read,
  );
}

function addMemoryLimit(book: MetricBook, read: () => readonly WorkerMeasures[]): void {
  book.many<WorkerMeasures>(
    'gauge',
    {
      subject: ({ worker }) => worker,
      stamp: ({ memoryLimitBytes }) => memoryLimitBytes,
      name: 'worker_memory_limit_bytes',
      help: 'Resident memory over which the worker is drained and replaced, as configured.',
      labelNames: ['worker'],
      series: ({ worker, memoryLimitBytes }) => [[[worker], memoryLimitBytes]],
    },
    read,
  );
}

/** Of each worker that there is, also when nothing was counted yet. */
function verdictsOf({ snapshot, verdicts }: Scene): readonly VerdictCounts[] {
  const counted = new Map(verdicts.map((counts) => [counts.worker, counts]));
  return snapshot.workers.map(
    ({ name: worker }) => counted.get(worker) ?? { worker, shown: {}, heldBack: 0 },
  );
}

/** Counted by the supervisor as it judges. */
function addVerdicts(book: MetricBook, read: () => readonly VerdictCounts[]): void {
  const subject = ({ worker }: VerdictCounts): string => worker;
  book.many<VerdictCounts>(
    'counter',
    {
      subject,
      stamp: ({ shown }) => JSON.stringify(shown),
      name: 'worker_state_transitions_total',
      help: 'Changes of state that people were shown.',
      labelNames: ['worker', 'to'],
      series: ({ worker, shown }) => WORKER_STATES.map((to): Series => [[worker, to], shown[to] ?? 0]),
    },
    read,
  );
  book.many<VerdictCounts>(
    'counter',
    {
      subject,
      stamp: ({ heldBack }) => heldBack,
      name: 'worker_suppressed_transitions_total',
      help: 'Changes of verdict that did not last and that nobody was shown.',
      labelNames: ['worker'],
      series: ({ worker, heldBack }) => [[[worker], heldBack]],
    },
    read,
  );
}

function addTimes(book: MetricBook, read: () => readonly WorkerMeasures[]): void {
  const times = {
    labelNames: ['worker'],
    subject: ({ worker }: WorkerMeasures): string => worker,
    whenGone: 'asItWas',
  } as const;
  const at = ({ worker }: WorkerMeasures, wall: string | null): readonly Series[] =>
    wall === null ? [] : [[[worker], epochSeconds(wall)]];
  book.many<WorkerMeasures>(
    'gauge',
    {
      ...times,
      name: 'worker_last_heartbeat_timestamp_seconds',
      help: "When the worker's last beat came, also of a life that has ended; not there before the first.",
      stamp: ({ lastBeatAt }) => lastBeatAt,
      series: (worker) => at(worker, worker.lastBeatAt),
    },
    read,
  );
  book.many<WorkerMeasures>(
    'gauge',
    {
      ...times,
      name: 'worker_start_time_seconds',
      help: "When the worker's present life, or else its last, began; not there before the first.",
      stamp: ({ startedAt }) => startedAt,
      series: (worker) => at(worker, worker.startedAt),
    },
    read,
  );
}

function addRestarts(book: MetricBook, read: () => readonly WorkerMeasures[]): void {
  book.many<WorkerMeasures>(
    'counter',
    {
      subject: ({ worker }) => worker,
      name: 'worker_restarts_total',
      help: 'How often the worker was started again, by why its life before that had ended.',
      labelNames: ['worker', 'reason'],
      stamp: ({ restarts }) => restarts,
      series: ({ worker, restarts }) =>
        RESTART_REASONS.map((reason): Series => [[worker, reason], restarts[reason]]),
    },
    read,
  );
}

function addSpare(book: MetricBook, scene: () => Scene): void {
  book.one<Scene>(
    'gauge',
    {
      name: 'worker_spare',
      help: "1 for the state of the spare that takes a dead worker's place, 0 for all others; not there where none is kept.",
      labelNames: ['state'],
      series: ({ snapshot: { spare } }) =>
        spare === undefined || spare === null
          ? []
          : SPARE_STATES.map((state): Series => [[state], spare.state === state ? 1 : 0]),
    },
    scene,
  );
}

/**
 * Shows the queue, its jobs and how they ended to Prometheus.
 * It never has a label with a job, a host or an account in it.
 */
import { isFinal } from '../push/job.ts';
import { REASONS, UNANSWERED_REASONS, type Reason, type UnansweredReason } from '../push/reason.ts';
import { PUSH_QUEUE } from '../queueName.ts';
import type { Change, Door } from '../supervisor/door.ts';
import type { MetricBook } from './metricBook.ts';
import type { Scene } from './scene.ts';
import type { Series } from './seriesFamily.ts';
import { Tally } from './tally.ts';
import { isWorking } from './workerMetrics.ts';
import { JOB_STATES, STAGES } from './words.ts';

const OUTCOMES = JOB_STATES.filter((state) => isFinal(state));
const JOB_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const CANARY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function addJobMetrics(book: MetricBook, scene: () => Scene, door: Door): void {
  addQueue(book, scene);
  const ends = [countEnds(book), timeEnds(book), countErrors(book)];
  const canary = book.histogram({
    name: 'queue_canary_seconds',
    help: 'From putting a no-op job on the queue until it came back.',
    labelNames: [],
    buckets: CANARY_SECONDS,
  });
  const forget = door.onChange((change) => {
    if (change.type === 'canary') canary.observe(change.tookMs / 1000);
    if (change.type === 'jobEnded') for (const note of ends) note(change);
  });
  book.atEnd(forget);
}

function addQueue(book: MetricBook, scene: () => Scene): void {
  book.one<Scene>(
    'gauge',
    {
      name: 'jobs',
      help: 'Jobs that have not ended, by their state.',
      labelNames: ['queue', 'state'],
      series: ({ measures }) =>
        Object.entries(measures.openJobs).map(([state, count]): Series => [[PUSH_QUEUE, state], count]),
    },
    scene,
  );
  book.one<Scene>(
    'gauge',
    {
      name: 'queue_latency_seconds',
      help: 'Age of the oldest waiting job; 0 when none waits.',
      labelNames: ['queue'],
      series: ({ snapshot: { queue } }) => [[[PUSH_QUEUE], (queue.oldestWaitingMs ?? 0) / 1000]],
    },
    scene,
  );
  book.one<Scene>(
    'gauge',
    {
      name: 'queue_workers',
      help: 'Workers that take jobs from the queue now.',
      labelNames: ['queue'],
      series: ({ snapshot: { workers, redis } }) => {
        const taking = workers.filter((worker) => isWorking(worker) && worker.wish === 'run').length;
        return [[[PUSH_QUEUE], redis.up ? taking : 0]];
      },
    },
    scene,
  );
}

type Ended = Extract<Change, { type: 'jobEnded' }>;

function countEnds(book: MetricBook): (ended: Ended) => void {
  const ends = new Tally([[PUSH_QUEUE], OUTCOMES]);
  const help = 'Jobs that ended, by their last state; one that is tried again and ends again counts again.';
  book.tally({ name: 'jobs_processed_total', help, labelNames: ['queue', 'outcome'] }, ends);
  return ({ job }) => {
    ends.add(PUSH_QUEUE, job.state);
  };
}

function timeEnds(book: MetricBook): (ended: Ended) => void {
  const seconds = book.histogram({
    name: 'job_duration_seconds',
    help: 'From when a worker took the job for its last attempt until its end; without those that no worker held.',
    labelNames: ['queue', 'outcome'],
    buckets: JOB_SECONDS,
  });
  for (const outcome of OUTCOMES) seconds.zero({ queue: PUSH_QUEUE, outcome });
  return ({ job: { state: outcome }, ranMs }) => {
    if (ranMs !== null) seconds.observe({ queue: PUSH_QUEUE, outcome }, ranMs / 1000);
  };
}

/** What a host answers when nothing is wrong, and what a person wanted. */
const NO_ERRORS: readonly (Reason | UnansweredReason)[] = [
  'AccountPushed',
  'AlreadyAsWished',
  'AccountRevoked',
  'AlreadyRevoked',
  'AccountAbsent',
  'AccountReleased',
  'AlreadyReleased',
  'AccountRemoved',
  'AccountUndone',
  'AlreadyUndone',
  'CheckPassed',
  'PlanMade',
  'SurveyMade',
  'Cancelled',
  'GrantGone',
];

const ERROR_REASONS: readonly string[] = [
  ...[...REASONS, ...UNANSWERED_REASONS].filter((reason) => !NO_ERRORS.includes(reason)),
];

function countErrors(book: MetricBook): (ended: Ended) => void {
  const errors = new Tally([STAGES, ERROR_REASONS]);
  const help = 'Jobs that ended failed or unknown with an answer, by the stage they had reached and by why.';
  book.tally({ name: 'push_errors_total', help, labelNames: ['stage', 'reason'] }, errors);
  return ({ job: { state, result } }) => {
    if (result !== null && (state === 'failed' || state === 'unknown'))
      errors.add(result.stage, result.reason);
  };
}

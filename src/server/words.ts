/**
 * Lists the closed sets of states, for filters and one-hot metrics.
 * It never adds a word of its own: the compiler compares each list with its type.
 */
import type { WorkerState } from '../detector/verdict.ts';
import type { JobState, Stage } from '../push/job.ts';
import type {
  Change,
  ContainerStoryView,
  GrantsSummary,
  HealCounts,
  HostView,
  LeftoverState,
  OperationView,
  OperationRequest,
  PushView,
  RunOutcome,
  TimelineEntry,
} from '../supervisor/door.ts';

export const WORKER_STATES = wordsOf<WorkerState>({
  starting: true,
  up: true,
  late: true,
  hung: true,
  draining: true,
  backoff: true,
  failed: true,
  stopped: true,
  unknown: true,
});

export const JOB_STATES = wordsOf<JobState>({
  queued: true,
  starting: true,
  running: true,
  verifying: true,
  done: true,
  failed: true,
  cancelled: true,
  unknown: true,
});

export const PUSH_STATES = wordsOf<PushView['state']>({ open: true, done: true, failed: true });
export const HOST_STATES = wordsOf<HostView['state']>({ trusted: true, untrusted: true, unknown: true });
export const OPERATION_STATES = wordsOf<OperationView['state']>({
  running: true,
  done: true,
  failed: true,
  planned: true,
});

export const TIMELINE_KINDS = wordsOf<TimelineEntry['kind']>({
  worker: true,
  container: true,
  job: true,
  operation: true,
  notice: true,
  supervisor: true,
});

export const HEAL_EVENTS = wordsOf<ContainerStoryView['event']>({
  sick: true,
  examined: true,
  treated: true,
  restarted: true,
  healed: true,
  recovered: true,
  healFailed: true,
  quarantined: true,
  quarantineCleared: true,
  paged: true,
  observed: true,
  asked: true,
});

export const HEAL_ACTIONS = wordsOf<HealCounts['action']>({
  restart: true,
  killAndStart: true,
  start: true,
  stop: true,
});

export const HEAL_OUTCOMES = wordsOf<HealCounts['outcome']>({ healed: true, failed: true, notDone: true });

export const VERBS = wordsOf<OperationRequest['verb']>({
  restart: true,
  stop: true,
  start: true,
  quiet: true,
  heal: true,
  clearQuarantine: true,
  reload: true,
  recover: true,
  maintenanceOn: true,
  maintenanceOff: true,
  cancel: true,
  retry: true,
  reap: true,
});

export const SCHEDULED_TASKS = wordsOf<keyof GrantsSummary['schedule']>({
  check: true,
  sync: true,
  leftovers: true,
});
export const RUN_OUTCOMES = wordsOf<RunOutcome>({ done: true, held: true, failed: true });
export const LEFTOVER_STATES = wordsOf<LeftoverState>({ open: true, locked: true, kept: true });

export const STAGES = wordsOf<Stage>({
  resolve: true,
  connect: true,
  auth: true,
  plan: true,
  apply: true,
  verify: true,
});

type DockerCall = Extract<Change, { type: 'dockerCall' }>;

export const DOCKER_OUTCOMES = wordsOf<DockerCall['outcome']>({ ok: true, failed: true, timeout: true });

/** What the driver asks of Docker; a test holds this list to it. */
export const DOCKER_OPS: readonly string[] = [
  'version',
  'list',
  'inspect',
  'events',
  'logs',
  'top',
  'info',
  'execInspect',
  'restart',
  'stop',
  'kill',
  'start',
];

function wordsOf<Word extends string>(words: Readonly<Record<Word, true>>): readonly Word[] {
  return Object.keys(words) as Word[];
}

/**
 * Joins the board of the workers to what is kept of it on disk: a person's wishes, and every change of verdict.
 * It holds no rule of either.
 */
import type { GarrisonConfig } from './config.ts';
import { DEFAULT_LIMITS, type StatusLimits } from './detector/verdict.ts';
import type { Journal } from './driver/journal.ts';
import { readWishes } from './driver/wishFile.ts';
import type { Logger } from './logger.ts';
import { RESTART_POLICY } from './reconciler/restart.ts';
import type { IncidentView } from './supervisor/door.ts';
import { WorkerBoard } from './supervisor/workerBoard.ts';

/** The worker needs two seconds to end a silent ssh by TERM and KILL. */
const JOB_END_GRACE_MS = 5_000;

interface BoardNeeds {
  readonly config: GarrisonConfig;
  readonly logger: Logger;
  readonly journal: Journal;
  readonly startedAt: string;
}

/** Changes of verdict lie in the journal under this name, so that `why` can tell of them after a restart. */
const VERDICT = 'verdict';
const EARLIER_VERDICTS = 1_000;

/** Knows the verdicts and the wishes of earlier starts. */
export function openWorkerBoard({ config, logger, journal, startedAt }: BoardNeeds): WorkerBoard {
  const names = Array.from({ length: config.workers.count }, (_, index) => `push-${String(index + 1)}`);
  const { slots, memoryLimitBytes } = config.workers;
  const settings = {
    names,
    slots,
    memoryLimitBytes,
    host: config.host,
    limits: limitsFor(config),
    earlier: earlierVerdicts(journal),
    keep: (incident: IncidentView) => {
      journal.note({ ...incident, event: VERDICT }, journalFailed(logger));
    },
    policy: RESTART_POLICY,
    dice: Math.random,
  };
  const board = new WorkerBoard(settings, startedAt);
  for (const [name, worker] of Object.entries(readWishes(config.home)))
    board.setWish(name, { worker, recycle: null, recycleFor: 'Person' });
  return board;
}

function earlierVerdicts(journal: Journal): IncidentView[] {
  return journal
    .last(VERDICT, EARLIER_VERDICTS)
    .map(({ event: _, ...incident }) => incident as unknown as IncidentView);
}

/** A job is called stuck when half the time that it may be silent is over; the rest is for its worker to end it by itself. */
function limitsFor({ ssh }: GarrisonConfig): StatusLimits {
  const jobStuckAfterMs = ssh.idleTimeoutMs / 2;
  return { ...DEFAULT_LIMITS, jobStuckAfterMs, jobOverdueAfterMs: ssh.idleTimeoutMs + JOB_END_GRACE_MS };
}

export function journalFailed(logger: Logger): (why: string) => void {
  return (why) => {
    logger.error({ event: 'journalFailed' }, why);
  };
}

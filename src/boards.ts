/**
 * Joins the board of the workers to what is kept of it on disk: a person's wishes, every change of verdict and, where asked for, a recording.
 * It holds no rule of either.
 */
import type { GarrisonConfig } from './config.ts';
import { DEFAULT_LIMITS, type StatusLimits } from './detector/verdict.ts';
import type { Journal } from './driver/journal.ts';
import { openStreamRecord } from './driver/streamRecord.ts';
import { readWishes } from './driver/wishFile.ts';
import type { Ending } from './ending.ts';
import type { Logger } from './logger.ts';
import { RESTART_POLICY } from './reconciler/restart.ts';
import type { IncidentView } from './supervisor/door.ts';
import type { OnSetAside } from './setAside.ts';
import { RecordedBoard } from './supervisor/recordedBoard.ts';
import { StreamWriter, type StreamSettings } from './supervisor/stream.ts';
import { WorkerBoard, type WorkerBoardSettings } from './supervisor/workerBoard.ts';

/** The worker needs two seconds to end a silent ssh by TERM and KILL. */
const JOB_END_GRACE_MS = 5_000;

interface BoardNeeds {
  readonly config: GarrisonConfig;
  readonly logger: Logger;
  readonly journal: Journal;
  readonly ending: Ending;
  readonly startedAt: string;
  readonly onSetAside: OnSetAside;
}

/** Changes of verdict lie in the journal under this name, so that `why` can tell of them after a restart. */
const VERDICT = 'verdict';
const EARLIER_VERDICTS = 1_000;

/** Knows the verdicts and the wishes of earlier starts. */
export function openWorkerBoard(needs: BoardNeeds): WorkerBoard {
  const { config } = needs;
  const names = Array.from({ length: config.workers.count }, (_, index) => `push-${String(index + 1)}`);
  const { slots, memoryLimitBytes } = config.workers;
  const settings: StreamSettings = {
    names,
    slots,
    memoryLimitBytes,
    host: config.host,
    limits: limitsFor(config),
    recycleLimits: { maxJobs: config.workers.maxJobs, maxAgeMs: config.workers.maxAgeMs },
    policy: RESTART_POLICY,
    spare: config.workers.spare > 0,
  };
  const board = recordedIfAsked(needs, settings);
  for (const [name, worker] of Object.entries(
    readWishes({ homeDir: config.home, onSetAside: needs.onSetAside }, names),
  ))
    board.setWish(name, { worker, recycle: null, recycleFor: 'Person' });
  return board;
}

/** With GARRISON_RECORD=FILE, all that the board is given goes there too, for a replay. */
function recordedIfAsked(
  { logger, journal, ending, startedAt }: BoardNeeds,
  settings: StreamSettings,
): WorkerBoard {
  const whole: WorkerBoardSettings = {
    ...settings,
    earlier: earlierVerdicts(journal),
    keep: (incident: IncidentView) => {
      journal.note({ ...incident, event: VERDICT }, journalFailed(logger));
    },
    dice: Math.random,
  };
  const file = process.env['GARRISON_RECORD'];
  if (file === undefined || file === '') return new WorkerBoard(whole, startedAt);
  const record = openStreamRecord(file, (why) => {
    logger.warn({ event: 'recordingFailed', file }, why);
  });
  ending.add('the recording', () => {
    record.end();
  });
  const stream = new StreamWriter({ startedAt, settings }, (line) => {
    record.write(line);
  });
  return new RecordedBoard(whole, startedAt, (turn) => {
    stream.add(turn);
  });
}

function earlierVerdicts(journal: Journal): IncidentView[] {
  return journal
    .last(VERDICT, EARLIER_VERDICTS)
    .map(({ event: _, ...incident }) => incident as unknown as IncidentView);
}

/** A job is called stuck when half the time that it may be silent is over; the rest is for its worker to end it by itself. */
function limitsFor({ ssh }: GarrisonConfig): StatusLimits {
  // Until the host's first answer it is the connect timeout that a job may be silent for.
  const silentForMs = Math.max(ssh.idleTimeoutMs, ssh.connectTimeoutMs);
  const jobStuckAfterMs = ssh.idleTimeoutMs / 2;
  return { ...DEFAULT_LIMITS, jobStuckAfterMs, jobOverdueAfterMs: silentForMs + JOB_END_GRACE_MS };
}

export function journalFailed(logger: Logger): (why: string) => void {
  return (why) => {
    logger.error({ event: 'journalFailed' }, why);
  };
}

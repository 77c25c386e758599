/**
 * What one attempt asks of its host, what it has heard of the answer, and the log of it.
 * It starts no ssh and judges no ending.
 */
import { randomBytes } from 'node:crypto';
import { emptyAnswer, readAnswerLine, type Answer } from '../push/answer.ts';
import type { Stage } from '../push/job.ts';
import { requestLines } from '../push/wire.ts';
import { openJobLog, type JobLog } from './jobLog.ts';
import type { Ride } from './rides.ts';

const LONGEST_LOCK_WAIT_SECONDS = 20;

export interface Attempt {
  readonly ride: Ride;
  readonly log: JobLog;
  readonly nowWall: () => string;
  /** Known to nobody before its request is sent, so that no answer to another can pass for one to this. */
  readonly nonce: string;
  answer: Answer;
  stage: Stage | null;
  /** Did a byte of its request leave? */
  isSent: boolean;
  /** RFC 3339: when the host told its time. */
  hostTimeHeardAt?: string;
}

export function newAttempt(ride: Ride, nowWall: () => string): Attempt {
  const nonce = randomBytes(8).toString('hex');
  const log = openJobLog(ride.task.logFile, nowWall);
  return { ride, log, nowWall, nonce, answer: emptyAnswer(nonce), stage: null, isSent: false };
}

/** Who logs in is known from the one before; nothing else of its answer counts. */
export function goOnAfter(attempt: Attempt, { answer: before, ride }: Attempt): void {
  const { loginUid } = before;
  attempt.answer = { ...emptyAnswer(attempt.nonce), loginUid, stage: 'auth' };
  attempt.log.write('garrison', `over the connection that has carried job ${ride.task.jobId}`);
  enterStage(attempt, 'auth');
}

export function takeLine(attempt: Attempt, line: string): void {
  attempt.answer = readAnswerLine(attempt.answer, line);
  attempt.log.write('host', line.replace(`@garrison1 ${attempt.nonce} `, ''));
  enterStage(attempt, attempt.answer.stage);
  if (attempt.answer.facts['hostTime'] !== undefined) attempt.hostTimeHeardAt ??= attempt.nowWall();
}

export function enterStage(attempt: Attempt, stage: Stage): void {
  if (attempt.stage === stage) return;
  attempt.stage = stage;
  const { host, attempt: number } = attempt.ride.task;
  const where =
    stage === 'connect'
      ? ` to ${host.user}@${host.address} port ${String(host.port)}, attempt ${String(number)}`
      : '';
  attempt.log.write('garrison', `stage ${stage}${where}`);
  attempt.ride.events.onStage(stage);
}

/** The lines of the request; throws GarrisonError where the task may not be sent. */
export function dataOf({ ride: { task }, nonce, nowWall }: Attempt, remainingMs: number): string[] {
  const deadlineSeconds = Math.max(2, Math.ceil(remainingMs / 1000));
  return requestLines(task, {
    nonce,
    token: randomBytes(8).toString('hex'),
    askedAt: nowWall(),
    deadlineSeconds,
    lockWaitSeconds: Math.max(1, Math.min(LONGEST_LOCK_WAIT_SECONDS, deadlineSeconds - 1)),
  });
}

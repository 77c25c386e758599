/**
 * Runs one attempt of a job: from a task to a result, with its stages told on the way and its log written.
 * It never rejects for anything a host or ssh can do, and never decides whether there will be another attempt.
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { GarrisonError, messageOf } from '../errors.ts';
import { emptyAnswer, readAnswerLine } from '../push/answer.ts';
import type { Answer } from '../push/answer.ts';
import { hostResult, resultBeforeSsh } from '../push/hostResult.ts';
import type { HostResult, PushTask, SshLimits, Stage } from '../push/job.ts';
import { isOrderly, type SshEnding } from '../push/sshFailure.ts';
import { requestLines, taskProblem } from '../push/wire.ts';
import { monoMs } from '../clock.ts';
import { openJobLog } from './jobLog.ts';
import type { JobLog } from './jobLog.ts';
import { verifiedByLogin } from './proveLogin.ts';
import { bootstrapCommand, scriptKindOf, standardInput } from './remoteScript.ts';
import { LOAN_ANSWER_MS, type KeptConnections, type Loan } from './keptConnections.ts';
import { runSsh } from './ssh.ts';

export interface TaskEvents {
  onStage(stage: Stage): void;
  /** The host or ssh said something. */
  onHeard(): void;
  /** The leader of the ssh process group; null once it has ended. */
  onSsh(pid: number | null): void;
}

export interface TaskControl {
  /** Ends the attempt: ssh is ended, and the result says whether the host may have changed. */
  readonly signal: AbortSignal;
  readonly events: TaskEvents;
  readonly nowWall: () => string;
  /** Without it, each job makes its own connection. */
  readonly kept?: KeptConnections;
}

export async function runTask(task: PushTask, control: TaskControl): Promise<HostResult> {
  const log = openJobLog(task.logFile, control.nowWall);
  const result = refusedBeforeSsh(task, control) ?? (await runOverSsh(task, control, log));
  log.write('garrison', `${result.outcome} (${result.reason}) at ${result.stage}: ${result.detail}`);
  await log.end();
  return result;
}

const LONGEST_LOCK_WAIT_SECONDS = 20;

/** What can be said without the network. */
function refusedBeforeSsh(task: PushTask, control: TaskControl): HostResult | null {
  const at = control.nowWall();
  if (control.signal.aborted)
    return resultBeforeSsh(task, { outcome: 'failed', reason: 'Cancelled', said: '' }, at);
  const problem = taskProblem(task) ?? dataProblem(task, control);
  if (problem !== null)
    return resultBeforeSsh(task, { outcome: 'failed', reason: 'TaskInvalid', said: problem }, at);
  const unreadable = identityProblem(task.ssh.identityFile);
  if (unreadable !== null)
    return resultBeforeSsh(task, { outcome: 'failed', reason: 'IdentityUnusable', said: unreadable }, at);
  if (task.account !== null && task.account.name === task.host.user) {
    return resultBeforeSsh(task, { outcome: 'conflict', reason: 'AccountInUse', said: '' }, at);
  }
  return null;
}

/** ssh itself goes on without a missing identity, and the refused login that follows hides the cause. */
function identityProblem(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return `${file}: ${(error as NodeJS.ErrnoException).code ?? messageOf(error)}`;
  }
}

function dataProblem(task: PushTask, control: TaskControl): string | null {
  try {
    dataOf(task, { ...control, nonce: 'none', remainingMs: task.ssh.totalTimeoutMs });
    return null;
  } catch (error) {
    if (error instanceof GarrisonError)
      return [error.message, error.cure].filter((part) => part !== undefined).join('. ');
    return messageOf(error);
  }
}

async function runOverSsh(task: PushTask, control: TaskControl, log: JobLog): Promise<HostResult> {
  const startedMs = monoMs();
  const loan = (await control.kept?.borrow(task)) ?? null;
  if (loan !== null) {
    const result = await runOverLoan(task, loan, { control, log });
    if (result !== null) return result;
  }
  const totalTimeoutMs = Math.max(1, task.ssh.totalTimeoutMs - (monoMs() - startedMs));
  const attempt = newAttempt(task, { control, log });
  const ending = await drive(attempt, null, { ...task.ssh, totalTimeoutMs });
  if (isOrderly(ending) && attempt.answer.loginUid !== null) control.kept?.noteUse(task);
  return resultOf(attempt, ending);
}

type AttemptTools = Pick<Attempt, 'control' | 'log'>;

/** Null when nothing was heard over it: then nothing was sent either, and a new connection can do no harm. */
async function runOverLoan(task: PushTask, loan: Loan, tools: AttemptTools): Promise<HostResult | null> {
  const connectTimeoutMs = Math.min(task.ssh.connectTimeoutMs, LOAN_ANSWER_MS);
  const attempt = newAttempt(task, tools);
  const seconds = (loan.ageMs / 1000).toFixed(0);
  tools.log.write('garrison', `over the connection that is kept for ${seconds} s by now`);
  const ending = await drive(attempt, loan.controlPath, { ...task.ssh, connectTimeoutMs });
  // Not before what could still send is gone.
  await loan.giveBack(isOrderly(ending) && ending.scriptSent);
  if (ending.scriptSent || ending.cause === 'cancelled') return resultOf(attempt, ending);
  tools.log.write('garrison', 'nothing was heard over it and nothing sent: a new connection is made');
  return null;
}

function newAttempt(task: PushTask, { control, log }: AttemptTools): Attempt {
  const nonce = randomBytes(8).toString('hex');
  return { task, control, log, answer: emptyAnswer(nonce), nonce, stage: null };
}

async function resultOf(attempt: Attempt, ending: SshEnding): Promise<HostResult> {
  const { task, control } = attempt;
  const told = hostResult(task, { answer: attempt.answer, ending, at: control.nowWall() });
  const result = await verifiedByLogin(task, told, control);
  return task.kind === 'check' ? withClockSkew(result, attempt.hostTimeHeardAt) : result;
}

/** Within these limits; what is said of the ending names those of the task. */
async function drive(attempt: Attempt, controlPath: string | null, ssh: SshLimits): Promise<SshEnding> {
  const { control, log, nonce } = attempt;
  const task = { ...attempt.task, ssh };
  const startedMs = monoMs();
  enterStage(attempt, 'connect');
  return runSsh({
    ...{ task, controlPath, command: bootstrapCommand(), signal: control.signal },
    onPid: (pid) => {
      control.events.onSsh(pid);
    },
    onHostLine: (line, send) => {
      control.events.onHeard();
      const before = attempt.answer;
      takeLine(attempt, line);
      // Not a byte of the script leaves before the login is known, so that a failed one can never have changed the host.
      if (before.loginUid !== null || attempt.answer.loginUid === null) return;
      const remainingMs = task.ssh.totalTimeoutMs - (monoMs() - startedMs);
      send(standardInput(scriptKindOf(task), dataOf(task, { ...control, nonce, remainingMs })));
    },
    onStderrLine: (line) => {
      control.events.onHeard();
      log.write('ssh', line);
    },
    isWhole: () => attempt.answer.ended,
  });
}

interface Attempt {
  readonly task: PushTask;
  readonly control: TaskControl;
  readonly log: JobLog;
  readonly nonce: string;
  answer: Answer;
  stage: Stage | null;
  /** RFC 3339: when the host told its time. */
  hostTimeHeardAt?: string;
}

function takeLine(attempt: Attempt, line: string): void {
  attempt.answer = readAnswerLine(attempt.answer, line);
  attempt.log.write('host', line.replace(`@garrison1 ${attempt.nonce} `, ''));
  enterStage(attempt, attempt.answer.stage);
  if (attempt.answer.facts['hostTime'] !== undefined) attempt.hostTimeHeardAt ??= attempt.control.nowWall();
}

function enterStage(attempt: Attempt, stage: Stage): void {
  if (attempt.stage === stage) return;
  attempt.stage = stage;
  const { host, attempt: number } = attempt.task;
  const where =
    stage === 'connect'
      ? ` to ${host.user}@${host.address} port ${String(host.port)}, attempt ${String(number)}`
      : '';
  attempt.log.write('garrison', `stage ${stage}${where}`);
  attempt.control.events.onStage(stage);
}

interface DataExtras {
  readonly nowWall: () => string;
  readonly nonce: string;
  readonly remainingMs: number;
}

function dataOf(task: PushTask, extras: DataExtras): string[] {
  const deadlineSeconds = Math.max(2, Math.ceil(extras.remainingMs / 1000));
  return requestLines(task, {
    nonce: extras.nonce,
    token: randomBytes(8).toString('hex'),
    askedAt: extras.nowWall(),
    deadlineSeconds,
    lockWaitSeconds: Math.max(1, Math.min(LONGEST_LOCK_WAIT_SECONDS, deadlineSeconds - 1)),
  });
}

/** The host's clock less ours. Two wall clocks are compared here on purpose: their difference is the question. */
function withClockSkew(result: HostResult, heardAt: string | undefined): HostResult {
  const { hostTime, ...facts } = result.facts;
  if (hostTime === undefined || heardAt === undefined) return result;
  const clockSkewMs = Math.round(Number(hostTime) * 1000 - Date.parse(heardAt));
  return Number.isFinite(clockSkewMs)
    ? { ...result, facts: { ...facts, clockSkewMs: String(clockSkewMs) } }
    : { ...result, facts };
}

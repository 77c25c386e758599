/**
 * Runs the attempts of one host, one after the other: from tasks to results, each with its stages told on the way and its log written.
 * It never rejects for anything a host or ssh can do, and never decides whether there will be another attempt.
 */
import { accessSync, constants } from 'node:fs';
import { GarrisonError, messageOf } from '../errors.ts';
import { emptyAnswer } from '../push/answer.ts';
import { hostResult, resultBeforeSsh } from '../push/hostResult.ts';
import { agentOf, type HostResult, type PushTask, type Stage } from '../push/job.ts';
import { isOrderly, type SshEnding } from '../push/sshFailure.ts';
import { taskProblem } from '../push/wire.ts';
import { monoMs } from '../clock.ts';
import { dataOf, newAttempt, type Attempt } from './attemptTalk.ts';
import { carry, type Arrival, type Followers } from './carriage.ts';
import { LOAN_ANSWER_MS, type KeptConnections, type Loan } from './keptConnections.ts';
import { connectionKey } from './keptMaster.ts';
import { explainRefusal } from './loginRefusal.ts';
import { verifiedByLogin } from './proveLogin.ts';
import { Rides, type Ride } from './rides.ts';

export interface TaskEvents {
  onStage(stage: Stage): void;
  /** The host or ssh said something. */
  onHeard(): void;
  /** The leader of the ssh process group; null once it has ended. */
  onSsh(pid: number | null): void;
}

/** What all attempts of a worker share. */
export interface RideTools {
  readonly nowWall: () => string;
  /** Without it, each run makes its own connection. */
  readonly kept?: KeptConnections;
}

export interface TaskControl extends RideTools {
  readonly signal: AbortSignal;
  readonly events: TaskEvents;
}

/** One alone. */
export function runTask(task: PushTask, { signal, events, ...tools }: TaskControl): Promise<HostResult> {
  return new Promise((resolve, reject) => {
    runRides(new Rides({ task, signal, events, settle: resolve }), tools).catch(reject);
  });
}

/** Resolves when all have settled, also those that were added meanwhile. */
export async function runRides(rides: Rides, tools: RideTools): Promise<void> {
  const settling: Promise<void>[] = [];
  const run = new Run(rides, tools, (settled) => {
    settling.push(settled);
    // Told below, when all have had their time.
    settled.catch(() => undefined);
  });
  rides.onCalledOff = (ride) => run.refuse(ride);
  try {
    // A login that proves one may still be under way: two at work on a host would meet each other there.
    for (let ride = rides.nextOrOver(); ride !== null; ride = await nextWhenSettled(rides, settling))
      await run.carryFrom(ride);
  } finally {
    await Promise.allSettled(settling);
  }
  await Promise.all(settling);
}

async function nextWhenSettled(rides: Rides, settling: readonly Promise<void>[]): Promise<Ride | null> {
  await Promise.allSettled(settling);
  return rides.nextOrOver();
}

/** What can be said without the network. */
function refusedBeforeSsh(attempt: Attempt): HostResult | null {
  const { task, signal } = attempt.ride;
  const at = attempt.nowWall();
  if (signal.aborted) return resultBeforeSsh(task, { outcome: 'failed', reason: 'Cancelled', said: '' }, at);
  const problem = taskProblem(task) ?? dataProblem(attempt);
  if (problem !== null)
    return resultBeforeSsh(task, { outcome: 'failed', reason: 'TaskInvalid', said: problem }, at);
  const unreadable = identityProblem(task);
  if (unreadable !== null)
    return resultBeforeSsh(task, { outcome: 'failed', reason: 'IdentityUnusable', said: unreadable }, at);
  if (task.account !== null && task.account.name === task.host.user) {
    return resultBeforeSsh(task, { outcome: 'conflict', reason: 'AccountInUse', said: '' }, at);
  }
  return null;
}

/** ssh itself goes on without a missing identity, and the refused login that follows hides the cause. */
function identityProblem(task: PushTask): string | null {
  const { host, ssh } = task;
  // A host to go over asks only the agent of all.
  const agent = host.way?.jump === undefined ? agentOf(task) : (ssh.agent ?? null);
  if (agent !== null) return null;
  const file = ssh.identityFile;
  try {
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return `${file}: ${(error as NodeJS.ErrnoException).code ?? messageOf(error)}`;
  }
}

function dataProblem(attempt: Attempt): string | null {
  try {
    dataOf(attempt, attempt.ride.task.ssh.totalTimeoutMs);
    return null;
  } catch (error) {
    if (error instanceof GarrisonError)
      return [error.message, error.cure].filter((part) => part !== undefined).join('. ');
    return messageOf(error);
  }
}

class Run {
  readonly #rides: Rides;
  readonly #tools: RideTools;
  readonly #track: (settled: Promise<void>) => void;
  /** Accounts that a login may be proving: what comes after about the same one must find it gone. */
  readonly #proving = new Set<string>();

  constructor(rides: Rides, tools: RideTools, track: (settled: Promise<void>) => void) {
    this.#rides = rides;
    this.#tools = tools;
    this.#track = track;
  }

  /** One that was cancelled before its turn. */
  refuse(ride: Ride): void {
    this.#ready(ride);
  }

  /** This one, and those of the others that can share its connection while that lasts. */
  async carryFrom(ride: Ride): Promise<void> {
    const first = this.#ready(ride);
    if (first === null) return;
    const startedMs = monoMs();
    const loan = (await this.#tools.kept?.borrow(ride.task)) ?? null;
    if (loan !== null && (await this.#carryOverLoan(first, loan))) return;
    const totalTimeoutMs = Math.max(1, ride.task.ssh.totalTimeoutMs - (monoMs() - startedMs));
    const limits = { ...ride.task.ssh, totalTimeoutMs };
    const arrival = await carry(first, { controlPath: null, limits, followers: this.#followersOf(ride) });
    if (isOrderly(arrival.ending) && arrival.last.answer.loginUid !== null)
      this.#tools.kept?.noteUse(ride.task);
    this.#arrive(first, arrival);
  }

  /** False when nothing was heard over it: then nothing was sent either, and a new connection can do no harm. */
  async #carryOverLoan(first: Attempt, loan: Loan): Promise<boolean> {
    const { ride, log } = first;
    const connectTimeoutMs = Math.min(ride.task.ssh.connectTimeoutMs, LOAN_ANSWER_MS);
    const seconds = (loan.ageMs / 1000).toFixed(0);
    log.write('garrison', `over the connection that is kept for ${seconds} s by now`);
    const limits = { ...ride.task.ssh, connectTimeoutMs };
    const { controlPath } = loan;
    const arrival = await carry(first, { controlPath, limits, followers: this.#followersOf(ride) });
    const { ending, last } = arrival;
    // Not before what could still send is gone.
    await loan.giveBack(isOrderly(ending) && ending.scriptSent);
    if (last !== first || ending.scriptSent || ending.cause === 'cancelled') {
      this.#arrive(first, arrival);
      return true;
    }
    log.write('garrison', 'nothing was heard over it and nothing sent: a new connection is made');
    first.answer = emptyAnswer(first.nonce);
    first.stage = null;
    return false;
  }

  #arrive(first: Attempt, { ending, last }: Arrival): void {
    if (last !== first && !last.isSent && ending.cause !== 'cancelled') {
      last.log.write('garrison', 'the connection ended before it was sent: it goes over another');
      void last.log.end();
      this.#rides.putBack(last.ride);
      return;
    }
    this.#track(this.#settle(last, ending));
    if (last === first && !last.isSent && ending.cause !== 'cancelled') this.#shareFailure(first, ending);
  }

  /** No way in for the first is none for those that wait: they would find the same, one after the other, each after its full time. */
  #shareFailure(first: Attempt, ending: SshEnding): void {
    for (const ride of this.#rides.takeOut(sharesWayOf(first.ride))) {
      const attempt = this.#ready(ride);
      if (attempt === null) continue;
      attempt.log.write('garrison', `there was no connection for job ${first.ride.task.jobId} either`);
      attempt.answer = { ...first.answer, nonce: attempt.nonce };
      this.#track(this.#settle(attempt, ending));
    }
  }

  #followersOf(first: Ride): Followers {
    const goesAlong = sharesWayOf(first);
    return {
      expected: () => !this.#rides.isEmpty,
      next: (after) => {
        for (let ride = this.#rides.next(); ride !== null; ride = this.#rides.next()) {
          if (!goesAlong(ride) || [provedBy(after.ride), ...this.#proving].includes(accountOf(ride))) {
            this.#rides.putBack(ride);
            return null;
          }
          const attempt = this.#ready(ride);
          if (attempt !== null) return attempt;
        }
        return null;
      },
      answered: (attempt) => {
        const account = provedBy(attempt.ride);
        if (account !== null) this.#proving.add(account);
        const settled = this.#settle(attempt, { cause: 'exit', exitCode: 0, stderr: '', scriptSent: true });
        this.#track(settled.finally(() => account !== null && this.#proving.delete(account)));
      },
    };
  }

  /** Null when it has settled without the network. */
  #ready(ride: Ride): Attempt | null {
    const attempt = newAttempt(ride, this.#tools.nowWall);
    const refused = refusedBeforeSsh(attempt);
    if (refused === null) return attempt;
    this.#track(tell(attempt, refused));
    return null;
  }

  async #settle(attempt: Attempt, ending: SshEnding): Promise<void> {
    const { task, signal, events } = attempt.ride;
    const at = attempt.nowWall();
    const judged = hostResult(task, { answer: attempt.answer, ending, at });
    const told = await explainRefusal(task, judged, { ending, nowMs: Date.parse(at) });
    const result = await verifiedByLogin(task, told, { ...this.#tools, signal, events });
    await tell(attempt, task.kind === 'check' ? withClockSkew(result, attempt.hostTimeHeardAt) : result);
  }
}

async function tell({ ride, log }: Attempt, result: HostResult): Promise<void> {
  log.write('garrison', `${result.outcome} (${result.reason}) at ${result.stage}: ${result.detail}`);
  await log.end();
  ride.settle(result);
}

function accountOf({ task }: Ride): string {
  return task.account?.name ?? '';
}

/** Whom a login may prove once it is answered. */
function provedBy(ride: Ride): string | null {
  return ride.task.kind === 'push' ? accountOf(ride) : null;
}

/** The same host, login and limits. */
function sharesWayOf(first: Ride): (ride: Ride) => boolean {
  const key = connectionKey(first.task);
  return ({ task }) => key !== null && connectionKey(task) === key;
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

/**
 * One ssh that carries the attempts of one host: each request is sent only when the answer to the one before it is whole.
 * It judges no ending, and what it has not sent when it ends it gives back unsent.
 */
import { monoMs } from '../clock.ts';
import type { PushTask, SshLimits } from '../push/job.ts';
import type { SshEnding } from '../push/sshFailure.ts';
import { dataOf, enterStage, goOnAfter, takeLine, type Attempt } from './attemptTalk.ts';
import { bootstrapCommand, ScriptInput, scriptKindOf } from './remoteScript.ts';
import { runSsh, type Talk } from './ssh.ts';

/** Who comes after the one at work. */
export interface Followers {
  /** Is there one by now? */
  expected(): boolean;
  /** Taken out, and ready to be sent over the same connection right after this one; null when there is none. */
  next(after: Attempt): Attempt | null;
  /** The host's answer to it is whole, and the connection goes on without it. */
  answered(attempt: Attempt): void;
}

export interface Course {
  readonly controlPath: string | null;
  /** Of the first; what is said of its ending names those of its task. */
  readonly limits: SshLimits;
  readonly followers: Followers;
}

/** How it ended, and who was at work then. */
export interface Arrival {
  readonly ending: SshEnding;
  readonly last: Attempt;
}

export async function carry(first: Attempt, course: Course): Promise<Arrival> {
  const carriage = new Carriage(first, course.followers);
  enterStage(first, 'connect');
  const { totalTimeoutMs } = course.limits;
  const task: PushTask = { ...first.ride.task, ssh: course.limits };
  const startedMs = monoMs();
  const ending = await runSsh({
    ...{ task, controlPath: course.controlPath, command: bootstrapCommand(), signal: first.ride.signal },
    onPid: (pid) => carriage.runsAs(pid),
    onHostLine: (line, talk) => carriage.hear(line, talk, totalTimeoutMs - (monoMs() - startedMs)),
    onStderrLine: (line) => carriage.hearStderr(line),
    isWhole: () => carriage.isWhole,
  });
  const last = carriage.atWork;
  return { ending: { ...ending, scriptSent: last.isSent }, last };
}

class Carriage {
  readonly #followers: Followers;
  readonly #input = new ScriptInput();
  #atWork: Attempt;
  #pid: number | null = null;
  #isClosed = false;

  constructor(first: Attempt, followers: Followers) {
    this.#atWork = first;
    this.#followers = followers;
  }

  get atWork(): Attempt {
    return this.#atWork;
  }

  get isWhole(): boolean {
    return this.#isClosed && this.#atWork.answer.ended;
  }

  runsAs(pid: number | null): void {
    this.#pid = pid;
    this.#atWork.ride.events.onSsh(pid);
  }

  hearStderr(line: string): void {
    this.#atWork.ride.events.onHeard();
    this.#atWork.log.write('ssh', line);
  }

  hear(line: string, talk: Talk, remainingMs: number): void {
    const attempt = this.#atWork;
    attempt.ride.events.onHeard();
    const { loginUid } = attempt.answer;
    takeLine(attempt, line);
    // Not a byte of the script leaves before the login is known, so that a failed one can never have changed the host.
    if (loginUid === null && attempt.answer.loginUid !== null) this.#send(attempt, talk, remainingMs);
    else if (attempt.answer.ended && !this.#isClosed) this.#goOn(attempt, talk);
  }

  /** With nobody to follow, the input ends behind it: the host's side then ends by itself, without another round trip. */
  #send(attempt: Attempt, talk: Talk, remainingMs: number): void {
    const kind = scriptKindOf(attempt.ride.task);
    attempt.isSent = talk.send(this.#input.request(kind, dataOf(attempt, remainingMs)));
    if (!this.#followers.expected()) this.#close(talk);
  }

  #goOn(attempt: Attempt, talk: Talk): void {
    // What answers like this is sent nothing more.
    const next = attempt.answer.invalid ? null : this.#followers.next(attempt);
    if (next === null) {
      this.#close(talk);
      return;
    }
    this.#atWork = next;
    next.ride.events.onSsh(this.#pid);
    attempt.ride.events.onSsh(null);
    const { totalTimeoutMs } = next.ride.task.ssh;
    goOnAfter(next, attempt);
    talk.turn({ signal: next.ride.signal, totalTimeoutMs });
    this.#send(next, talk, totalTimeoutMs);
    this.#followers.answered(attempt);
  }

  #close(talk: Talk): void {
    this.#isClosed = true;
    talk.close();
  }
}

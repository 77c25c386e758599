/**
 * Carries each fetched entry through its attempt: ask, run, report, wait until the result is kept, complete.
 * It decides nothing about the job: the supervisor grants, and the host's record settles.
 */
import { messageOf } from '../errors.ts';
import type { JobInHand } from '../heartbeat.ts';
import { isLook, type HostResult, type PushTask, type Stage } from '../push/job.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
import { CANARY_ID, entryId } from '../queueName.ts';
import type { Entry } from './entrySource.ts';
import type { TaskEvents } from './runTask.ts';

export interface AttemptTools {
  send(message: WorkerMessage): void;
  run(task: PushTask, control: { signal: AbortSignal; events: TaskEvents }): Promise<HostResult>;
  now(): { monoMs: number; wall: string };
  /** How long BullMQ's lock of an entry lasts; it is renewed three times in that time. */
  readonly lockMs: number;
}

interface Attempt {
  readonly jobId: string;
  readonly attempt: number;
  readonly abort: AbortController;
  readonly takenAt: string;
  heard: { readonly monoMs: number; readonly wall: string };
  answer: ((message: SupervisorMessage) => void) | null;
  /** The queue's own no-op job: it takes a slot, but nobody waits for it. */
  readonly isCanary: boolean;
  isReporting: boolean;
}

export class Attempts {
  readonly #active = new Map<string, Attempt>();
  readonly #tools: AttemptTools;
  #done = 0;

  constructor(tools: AttemptTools) {
    this.#tools = tools;
  }

  /** Attempts that were granted and ended. */
  get done(): number {
    return this.#done;
  }

  get count(): number {
    return this.#active.size;
  }

  /** The jobs that hold a slot; not the canary, which is gone before anybody could read of it. */
  inHand(): JobInHand[] {
    const nowMs = this.#tools.now().monoMs;
    return [...this.#active.values()]
      .filter(({ isCanary }) => !isCanary)
      .map(({ jobId, attempt, takenAt, heard, isReporting }) => {
        const silentMs = Math.round(nowMs - heard.monoMs);
        return { jobId, attempt, takenAt, heardAt: heard.wall, silentMs, isReporting };
      });
  }

  /** Resolves when the entry is done with, whatever its ending. */
  async carry(entry: Entry): Promise<void> {
    const { jobId, attempt, token } = entry;
    const key = entryId(jobId, attempt);
    const state = this.#begin(entry);
    this.#active.set(key, state);
    const renewal = setInterval(() => void entry.renew().catch(() => undefined), this.#tools.lockMs / 3);
    try {
      const grant = await this.#ask(state, { type: 'ask', jobId, attempt, token });
      if (grant.type === 'run') await this.#runAndReport(state, grant.task);
      // Redis may be away: the entry then stays, and the supervisor refuses it when it comes back.
      await entry.complete().catch(() => undefined);
      if (state.isCanary) this.#tools.send({ type: 'passed', attempt });
    } finally {
      clearInterval(renewal);
      this.#active.delete(key);
    }
  }

  /** A message of the supervisor about one attempt. */
  hear(message: Extract<SupervisorMessage, { type: 'run' | 'skip' | 'pass' | 'stored' | 'cancel' }>): void {
    const of = message.type === 'run' ? message.task : message;
    const attempt = this.#active.get(entryId(of.jobId, of.attempt));
    if (attempt === undefined) return;
    if (message.type === 'cancel') attempt.abort.abort();
    else attempt.answer?.(message);
  }

  #begin({ jobId, attempt }: Entry): Attempt {
    const taken = this.#tools.now();
    return {
      jobId,
      attempt,
      abort: new AbortController(),
      takenAt: taken.wall,
      heard: taken,
      answer: null,
      isCanary: jobId === CANARY_ID,
      isReporting: false,
    };
  }

  async #runAndReport(state: Attempt, task: PushTask): Promise<void> {
    const { jobId, attempt } = task;
    const result = await this.#runSafely(state, task);
    state.isReporting = true;
    this.#done += 1;
    await this.#ask(state, { type: 'result', jobId, attempt, result });
  }

  async #runSafely(state: Attempt, task: PushTask): Promise<HostResult> {
    try {
      return await this.#tools.run(task, { signal: state.abort.signal, events: this.#eventsOf(state) });
    } catch (error) {
      return {
        outcome: isLook(task.kind) ? 'failed' : 'unknown',
        stage: 'apply',
        reason: 'InternalError',
        detail: `Garrison itself failed while running this job: ${messageOf(error)}`,
        changes: [],
        facts: {},
        replayed: false,
        at: this.#tools.now().wall,
      };
    }
  }

  #eventsOf(state: Attempt): TaskEvents {
    const { jobId, attempt } = state;
    const onHeard = (): void => {
      state.heard = this.#tools.now();
    };
    return {
      onHeard,
      onStage: (stage: Stage) => {
        onHeard();
        this.#tools.send({ type: 'stage', jobId, attempt, stage });
      },
      onSsh: (pid) => {
        this.#tools.send({ type: 'ssh', jobId, attempt, pid });
      },
    };
  }

  async #ask(state: Attempt, message: WorkerMessage): Promise<SupervisorMessage> {
    const answered = new Promise<SupervisorMessage>((resolve) => {
      state.answer = resolve;
    });
    this.#tools.send(message);
    return answered;
  }
}

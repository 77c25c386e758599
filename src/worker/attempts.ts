/**
 * Carries each fetched entry through its attempt: ask, run, report, wait until the result is kept, complete.
 * It decides nothing about the job: the supervisor grants, and the host's record settles.
 */
import { messageOf } from '../errors.ts';
import type { HostResult, PushTask, Stage } from '../push/job.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
import type { Entry } from './entrySource.ts';
import { LOCK_MS } from './entrySource.ts';

export interface AttemptTools {
  send(message: WorkerMessage): void;
  run(task: PushTask, control: { signal: AbortSignal; onStage: (stage: Stage) => void }): Promise<HostResult>;
  now(): { monoMs: number; wall: string };
}

interface Attempt {
  readonly abort: AbortController;
  answer: ((message: SupervisorMessage) => void) | null;
}

export class Attempts {
  readonly #active = new Map<string, Attempt>();
  readonly #tools: AttemptTools;
  #lastProgressMs: number | null = null;

  constructor(tools: AttemptTools) {
    this.#tools = tools;
  }

  get count(): number {
    return this.#active.size;
  }

  get lastProgressMs(): number | null {
    return this.#lastProgressMs;
  }

  jobIds(): string[] {
    return [...this.#active.keys()].map((key) => key.slice(0, key.lastIndexOf('.')));
  }

  /** Resolves when the entry is done with, whatever its ending. */
  async carry(entry: Entry): Promise<void> {
    const { jobId, attempt } = entry;
    const key = keyOf({ jobId, attempt });
    const state: Attempt = { abort: new AbortController(), answer: null };
    this.#active.set(key, state);
    const renewal = setInterval(() => void entry.renew().catch(() => undefined), LOCK_MS / 3);
    try {
      const grant = await this.#ask(state, { type: 'ask', jobId, attempt });
      if (grant.type === 'run') await this.#runAndReport(state, grant.task);
      // Redis may be away: the entry then stays, and the supervisor refuses it when it comes back.
      await entry.complete().catch(() => undefined);
    } finally {
      clearInterval(renewal);
      this.#active.delete(key);
    }
  }

  /** A message of the supervisor about one attempt. */
  hear(message: Extract<SupervisorMessage, { type: 'run' | 'skip' | 'stored' | 'cancel' }>): void {
    const attempt = this.#active.get(keyOf(message.type === 'run' ? message.task : message));
    if (attempt === undefined) return;
    if (message.type === 'cancel') attempt.abort.abort();
    else attempt.answer?.(message);
  }

  async #runAndReport(state: Attempt, task: PushTask): Promise<void> {
    const { jobId, attempt } = task;
    this.#progress();
    const result = await this.#runSafely(state, task);
    this.#progress();
    await this.#ask(state, { type: 'result', jobId, attempt, result });
  }

  async #runSafely(state: Attempt, task: PushTask): Promise<HostResult> {
    const onStage = (stage: Stage): void => {
      this.#progress();
      this.#tools.send({ type: 'stage', jobId: task.jobId, attempt: task.attempt, stage });
    };
    try {
      return await this.#tools.run(task, { signal: state.abort.signal, onStage });
    } catch (error) {
      return {
        outcome: task.kind === 'check' ? 'failed' : 'unknown',
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

  async #ask(state: Attempt, message: WorkerMessage): Promise<SupervisorMessage> {
    const answered = new Promise<SupervisorMessage>((resolve) => {
      state.answer = resolve;
    });
    this.#tools.send(message);
    return answered;
  }

  #progress(): void {
    this.#lastProgressMs = this.#tools.now().monoMs;
  }
}

function keyOf({ jobId, attempt }: { readonly jobId: string; readonly attempt: number }): string {
  return `${jobId}.${String(attempt)}`;
}

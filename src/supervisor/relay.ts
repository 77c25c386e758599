/**
 * Passes on what our workers say to the supervisor that keeps the queue, and what that one answers, while we keep none.
 * It grants nothing itself; what gets no answer is said again or given back, since messages may be lost with whoever carries them.
 */
import { earliest, type Moment } from '../clock.ts';
import { jobsInHand, type Incarnation } from '../heartbeat.ts';
import { entryId } from '../queueName.ts';
import type { FleetMessage, RelayedWord } from '../push/fleetMessage.ts';
import type { WorkerMessage } from '../push/workerMessage.ts';
import type { Action } from '../reconciler/action.ts';
import type { TaskPorts } from './granting.ts';
import { Holders, tell, type Holder, type Speaker } from './holders.ts';
import type { JobObservation } from './observation.ts';

type Said = Extract<JobObservation, { kind: 'said' | 'workerGone' }>;
type Sent = Extract<FleetMessage, { type: 'grant' | 'answer' }>;
type Ask = Extract<WorkerMessage, { type: 'ask' }>;
type Result = Extract<WorkerMessage, { type: 'result' }>;

interface Waiting<T> extends Speaker {
  readonly message: T;
  readonly sentAtMs: number;
}

/** Then the entry is given back unrun: who keeps the queue gives it out anew. */
const ASK_GIVEN_UP_AFTER_MS = 4_000;
const RESULT_AGAIN_MS = 3_000;
/** A grant may be younger than the beat that comes after it. */
const FORGOTTEN_AFTER_MS = 5_000;

export class Relay {
  readonly #holders = new Holders();
  readonly #takenAtMs = new Map<string, number>();
  readonly #asks = new Map<string, Waiting<Ask>>();
  readonly #results = new Map<string, Waiting<Result>>();
  readonly #ports: TaskPorts;

  constructor(ports: TaskPorts) {
    this.#ports = ports;
  }

  /** Job ids. */
  heldBy(worker: string): string[] {
    return this.#holders.ofWorker(worker);
  }

  attempts(): ReadonlySet<string> {
    return this.#holders.attempts();
  }

  /** What our workers were given while we kept the queue. */
  adopt(held: readonly [jobId: string, Holder][], at: Moment): void {
    for (const [jobId, holder] of held) this.#hold(jobId, holder, at);
  }

  /** `lead`: home id of who keeps the queue; null while that is not known. */
  take(seen: Said, lead: string | null, at: Moment): Action[] {
    const { worker, incarnation } = seen;
    if (seen.kind === 'workerGone') {
      this.#forgetLife(incarnation);
      return toLead(lead, { type: 'workerGone', worker, incarnation });
    }
    const message = relayed(seen.message);
    if (message === null) return [];
    this.noteBeat(seen, at);
    const waiting = { worker, incarnation, sentAtMs: at.monoMs };
    if (message.type === 'ask') this.#asks.set(keyOf(message), { ...waiting, message });
    if (message.type === 'result') this.#results.set(keyOf(message), { ...waiting, message });
    return toLead(lead, { type: 'said', worker, incarnation, message });
  }

  /** What a worker beats without is in its hands no more. Also while we keep the queue ourselves. */
  noteBeat({ incarnation, message }: Extract<Said, { kind: 'said' }>, at: Moment): void {
    if (message.type !== 'beat') return;
    const inHand = new Set(jobsInHand(message.beat).map(({ jobId }) => jobId));
    for (const [jobId] of this.#holders.ofLife(incarnation)) {
      const takenAtMs = this.#takenAtMs.get(jobId) ?? -Infinity;
      if (!inHand.has(jobId) && at.monoMs - takenAtMs > FORGOTTEN_AFTER_MS) this.#release(jobId);
    }
  }

  /** From who keeps the queue. */
  hear(sent: Sent, lead: string, at: Moment): Action[] {
    const { worker, incarnation } = sent;
    const speaker = { worker, incarnation };
    if (sent.type === 'grant') return this.#take(sent, lead, at);
    const { message } = sent;
    if (message.type === 'skip' || message.type === 'pass') this.#asks.delete(keyOf(message));
    if (message.type === 'stored') {
      this.#results.delete(keyOf(message));
      this.#release(message.jobId);
    }
    return [tell(speaker, message)];
  }

  /** Says again what had no answer, and gives back what nobody granted. */
  decide(lead: string | null, at: Moment): { actions: Action[]; recheckAtMs: number | null } {
    const actions = this.#giveBack((ask) => at.monoMs - ask.sentAtMs >= ASK_GIVEN_UP_AFTER_MS);
    for (const [key, waiting] of this.#results) {
      if (at.monoMs - waiting.sentAtMs < RESULT_AGAIN_MS) continue;
      const { worker, incarnation, message } = waiting;
      this.#results.set(key, { ...waiting, sentAtMs: at.monoMs });
      actions.push(...toLead(lead, { type: 'said', worker, incarnation, message }));
    }
    const asks = [...this.#asks.values()].map(({ sentAtMs }) => sentAtMs + ASK_GIVEN_UP_AFTER_MS);
    const results = [...this.#results.values()].map(({ sentAtMs }) => sentAtMs + RESULT_AGAIN_MS);
    return { actions, recheckAtMs: earliest([...asks, ...results]) };
  }

  /** We keep the queue from now on: what was asked of another will not be answered, and its results are settled by the next attempts. */
  stepUp(): Action[] {
    const actions = this.#giveBack(() => true);
    for (const { worker, incarnation, message } of this.#results.values()) {
      const { jobId, attempt } = message;
      actions.push(tell({ worker, incarnation }, { type: 'stored', jobId, attempt }));
    }
    this.#results.clear();
    return actions;
  }

  #take(sent: Extract<Sent, { type: 'grant' }>, lead: string, at: Moment): Action[] {
    const { worker, incarnation, job, fence } = sent;
    const speaker = { worker, incarnation };
    const { id: jobId, attempt } = job;
    const asked = this.#asks.get(entryId(jobId, attempt));
    // Given back meanwhile: the beat that comes without it tells.
    if (asked === undefined) return [];
    this.#asks.delete(entryId(jobId, attempt));
    const task = this.#ports.taskFor(job, fence);
    if (typeof task === 'string' || 'unreadable' in task)
      return [
        ...toLead(lead, { type: 'noTask', worker, incarnation, jobId, attempt, why: task }),
        tell(speaker, { type: 'skip', jobId, attempt }),
      ];
    this.#hold(jobId, { ...speaker, attempt, token: asked.message.token }, at);
    return [tell(speaker, { type: 'run', task, order: { job, fence } })];
  }

  #giveBack(isDue: (ask: Waiting<Ask>) => boolean): Action[] {
    const due = [...this.#asks].filter(([, ask]) => isDue(ask));
    for (const [key] of due) this.#asks.delete(key);
    return due.map(
      ([
        ,
        {
          worker,
          incarnation,
          message: { jobId, attempt },
        },
      ]) => tell({ worker, incarnation }, { type: 'skip', jobId, attempt }),
    );
  }

  #hold(jobId: string, holder: Holder, at: Moment): void {
    this.#holders.set(jobId, holder);
    this.#takenAtMs.set(jobId, at.monoMs);
  }

  #release(jobId: string): void {
    this.#holders.release(jobId);
    this.#takenAtMs.delete(jobId);
  }

  #forgetLife(incarnation: Incarnation): void {
    for (const [jobId] of this.#holders.ofLife(incarnation)) this.#release(jobId);
    for (const waiting of [this.#asks, this.#results])
      for (const [key, { incarnation: of }] of waiting)
        if (of.nonce === incarnation.nonce) waiting.delete(key);
  }
}

function keyOf({ jobId, attempt }: { readonly jobId: string; readonly attempt: number }): string {
  return entryId(jobId, attempt);
}

/** Null for what concerns only its own supervisor. */
function relayed(message: WorkerMessage): RelayedWord | null {
  switch (message.type) {
    case 'ask':
    case 'stage':
    case 'result':
    case 'beat':
    case 'passed':
      return message;
    case 'ready':
    case 'ssh':
    case 'refused':
    case 'drained':
      return null;
  }
}

function toLead(homeId: string | null, message: FleetMessage): Action[] {
  return homeId === null ? [] : [{ kind: 'tellMember', homeId, message }];
}

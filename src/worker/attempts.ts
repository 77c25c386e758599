/**
 * Carries each fetched entry through its attempt: ask, run, report, wait until the result is kept, complete.
 * Those that the supervisor sends along with one run after it, in its slot; it decides nothing about a job: the supervisor grants, and the host's record settles.
 */
import { messageOf } from '../errors.ts';
import type { JobInHand } from '../heartbeat.ts';
import { isLook, type HostResult, type PushTask, type Stage } from '../push/job.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
import { CANARY_ID, entryId } from '../queueName.ts';
import type { Entry } from './entrySource.ts';
import { Rides, type Ride } from './rides.ts';
import type { TaskEvents } from './runTask.ts';

export interface AttemptTools {
  send(message: WorkerMessage): void;
  /** Settles each, also those that are added meanwhile, and resolves then. */
  run(rides: Rides): Promise<void>;
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
  /** Others of the same host run before it. */
  isWaiting: boolean;
  carriage: Carriage | null;
  /** Since it was granted: when it is reported, and when all that go along with it are. */
  departure?: { readonly reported: Promise<void>; readonly ended: Promise<void> };
  /** Garrison itself has failed; of no effect once it has settled. */
  giveUp?: (error: unknown) => void;
}

/** Attempts on one host that hold one slot together. */
interface Carriage {
  readonly rides: Rides;
  readonly reports: Promise<void>[];
}

export class Attempts {
  readonly #active = new Map<string, Attempt>();
  /** The latest of each host, by its name: what is sent along goes with no other, or two would be at work there. */
  readonly #carriages = new Map<string, Carriage>();
  readonly #tools: AttemptTools;
  #slotsTaken = 0;
  #done = 0;

  constructor(tools: AttemptTools) {
    this.#tools = tools;
  }

  /** Attempts that were granted and ended. */
  get done(): number {
    return this.#done;
  }

  get slotsTaken(): number {
    return this.#slotsTaken;
  }

  /** One for each slot that is taken; not the canary, which is gone before anybody could read of it. */
  inHand(): JobInHand[] {
    return this.#told((isFirst) => isFirst);
  }

  /** Those that share the slot of another. */
  riders(): JobInHand[] {
    return this.#told((isFirst) => !isFirst);
  }

  /** Resolves when the entry is done with, whatever its ending. */
  async carry(entry: Entry): Promise<void> {
    const { jobId, attempt, token } = entry;
    const key = entryId(jobId, attempt);
    const state = this.#begin(entry, this.#tools.now());
    this.#slotsTaken += 1;
    let carried: Promise<void> = Promise.resolve();
    const renewal = setInterval(() => void entry.renew().catch(() => undefined), this.#tools.lockMs / 3);
    try {
      const grant = await this.#ask(state, { type: 'ask', jobId, attempt, token });
      if (grant.type === 'run' && state.departure !== undefined) {
        carried = state.departure.ended;
        await state.departure.reported;
      }
      // Redis may be away: the entry then stays, and the supervisor refuses it when it comes back.
      await entry.complete().catch(() => undefined);
      if (state.isCanary) this.#tools.send({ type: 'passed', attempt });
    } finally {
      clearInterval(renewal);
      this.#active.delete(key);
    }
    await carried;
    this.#slotsTaken -= 1;
  }

  /** A message of the supervisor about one attempt. */
  hear(
    message: Extract<SupervisorMessage, { type: 'run' | 'ride' | 'skip' | 'pass' | 'stored' | 'cancel' }>,
  ): void {
    if (message.type === 'ride') {
      this.#takeAlong(message.task);
      return;
    }
    const of = message.type === 'run' ? message.task : message;
    const attempt = this.#active.get(entryId(of.jobId, of.attempt));
    if (attempt === undefined) return;
    // At once: the next message may be of one that goes along, and must find it.
    if (message.type === 'run') attempt.departure ??= this.#depart(attempt, message.task);
    if (message.type === 'cancel') attempt.abort.abort();
    else attempt.answer?.(message);
  }

  /** They run in the order they came in, so the first of a carriage that is still there does not wait. */
  #told(which: (isFirst: boolean) => boolean): JobInHand[] {
    const now = this.#tools.now();
    const seen = new Set<Carriage>();
    const chosen = [...this.#active.values()].filter(({ carriage, isCanary }) => {
      const isFirst = carriage === null || !seen.has(carriage);
      if (carriage !== null) seen.add(carriage);
      return !isCanary && which(isFirst);
    });
    return chosen.map((attempt) => inHandAt(attempt, now));
  }

  #begin({ jobId, attempt }: Pick<Entry, 'jobId' | 'attempt'>, taken: Attempt['heard']): Attempt {
    const state: Attempt = {
      jobId,
      attempt,
      abort: new AbortController(),
      takenAt: taken.wall,
      heard: taken,
      answer: null,
      isCanary: jobId === CANARY_ID,
      isReporting: false,
      isWaiting: false,
      carriage: null,
    };
    this.#active.set(entryId(jobId, attempt), state);
    return state;
  }

  /** After those of its host, or by itself when they have just ended. */
  #takeAlong(task: PushTask): void {
    const { jobId, attempt } = task;
    const state = this.#begin({ jobId, attempt }, this.#tools.now());
    state.isWaiting = true;
    const carriage = this.#carriages.get(task.host.name);
    const forget = (): void => void this.#active.delete(entryId(jobId, attempt));
    const { ride, reported } = this.#rideOf(state, task);
    if (carriage?.rides.add(ride) === true) {
      state.carriage = carriage;
      carriage.reports.push(reported.finally(forget));
      return;
    }
    this.#slotsTaken += 1;
    void this.#start(state, { ride, reported: reported.finally(forget) }).then(() => {
      this.#slotsTaken -= 1;
    });
  }

  #depart(state: Attempt, task: PushTask): { reported: Promise<void>; ended: Promise<void> } {
    const { ride, reported } = this.#rideOf(state, task);
    return { reported, ended: this.#start(state, { ride, reported }) };
  }

  /** Resolves when all that it carried is reported. */
  async #start(first: Attempt, { ride, reported }: { ride: Ride; reported: Promise<void> }): Promise<void> {
    const carriage: Carriage = { rides: new Rides(ride), reports: [reported] };
    const host = ride.task.host.name;
    first.carriage = carriage;
    this.#carriages.set(host, carriage);
    try {
      await this.#tools.run(carriage.rides);
    } catch (error) {
      // Nobody would run what is still added to it.
      if (this.#carriages.get(host) === carriage) this.#carriages.delete(host);
      for (const attempt of this.#active.values()) if (attempt.carriage === carriage) attempt.giveUp?.(error);
    }
    await Promise.all(carriage.reports);
    if (this.#carriages.get(host) === carriage) this.#carriages.delete(host);
  }

  /** What runs it, and when its result is reported and kept. */
  #rideOf(state: Attempt, task: PushTask): { ride: Ride; reported: Promise<void> } {
    let settle: (result: HostResult) => void = () => undefined;
    const settled = new Promise<HostResult>((resolve) => {
      settle = resolve;
    });
    state.giveUp = (error) => settle(internalError(task, { error, at: this.#tools.now().wall }));
    const reported = settled.then((result) => this.#report(state, result));
    return { ride: { task, signal: state.abort.signal, events: this.#eventsOf(state), settle }, reported };
  }

  async #report(state: Attempt, result: HostResult): Promise<void> {
    const { jobId, attempt } = state;
    state.isWaiting = false;
    state.isReporting = true;
    this.#done += 1;
    await this.#ask(state, { type: 'result', jobId, attempt, result });
  }

  #eventsOf(state: Attempt): TaskEvents {
    const { jobId, attempt } = state;
    const onHeard = (): void => {
      state.heard = this.#tools.now();
    };
    return {
      onHeard,
      onStage: (stage: Stage) => {
        state.isWaiting = false;
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

/** What waits for its turn is not silent: nobody has asked its host anything. */
function inHandAt(
  { jobId, attempt, takenAt, heard, isReporting, isWaiting }: Attempt,
  now: Attempt['heard'],
): JobInHand {
  const { monoMs, wall } = isWaiting ? now : heard;
  const silentMs = Math.round(now.monoMs - monoMs);
  return { jobId, attempt, takenAt, heardAt: wall, silentMs, isReporting };
}

function internalError(task: PushTask, { error, at }: { error: unknown; at: string }): HostResult {
  return {
    outcome: isLook(task.kind) ? 'failed' : 'unknown',
    stage: 'apply',
    reason: 'InternalError',
    detail: `Garrison itself failed while running this job: ${messageOf(error)}`,
    changes: [],
    facts: {},
    replayed: false,
    at,
  };
}

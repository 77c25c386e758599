/**
 * Goes through a recovery step by step: asks the planner, begins the step's own operation, waits until that is verified, reads the world again.
 * It decides no step, and nothing is half done when it is cut off: each operation keeps its own promises.
 */
import { now } from '../clock.ts';
import { messageOf, unreachable } from '../errors.ts';
import { nextOfRecovery, type RecoveryDecision, type RecoveryStep } from '../reconciler/recovery.ts';
import type { DoneStep, RecoveryStage } from '../reconciler/situation.ts';
import type { OperationRequest } from './door.ts';
import type { StagesEnd, UnderWay } from './preparedOperation.ts';
import type { RecoveryRooms } from './recoveryOperation.ts';
import type { RecoveryProgress } from './recoveryProgress.ts';
import { situationOf } from './recoverySituation.ts';

export interface CourseRequest {
  readonly request: OperationRequest;
  readonly id: string;
  readonly agreedTo: ReadonlySet<string>;
  readonly progress: RecoveryProgress;
}

/** What goes on by itself, such as a restart that Garrison began, has so long. */
const PATIENCE_MS = 300_000;
/** A container may be tried three times, with waits between. */
const STEP_WITHIN_MS: Readonly<Record<RecoveryStage, number>> = {
  worker: 90_000,
  queue: 120_000,
  container: 900_000,
  stack: 900_000,
};

type Phase =
  | { readonly kind: 'thinking' }
  | { readonly kind: 'submitting' }
  | {
      readonly kind: 'verifying';
      readonly step: RecoveryStep;
      readonly operation: string;
      readonly before: string;
      readonly untilMs: number;
    }
  | { readonly kind: 'ended' };

export class RecoveryCourse {
  readonly #asked: CourseRequest;
  readonly #rooms: RecoveryRooms;
  readonly #done: DoneStep[] = [];
  #phase: Phase = { kind: 'thinking' };
  #waitsSinceMs: number | null = null;
  #told = '';

  constructor(asked: CourseRequest, rooms: RecoveryRooms) {
    this.#asked = asked;
    this.#rooms = rooms;
  }

  /** Asked at every turn. */
  check(): StagesEnd | UnderWay | null {
    if (this.#phase.kind === 'verifying') this.#look(this.#phase);
    if (this.#phase.kind !== 'thinking') return this.#news();
    const { supervisor } = this.#rooms;
    if (supervisor.snapshot().state === 'stopping')
      return this.#stop(
        'Garrison is being ended: this recovery does not go on, and after its start: garrison recover',
      );
    const next = nextOfRecovery(situationOf(supervisor, this.#memory()));
    switch (next.kind) {
      case 'step':
        this.#waitsSinceMs = null;
        this.#begin(next);
        return this.#news();
      case 'wait':
        this.#waitsSinceMs ??= now().monoMs;
        this.#asked.progress.wait(next.stage, next.what);
        return this.#news();
      case 'cured':
      case 'needsPerson':
      case 'nothingWrong':
        this.#asked.progress.end(next);
        return this.#stop(sentenceOf(next), next.kind !== 'needsPerson');
      default:
        return unreachable(next);
    }
  }

  #memory(): Parameters<typeof situationOf>[1] {
    const { agreedTo } = this.#asked;
    const waitedMs = now().monoMs - (this.#waitsSinceMs ?? now().monoMs);
    return { agreedTo, done: this.#done, isPatienceOver: waitedMs >= PATIENCE_MS };
  }

  #begin(step: RecoveryStep): void {
    const { request, id, progress } = this.#asked;
    const { verb, target, stage, because } = step;
    progress.begin(step);
    this.#phase = { kind: 'submitting' };
    const before = this.#lifeOf(target);
    const { actor, from } = request;
    this.#note(step, `begins: ${because}; should Garrison end now, the recovery does not go on by itself`);
    this.#rooms.desk
      .submit({
        ...{ verb, target, actor, ifIncarnation: null, dryRun: false, forMs: null },
        reason: `${stage} stage of recovery ${id}${request.reason === null ? '' : `: ${request.reason}`}`,
        ...(from === undefined ? {} : { from }),
      })
      .then(
        ({ id: operation, interrupts, detail }) => {
          progress.change({
            operation,
            interrupts: [...new Set([...step.interrupts, ...interrupts])],
            detail,
          });
          const untilMs = now().monoMs + STEP_WITHIN_MS[stage];
          this.#phase = { kind: 'verifying', step, operation, before, untilMs };
        },
        (error: unknown) => {
          this.#finish(step, { outcome: 'failed', detail: messageOf(error) }, []);
        },
      );
  }

  #look({ step, operation, before, untilMs }: Extract<Phase, { kind: 'verifying' }>): void {
    const view = this.#rooms.desk.find(operation);
    const { state, detail } = view;
    const isChanged = this.#lifeOf(step.target) !== before;
    const interrupts = isChanged ? view.interrupts : [];
    switch (state) {
      case 'running':
        if (now().monoMs < untilMs) return;
        this.#finish(
          step,
          {
            outcome: 'failed',
            detail: `it was not verified in time; operation ${operation} goes on: ${detail}`,
          },
          interrupts,
        );
        return;
      case 'done':
        this.#finish(step, { outcome: 'cured', detail }, interrupts);
        return;
      case 'failed':
      case 'planned':
        this.#finish(step, { outcome: 'failed', detail }, interrupts);
        return;
      default:
        unreachable(state);
    }
  }

  #finish(
    step: RecoveryStep,
    end: Pick<DoneStep, 'outcome' | 'detail'>,
    interrupts: readonly string[],
  ): void {
    const { stage, verb, target } = step;
    this.#done.push({ stage, verb, target, ...end, endedAtMs: now().monoMs });
    this.#asked.progress.change({ state: end.outcome, detail: end.detail, interrupts });
    this.#phase = { kind: 'thinking' };
    this.#note(step, `${end.outcome}: ${end.detail}`);
  }

  /** Changes when it was ended and started anew: only then was anybody interrupted. */
  #lifeOf(target: string): string {
    const { supervisor } = this.#rooms;
    const [kind, name = ''] = target.split('/');
    if (kind === 'worker') return supervisor.worker(name)?.incarnation?.nonce ?? 'none';
    if (kind === 'queue') return supervisor.redis.state.since;
    const { heals } = supervisor.containers;
    return heals.entries().find(({ seen }) => seen.facts.name === name)?.seen.facts.startedAt ?? 'none';
  }

  #note({ stage, verb, target }: RecoveryStep, what: string): void {
    const { id, request } = this.#asked;
    this.#rooms.around.note({
      ...{ event: 'recoveryStep', id, stage, target, actor: request.actor },
      detail: `recovery ${id}, ${stage} stage: ${verb} ${target} ${what}`,
    });
  }

  #stop(detail: string, isDone = false): StagesEnd {
    this.#phase = { kind: 'ended' };
    const { progress } = this.#asked;
    const { view: recovery, interrupted } = progress;
    const cost =
      interrupted.length === 0 ? 'nobody was interrupted' : `interrupted: ${interrupted.join('; ')}`;
    const isTold = recovery.stages.some(({ steps }) => steps.some(({ state }) => state !== 'waiting'));
    return {
      state: isDone ? 'done' : 'failed',
      detail: isTold ? `${detail}; ${cost}` : detail,
      interrupts: interrupted,
      recovery,
    };
  }

  #news(): UnderWay | null {
    const { view: recovery, interrupted } = this.#asked.progress;
    const told = JSON.stringify(recovery);
    if (told === this.#told) return null;
    this.#told = told;
    const at = recovery.stages.find(({ state }) => state === 'running');
    const step = at?.steps.find(({ state }) => state === 'running');
    const what = step === undefined ? (at?.detail ?? '') : `${step.verb} ${step.target}: ${step.because}`;
    return {
      state: 'running',
      detail: `${at?.stage ?? 'next'} stage: ${what}`,
      interrupts: interrupted,
      recovery,
    };
  }
}

function sentenceOf(
  end: Extract<RecoveryDecision, { kind: 'cured' | 'needsPerson' | 'nothingWrong' }>,
): string {
  switch (end.kind) {
    case 'nothingWrong':
      return 'nothing is wrong that a recovery could cure';
    case 'cured':
      return `cured at the ${end.at} stage`;
    case 'needsPerson': {
      const [first, ...others] = end.left;
      const more = others.length === 0 ? '' : `; ${String(others.length)} more for a person`;
      return `needs a person, at the ${first?.stage ?? 'last'} stage: ${first?.why ?? ''}; next: ${first?.command ?? ''}${more}`;
    }
    default:
      return unreachable(end);
  }
}

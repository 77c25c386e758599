/**
 * Keeps what people see of a recovery: its stages, the steps of each and how they stand, and what was interrupted.
 * It decides nothing: it is told what was begun and how that ended.
 */
import type { Foreseen, RecoveryDecision, RecoveryStep } from '../reconciler/recovery.ts';
import { RECOVERY_STAGES, type RecoveryStage } from '../reconciler/situation.ts';
import type { RecoveryStageView, RecoveryStepView, RecoveryView } from './recoveryView.ts';

type Place = RecoveryStage | 'docker';
type Stored = RecoveryStepView & { readonly stage: RecoveryStage };

const PLACES: readonly Place[] = [...RECOVERY_STAGES, 'docker'];
const NOT_BY_ITSELF = 'never by a recovery: a person restarts Docker, after all else';

export class RecoveryProgress {
  #steps: Stored[] = [];
  #foreseen: readonly Stored[];
  #waits: { readonly stage: RecoveryStage; readonly what: string } | null = null;
  #end: RecoveryDecision | null = null;

  /** `costs`: what each step would interrupt, in the order of the steps. */
  constructor({ steps }: Foreseen, costs: readonly (readonly string[])[]) {
    this.#foreseen = steps.map((step, index) => waitingStep(step, costs[index] ?? []));
  }

  begin(step: RecoveryStep): void {
    this.#waits = null;
    const { stage, verb, target, because } = step;
    const isThis = (other: Stored): boolean => other.verb === verb && other.target === target;
    this.#foreseen = this.#foreseen.filter((other) => !isThis(other));
    this.#steps.push({
      ...{ stage, verb, target, because, operation: null, detail: '', interrupts: [] },
      state: 'running',
    });
  }

  /** Of the step that was begun last. */
  change(change: Partial<Omit<RecoveryStepView, 'verb' | 'target'>>): void {
    const last = this.#steps.at(-1);
    if (last !== undefined) this.#steps.splice(-1, 1, { ...last, ...change });
  }

  wait(stage: RecoveryStage, what: string): void {
    this.#waits = { stage, what };
  }

  end(decision: RecoveryDecision): void {
    this.#waits = null;
    this.#end = decision;
  }

  get interrupted(): readonly string[] {
    return this.#steps.filter(({ state }) => state !== 'running').flatMap(({ interrupts }) => interrupts);
  }

  get view(): RecoveryView {
    const end = this.#end;
    return {
      stages: PLACES.map((stage) => this.#stage(stage)),
      curedAt: end?.kind === 'cured' ? end.at : null,
      interrupted: this.interrupted,
      left: end?.kind === 'needsPerson' ? end.left : [],
    };
  }

  #stage(stage: Place): RecoveryStageView {
    const begun = this.#steps.filter((step) => step.stage === stage);
    // What was foreseen and is not come to when it ends was not necessary.
    const ahead = this.#end === null ? this.#foreseen.filter((step) => step.stage === stage) : [];
    const left =
      this.#end?.kind === 'needsPerson' ? this.#end.left.filter((each) => each.stage === stage) : [];
    const steps = [...begun, ...ahead].map(({ stage: _, ...step }) => step);
    const waits = this.#waits?.stage === stage ? this.#waits.what : null;
    const why = left.map((each) => each.why).join('; ');
    const detail = waits ?? (why === '' && stage === 'docker' ? NOT_BY_ITSELF : why);
    return {
      stage,
      state: waits === null ? this.#stateOf(steps, left.length > 0) : 'running',
      detail,
      steps,
    };
  }

  #stateOf(steps: readonly RecoveryStepView[], isLeft: boolean): RecoveryStageView['state'] {
    const has = (state: RecoveryStepView['state']): boolean => steps.some((step) => step.state === state);
    if (has('running')) return 'running';
    if (has('failed') || isLeft) return 'failed';
    if (has('waiting')) return 'waiting';
    return has('cured') ? 'cured' : 'skipped';
  }
}

function waitingStep({ stage, verb, target, because }: RecoveryStep, interrupts: readonly string[]): Stored {
  return { stage, verb, target, because, state: 'waiting', operation: null, detail: '', interrupts };
}

/**
 * Turns each alert of a delivery into at most one operation, remembers which one, and answers later deliveries with it.
 * It acts only through the door that people use, so budget, guard and journal are the same for both.
 */
import { wallTime } from '../clock.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import { deedOf, firingKey, type Alert, type AlertDeed } from '../reconciler/alertAction.ts';
import type { AlertAnswer, OperationRequest, OperationView } from './door.ts';
import type { AlertSurroundings, AuditLine } from './ports.ts';

/** A firing that was acted on. */
export interface TakenAlert {
  /** Of reconciler/alertAction. */
  readonly key: string;
  /** RFC 3339. */
  readonly at: string;
  /** null until it has begun, and for ever when the supervisor ended just then. */
  readonly operation: string | null;
}

export interface AlertHookParts extends AlertSurroundings {
  readonly operations: {
    submit(request: OperationRequest): Promise<OperationView>;
    list(): readonly OperationView[];
  };
  readonly journal: { note(line: AuditLine): void };
}

type Deed = Extract<AlertDeed, { kind: 'act' }>;

const ACTOR = 'alertmanager';
const MOST_KEPT = 1_000;

export class AlertHook {
  readonly #parts: AlertHookParts;
  readonly #taken: Map<string, TakenAlert>;
  /** Firings and targets of which an operation is being prepared right now. */
  readonly #underWay = new Map<string, Promise<AlertAnswer>>();
  readonly #targets = new Set<string>();

  constructor(parts: AlertHookParts) {
    this.#parts = parts;
    this.#taken = new Map(parts.earlier.map((one) => [one.key, one]));
  }

  /** One answer for each, in their order; rejects when one could not be kept, and then the delivery is to be repeated. */
  async take(alerts: readonly Alert[]): Promise<readonly AlertAnswer[]> {
    const answers: AlertAnswer[] = [];
    // One after the other: what the first does to a target, the second must see.
    for (const alert of alerts) answers.push(await this.#takeOne(alert));
    return answers;
  }

  async #takeOne(alert: Alert): Promise<AlertAnswer> {
    const deed = deedOf(alert, this.#parts.actions);
    if (deed.kind === 'ignore') return answer(alert, 'ignored', deed.why);
    const key = firingKey(alert);
    const running = this.#underWay.get(key);
    if (running !== undefined) {
      const first = await running;
      return first.what === 'done' ? { ...first, what: 'duplicate' } : first;
    }
    const known = this.#taken.get(key);
    if (known !== undefined) return this.#again(alert, known);
    return this.#first(alert, deed);
  }

  async #first(alert: Alert, deed: Deed): Promise<AlertAnswer> {
    const busy = this.#busyWith(deed.target);
    if (busy !== null) return this.#refuse(alert, deed, busy);
    if (this.#parts.dryRun) return this.#attempt(alert, deed);
    const key = firingKey(alert);
    const attempt = this.#attempt(alert, deed);
    this.#underWay.set(key, attempt);
    this.#targets.add(deed.target);
    try {
      return await attempt;
    } finally {
      this.#underWay.delete(key);
      this.#targets.delete(deed.target);
    }
  }

  /** Kept before it is done: after a crash in between nobody knows, and then it is not done a second time. */
  async #attempt(alert: Alert, deed: Deed): Promise<AlertAnswer> {
    const { dryRun, operations } = this.#parts;
    const key = firingKey(alert);
    const at = wallTime();
    if (!dryRun) this.#keep({ key, at, operation: null });
    let operation: OperationView;
    try {
      operation = await operations.submit({ ...requestFor(alert, deed), dryRun });
    } catch (error) {
      // Its word that nothing was done; after a surprise nobody knows, and then it is not done a second time.
      if (!dryRun && error instanceof GarrisonError && error.code !== 'INTERNAL') this.#forget(key);
      if (!isRefusal(error)) throw error;
      return this.#refuse(alert, deed, messageOf(error));
    }
    if (dryRun) return answer(alert, 'planned', planOf(operation));
    this.#keep({ key, at, operation: operation.id });
    return { ...answer(alert, 'done', operation.detail), operation: operation.id };
  }

  #again(alert: Alert, { operation, at }: TakenAlert): AlertAnswer {
    if (operation === null)
      return answer(
        alert,
        'duplicate',
        `it was taken at ${at}, and whether anything was begun then is not known, so it is not done a second time`,
      );
    const view = this.#parts.operations.list().find(({ id }) => id === operation);
    const how = view === undefined ? '' : `, which is ${view.state}: ${view.detail}`;
    return { ...answer(alert, 'duplicate', `operation ${operation} of ${at} answers it${how}`), operation };
  }

  #busyWith(target: string): string | null {
    if (this.#targets.has(target)) return `something else is being begun on ${target}`;
    const name = bareName(target);
    const running = this.#parts.operations
      .list()
      .find(({ state, target: other }) => state === 'running' && (other === target || other === name));
    return running === undefined ? null : `operation ${running.id} on ${target} is still under way`;
  }

  #refuse(alert: Alert, { verb, target }: Deed, detail: string): AlertAnswer {
    const { alertname, fingerprint } = alert;
    const facts = { alertname, fingerprint, verb, target, actor: ACTOR, detail };
    this.#parts.journal.note({ event: 'alertRefused', ...facts });
    return answer(alert, 'refused', detail);
  }

  #keep(taken: TakenAlert): void {
    const before = this.#taken.get(taken.key);
    this.#taken.set(taken.key, taken);
    for (const key of [...this.#taken.keys()].slice(0, Math.max(0, this.#taken.size - MOST_KEPT)))
      this.#taken.delete(key);
    try {
      this.#parts.keep([...this.#taken.values()]);
    } catch (error) {
      if (before === undefined) this.#taken.delete(taken.key);
      throw error;
    }
  }

  #forget(key: string): void {
    this.#taken.delete(key);
    this.#parts.keep([...this.#taken.values()]);
  }
}

function requestFor({ alertname, fingerprint, startsAt }: Alert, { verb, target }: Deed): OperationRequest {
  return {
    verb,
    target,
    actor: ACTOR,
    reason: `alert ${alertname} (${fingerprint}), firing since ${startsAt}`,
    ifIncarnation: null,
    dryRun: false,
    forMs: null,
  };
}

function planOf({ detail, steps = [], interrupts }: OperationView): string {
  const costs = interrupts.length === 0 ? [] : [`interrupts ${interrupts.join(', ')}`];
  return [detail, ...steps, ...costs].join('; ');
}

/** What is not one is a fault of ours, which a repeated delivery may find mended. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof GarrisonError)) return false;
  return !['HOME_UNUSABLE', 'INTERNAL'].includes(error.code);
}

function bareName(target: string): string {
  return target.slice(target.indexOf('/') + 1);
}

function answer({ fingerprint, alertname }: Alert, what: AlertAnswer['what'], why: string): AlertAnswer {
  return { fingerprint, alertname, what, operation: null, why };
}

/**
 * Turns what people ask for into wishes, and says of each operation whether what it wanted is verified yet.
 * It does nothing to a worker, a job or a container itself: the loop does, once the wish is set.
 */
import { now } from '../clock.ts';
import { GarrisonError, unreachable } from '../errors.ts';
import { EVERYTHING } from '../reconciler/situation.ts';
import { prepareForContainer } from './containerOperation.ts';
import { prepareDockerRestart } from './dockerOperation.ts';
import type { Change, OperationRequest, OperationView, Verb } from './door.ts';
import { prepareForJobs } from './jobOperation.ts';
import { prepareMaintenance } from './maintenanceOperation.ts';
import { targetKind } from './operationTarget.ts';
import type { Surroundings } from './ports.ts';
import type { Check, Prepared, Stand } from './preparedOperation.ts';
import { prepareForQueue } from './queueOperation.ts';
import { prepareRecovery, type RecoveryDesk } from './recoveryOperation.ts';
import { CONFIGURATION, prepareReload } from './reloadOperation.ts';
import { prepareSweep, ZOMBIES } from './sweep.ts';
import type { Supervisor } from './supervisor.ts';
import { isOverruled, prepareForWorker } from './workerOperation.ts';

const KEPT = 200;
const LOOKED_AT_TURNS_END: readonly Change['type'][] = ['job', 'jobEnded', 'operation'];
/** Of verbs that take no name. */
const TARGET_OF_ALL: Readonly<Partial<Record<Verb, string>>> = {
  reap: ZOMBIES,
  reload: CONFIGURATION,
  recover: EVERYTHING,
};

interface Running {
  view: OperationView;
  readonly stand: Stand | null;
  check: Check;
}

export class Operations {
  readonly #supervisor: Supervisor;
  readonly #around: Surroundings;
  readonly #list: Running[] = [];
  readonly #tell: (change: Change) => void;

  constructor(supervisor: Supervisor, around: Surroundings, tell: (change: Change) => void) {
    this.#supervisor = supervisor;
    this.#around = around;
    this.#tell = tell;
    supervisor.onChange((change) => {
      // Of jobs ten thousand may change in one turn, and at its end all is looked at anyway.
      if (!LOOKED_AT_TURNS_END.includes(change.type)) this.#verify();
    });
    supervisor.onTurn(() => {
      this.#verify();
    });
  }

  list(): OperationView[] {
    // What a sweep did with each of a thousand is told of the one operation, not of a list of them.
    return this.#list.map(({ view: { swept: _, ...view } }) => view).reverse();
  }

  find(id: string): OperationView {
    const found = this.#list.find((entry) => entry.view.id === id);
    if (found === undefined)
      throw new GarrisonError('NOT_FOUND', `there is no operation ${id}`, {
        cure: 'List them with garrison get operations.',
      });
    return found.view;
  }

  async submit(asked: OperationRequest): Promise<OperationView> {
    const request = { ...asked, target: TARGET_OF_ALL[asked.verb] ?? asked.target };
    const { begin, planned = {}, stand = null, ...prepared } = await this.#prepareOrRefuse(request);
    const view: OperationView = {
      ...headOf(request),
      ...prepared,
      id: request.dryRun ? 'dry-run' : this.#around.newId('o'),
      state: request.dryRun ? 'planned' : 'running',
    };
    if (request.dryRun) return { ...view, ...planned };
    const { verb, target, actor, reason, from } = request;
    const where = from === undefined ? {} : { from };
    this.#around.audit({ event: 'operation', id: view.id, verb, target, actor, reason, ...where });
    // What has come true by now is told as that, before anything else is wished.
    this.#verify();
    const check = begin(view.id);
    if (stand !== null) this.#supersede(stand, view);
    return this.#add({ view, stand, check });
  }

  async #prepareOrRefuse(request: OperationRequest): Promise<Prepared> {
    try {
      return await this.#prepare(request);
    } catch (error) {
      const { verb, actor, dryRun } = request;
      if (!dryRun) this.#tell({ type: 'operationRefused', verb, actor });
      throw error;
    }
  }

  async #prepare(request: OperationRequest): Promise<Prepared> {
    const { verb } = request;
    const around = this.#around;
    const supervisor = this.#supervisor;
    switch (verb) {
      case 'reap':
        return prepareSweep(supervisor);
      case 'reload':
        return prepareReload(supervisor, around);
      case 'recover':
        return prepareRecovery(request, { supervisor, around, desk: this.#desk() });
      case 'cancel':
      case 'retry':
        return prepareForJobs({ ...request, verb }, supervisor, around);
      case 'quiet':
        return prepareForWorker({ ...request, verb }, supervisor, around);
      case 'maintenanceOn':
      case 'maintenanceOff':
        return prepareMaintenance({ ...request, verb }, supervisor);
      case 'heal':
      case 'clearQuarantine':
        return prepareForContainer({ ...request, verb }, supervisor, around);
      case 'restart':
      case 'stop':
      case 'start':
        return this.#prepareByTarget({ ...request, verb });
      default:
        return unreachable(verb);
    }
  }

  async #prepareByTarget(
    request: OperationRequest & { readonly verb: 'restart' | 'stop' | 'start' },
  ): Promise<Prepared> {
    const kind = targetKind(request, this.#supervisor);
    switch (kind) {
      case 'docker':
        return prepareDockerRestart(request, this.#supervisor, this.#around);
      case 'container':
        return prepareForContainer(request, this.#supervisor, this.#around);
      case 'worker':
        return prepareForWorker(request, this.#supervisor, this.#around);
      case 'queue':
        return prepareForQueue(this.#supervisor);
      default:
        return unreachable(kind);
    }
  }

  /** What a recovery may do: no more than a person at the same door. */
  #desk(): RecoveryDesk {
    return {
      submit: (request) => this.submit(request),
      find: (id) => this.find(id),
      running: () =>
        this.#list.find(({ view }) => view.verb === 'recover' && view.state === 'running')?.view.id ?? null,
    };
  }

  #add(running: Running): OperationView {
    this.#list.push(running);
    this.#forgetOldest();
    this.#tell({ type: 'operation', operation: running.view });
    setImmediate(() => {
      this.#verify();
    });
    return running.view;
  }

  /** Never one that goes on: somebody waits for it, and no second recovery may begin beside one that nobody sees. */
  #forgetOldest(): void {
    if (this.#list.length <= KEPT) return;
    const oldest = this.#list.findIndex(({ view }) => view.state !== 'running');
    if (oldest >= 0) this.#list.splice(oldest, 1);
  }

  #verify(): void {
    for (const entry of this.#list) {
      if (entry.view.state !== 'running') continue;
      const end = entry.check();
      if (end !== null) this.#end(entry, end);
    }
  }

  /** Whoever waits for what can no longer come is told at once, and by whom. */
  #supersede(stand: Stand, { id, verb, actor }: OperationView): void {
    for (const entry of this.#list) {
      const earlier = entry.view;
      if (earlier.state !== 'running' || entry.stand === null) continue;
      if (!isOverruled({ ...entry.stand, verb: earlier.verb }, stand)) continue;
      const detail = `superseded by ${id} of ${actor}, who asked to ${verb} ${stand.worker} before this ${earlier.verb} was done`;
      this.#end(entry, { state: 'failed', detail });
    }
  }

  #end(entry: Running, end: NonNullable<ReturnType<Check>>): void {
    entry.view = { ...entry.view, ...end };
    if (end.state === 'running') {
      this.#tell({ type: 'operation', operation: entry.view });
      return;
    }
    const { id, verb, target, actor } = entry.view;
    this.#around.note({ event: 'operationEnded', id, verb, target, actor, ...end });
    this.#tell({ type: 'operation', operation: entry.view });
  }
}

function headOf(
  request: OperationRequest,
): Pick<OperationView, 'verb' | 'target' | 'actor' | 'reason' | 'createdAt'> {
  const { verb, target, actor, reason } = request;
  return { verb, target, actor, reason, createdAt: now().wall };
}

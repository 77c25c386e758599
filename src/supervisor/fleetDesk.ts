/**
 * Passes what a person asks of this supervisor on to the one whose business it is, and does here what people asked of others.
 * It decides nothing of it: the desks and operations behind the door of that supervisor do.
 */
import { GarrisonError, messageOf, type ErrorCode } from '../errors.ts';
import type { FleetMessage, Problem } from '../push/fleetMessage.ts';
import type { PushView } from './door.ts';
import type { MemberLife } from './holders.ts';
import type { OperationRequest, OperationView } from './operationView.ts';
import type { Surroundings } from './ports.ts';
import type { PushRequest, SyncRequest } from './pushAsk.ts';
import type { Supervisor } from './supervisor.ts';

export type FleetCall =
  | { readonly method: 'submitPush'; readonly request: PushRequest }
  | { readonly method: 'sync'; readonly request: SyncRequest }
  | { readonly method: 'submitOperation'; readonly request: OperationRequest }
  | { readonly method: 'operation'; readonly id: string };

export type FleetWord = Extract<FleetMessage, { type: 'request' | 'reply' }>;

/** What is behind our own door. */
export interface OwnDesks {
  submitPush(request: PushRequest): Promise<PushView>;
  sync(request: SyncRequest): Promise<readonly PushView[]>;
  submitOperation(request: OperationRequest): Promise<OperationView>;
  operation(id: string): OperationView;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What may stand before the slash of a target of our own. */
const KINDS_OF_TARGET: readonly string[] = ['worker', 'container', 'queue', 'project'];
const ANSWER_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 500;
const MOST_MIRRORED = 200;

export class FleetDesk {
  readonly #supervisor: Supervisor;
  readonly #around: Pick<Surroundings, 'secrets' | 'newId' | 'tellMember'>;
  readonly #own: OwnDesks;
  readonly #pending = new Map<string, Pending>();
  readonly #mirrored = new Map<string, OperationView>();

  constructor(
    supervisor: Supervisor,
    around: Pick<Surroundings, 'secrets' | 'newId' | 'tellMember'>,
    own: OwnDesks,
  ) {
    this.#supervisor = supervisor;
    this.#around = around;
    this.#own = own;
  }

  submitPush(request: PushRequest): Promise<PushView> {
    const lead = this.#supervisor.fleet.leadId;
    if (lead === null) return this.#own.submitPush(request);
    return this.#ask(lead, { method: 'submitPush', request: this.#signed(request) }) as Promise<PushView>;
  }

  sync(request: SyncRequest): Promise<readonly PushView[]> {
    const lead = this.#supervisor.fleet.leadId;
    if (lead === null) return this.#own.sync(request);
    return this.#ask(lead, { method: 'sync', request: this.#signed(request) }) as Promise<
      readonly PushView[]
    >;
  }

  /** Of jobs: whoever keeps the queue. Of `NAME/…`: the supervisor of that name. All else is ours. */
  async submitOperation(request: OperationRequest): Promise<OperationView> {
    const { owner, target } = this.#ownerOf(request);
    if (owner === null) return this.#own.submitOperation(request);
    const call = { method: 'submitOperation', request: { ...this.#signed(request), target } } as const;
    const view = (await this.#ask(owner, call)) as OperationView;
    if (view.state === 'planned') return view;
    this.#mirror(owner, view);
    return view;
  }

  operation(id: string): OperationView {
    return this.#mirrored.get(id) ?? this.#own.operation(id);
  }

  /** From another supervisor: an answer to what we asked, or what somebody asked of it that is ours. */
  take(from: MemberLife, word: FleetWord): void {
    if (word.type === 'request') {
      void this.#answer(from.homeId, word);
      return;
    }
    const pending = this.#pending.get(word.id);
    this.#pending.delete(word.id);
    if (word.problem === undefined) pending?.resolve(word.result);
    else pending?.reject(errorOf(word.problem));
  }

  #ownerOf({ verb, target }: OperationRequest): { owner: string | null; target: string } {
    const { fleet } = this.#supervisor;
    if (verb === 'cancel' || verb === 'retry') return { owner: fleet.leadId, target };
    const [name = '', ...rest] = target.replace(/^worker\//, '').split('/');
    const isOurs = rest.length === 0 || KINDS_OF_TARGET.includes(name);
    const owner = isOurs ? null : fleet.memberNamed(name);
    if (owner === null) return { owner, target };
    return { owner, target: target.startsWith('worker/') ? `worker/${rest.join('/')}` : rest.join('/') };
  }

  /** Who asked, and where. */
  #signed<T extends { readonly actor: string }>(request: T): T {
    return { ...request, actor: `${request.actor} at ${this.#supervisor.snapshot().host}` };
  }

  async #ask(homeId: string, call: FleetCall): Promise<unknown> {
    const id = this.#around.newId('o');
    const sealed = await this.#sealed(id, call);
    const answered = new Promise((resolve, reject: (error: Error) => void) => {
      this.#pending.set(id, { resolve, reject });
      setTimeout(() => {
        this.#pending.delete(id);
        reject(this.#silence(homeId, call));
      }, ANSWER_WITHIN_MS).unref();
    });
    this.#around.tellMember(homeId, { type: 'request', id, call: sealed });
    return answered;
  }

  #silence(homeId: string, { method }: FleetCall): GarrisonError {
    const name = this.#supervisor.fleet.nameOf(homeId);
    const cure =
      method === 'operation'
        ? 'garrison status shows how it stands.'
        : 'It may or may not have been taken in: garrison jobs and garrison get operations there show it; then repeat the command.';
    return new GarrisonError(
      'SUPERVISOR_SILENT',
      `${name} gave no answer within ${String(ANSWER_WITHIN_MS / 1000)} s`,
      { cure },
    );
  }

  async #answer(homeId: string, { id, call }: Extract<FleetWord, { type: 'request' }>): Promise<void> {
    try {
      const result = await this.#do(this.#opened(id, call as FleetCall));
      this.#around.tellMember(homeId, { type: 'reply', id, result });
    } catch (error) {
      this.#around.tellMember(homeId, { type: 'reply', id, problem: problemOf(error) });
    }
  }

  async #do(call: FleetCall): Promise<unknown> {
    switch (call.method) {
      case 'submitPush':
        return this.#own.submitPush(call.request);
      case 'sync':
        return this.#own.sync(call.request);
      case 'submitOperation':
        return this.#own.submitOperation(call.request);
      case 'operation':
        return this.#own.operation(call.id);
      default:
        throw new GarrisonError(
          'USAGE',
          'this supervisor is of a version that does not know what was asked',
          {
            cure: 'Bring all supervisors of the queue to the same version.',
          },
        );
    }
  }

  /** A hash travels as it rests: under the key that all of them have. */
  async #sealed(id: string, call: FleetCall): Promise<FleetCall> {
    if (call.method !== 'submitPush' || call.request.secrets === undefined) return call;
    const passwordHash = await this.#around.secrets.seal(call.request.secrets.passwordHash, placeOf(id));
    return { ...call, request: { ...call.request, secrets: { passwordHash } } };
  }

  #opened(id: string, call: FleetCall): FleetCall {
    if (call.method !== 'submitPush' || call.request.secrets === undefined) return call;
    const opened = this.#around.secrets.open(call.request.secrets.passwordHash, placeOf(id));
    if ('text' in opened)
      return { ...call, request: { ...call.request, secrets: { passwordHash: opened.text } } };
    throw new GarrisonError(
      'CONFLICTING_STATE',
      `the password hash cannot be read here: ${opened.unreadable}`,
      {
        cure: 'Give all supervisors of the queue the same secrets.key.',
      },
    );
  }

  /** What became of it is told by its supervisor; asked for as long as it runs. */
  #mirror(homeId: string, view: OperationView): void {
    this.#mirrored.set(view.id, view);
    for (const oldest of this.#mirrored.keys()) {
      if (this.#mirrored.size <= MOST_MIRRORED) break;
      this.#mirrored.delete(oldest);
    }
    if (view.state !== 'running') return;
    setTimeout(() => {
      this.#ask(homeId, { method: 'operation', id: view.id }).then(
        (next) => {
          this.#mirror(homeId, next as OperationView);
        },
        () => {
          // No news: what was known stays, and it is asked again.
          this.#mirror(homeId, view);
        },
      );
    }, LOOK_EVERY_MS).unref();
  }
}

function placeOf(id: string): string {
  return `fleet:${id}`;
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof GarrisonError)) return { code: 'INTERNAL', message: messageOf(error) };
  const { code, message, cure, facts } = error;
  return { code, message, ...(cure === undefined ? {} : { cure }), facts };
}

function errorOf({ code, message, cure, facts }: Problem): GarrisonError {
  return new GarrisonError(code as ErrorCode, message, {
    ...(cure === undefined ? {} : { cure }),
    ...(facts === undefined ? {} : { facts }),
  });
}

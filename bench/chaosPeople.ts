/**
 * What people do in a run of chaos: they push, revoke, check, cancel, retry and order workers about, over the control socket.
 * Only what was accepted is noted as accepted; a refusal while something is broken on purpose is an answer like any other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationView, PushView } from '../src/supervisor/door.ts';
import type { Garrison } from '../test/support/garrison.ts';
import type { ChaosLedger } from './chaosLedger.ts';
import type { Ask } from './chaosSchedule.ts';
import type { ChaosStage } from './chaosStage.ts';

const FOLLOWED_FOR_MS = 6_000;
const FOLLOW_EVERY_MS = 100;

type PushLike = Extract<Ask, { hosts: readonly number[] }>;

export class ChaosPeople {
  readonly #stage: ChaosStage;
  readonly #ledger: ChaosLedger;
  readonly #tagged = new Map<number, PushView>();

  constructor(stage: ChaosStage, ledger: ChaosLedger) {
    this.#stage = stage;
    this.#ledger = ledger;
  }

  /** Resolves to what became of it. */
  async ask(ask: Ask): Promise<string> {
    switch (ask.kind) {
      case 'push':
      case 'revoke':
      case 'check':
      case 'pushForeign':
        return this.#push(ask);
      case 'cancel':
      case 'retry':
        return this.#onPush(ask.kind, ask.back);
      case 'callOff':
        return this.#onAccepted('cancel', this.#tagged.get(ask.tag));
      case 'operate':
        return this.operate(ask.verb, workerName(ask.worker));
    }
  }

  async operate(verb: 'quiet' | 'stop' | 'start' | 'restart', worker: string): Promise<string> {
    this.#ledger.noteOrder(worker);
    // Whoever gets no answer does not know whether it was heard.
    if (verb === 'stop') this.#ledger.perhapsStopped.add(worker);
    await this.#operation(verb, `worker/${worker}`);
    this.#ledger.noteOrder(worker);
    return `${verb} ${worker}`;
  }

  /** Opens one job again. */
  async retryJob(jobId: string): Promise<void> {
    this.#ledger.reopened.add(jobId);
    await this.#operation('retry', jobId);
  }

  async push(
    kind: 'push' | 'revoke' | 'check',
    wish: { account: string | null; hosts: readonly string[]; sudo: boolean },
  ): Promise<PushView> {
    const { account, hosts, sudo } = wish;
    const keys = kind === 'push' ? [this.#stage.publicKey] : [];
    const body = {
      kind,
      account: account === null ? null : { name: account, keys, ...(sudo ? { sudo: '/usr/bin/id' } : {}) },
      hosts,
    };
    const push = await this.#api<PushView>('/api/v1/pushes', body);
    const { id, jobIds } = push;
    this.#ledger.accepted.push({ id, kind, account, sudo, jobIds, hosts });
    return push;
  }

  async #push(ask: PushLike): Promise<string> {
    const hosts = ask.hosts.map((index) => `web-${String(index + 1)}`);
    const account = accountOf(ask);
    const kind = ask.kind === 'pushForeign' ? 'push' : ask.kind;
    const push = await this.push(kind, { account, hosts, sudo: ask.kind === 'push' && ask.sudo });
    if ('tag' in ask) this.#tagged.set(ask.tag, push);
    return `${push.id} accepted: ${push.jobIds.join(' ')}`;
  }

  #onPush(verb: 'cancel' | 'retry', back: number): Promise<string> {
    return this.#onAccepted(verb, this.#ledger.accepted.at(-1 - back));
  }

  async #onAccepted(
    verb: 'cancel' | 'retry',
    push: { readonly id: string; readonly jobIds: readonly string[] } | undefined,
  ): Promise<string> {
    if (push === undefined) return 'no such push was accepted';
    if (verb === 'retry') for (const jobId of push.jobIds) this.#ledger.reopened.add(jobId);
    const operation = await this.#operation(verb, push.id);
    if (verb === 'cancel') await this.#follow(operation.id);
    return `${verb} ${push.id}`;
  }

  /** Somebody who waits for the word that it is cancelled, and then relies on it. */
  async #follow(id: string): Promise<void> {
    const { garrison } = this.#stage;
    const endMs = performance.now() + FOLLOWED_FOR_MS;
    while (garrison !== null && this.#isUp(garrison) && performance.now() < endMs) {
      const { state, detail } = await garrison.api<OperationView>('GET', `/api/v1/operations/${id}`);
      if (state !== 'running') {
        const cancelled = [...detail.matchAll(/job (\S+) on host \S+: cancelled/g)];
        for (const [, jobId = ''] of cancelled) this.#ledger.promised.add(jobId);
        return;
      }
      await sleep(FOLLOW_EVERY_MS);
    }
  }

  /** Not killed meanwhile. */
  #isUp(garrison: Garrison): boolean {
    return this.#stage.garrison === garrison;
  }

  #operation(verb: string, target: string): Promise<OperationView> {
    return this.#api('/api/v1/operations', { verb, target });
  }

  async #api<T>(path: string, body: object): Promise<T> {
    const { garrison } = this.#stage;
    if (garrison === null) throw new Error('the supervisor is down');
    return garrison.api<T>('POST', path, body);
  }
}

export function workerName(index: number): string {
  return `push-${String(index + 1)}`;
}

function accountOf(ask: PushLike): string | null {
  switch (ask.kind) {
    case 'push':
    case 'revoke':
      return `chaos${String(ask.account)}`;
    case 'pushForeign':
      return `foreign${String(ask.foreigner)}`;
    case 'check':
      return null;
  }
}

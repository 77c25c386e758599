/**
 * The peer that Garrison's healing is measured against: a loop that does what willfarrell/docker-autoheal's docker-entrypoint does.
 * It asks for unhealthy containers, restarts each in the order of the list, sleeps 5 s, and has no order, back-off or budget.
 */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 5_000;
const STOP_TIMEOUT_S = 10;
/** Of its curl. */
const DEADLINE_MS = 30_000;

interface Listed {
  readonly Id: string;
  readonly State: string;
}

export class PollingHealer {
  readonly #socketPath: string;
  readonly #filters: string;
  readonly #clock = new AbortController();
  #loop: Promise<void> | null = null;

  /** `label`: of the containers that it is for, as `autoheal`; null for all. */
  constructor(socketPath: string, label: string | null) {
    this.#socketPath = socketPath;
    const labelled = label === null ? {} : { label: [`${label}=true`] };
    this.#filters = encodeURIComponent(JSON.stringify({ health: ['unhealthy'], ...labelled }));
  }

  /** The first poll comes after so long. */
  start(afterMs: number): void {
    this.#loop = this.#run(afterMs).catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#clock.abort();
    await this.#loop;
  }

  async #run(afterMs: number): Promise<void> {
    const { signal } = this.#clock;
    await sleep(afterMs, undefined, { signal });
    for (;;) {
      const answer = await this.#ask('GET', `/containers/json?filters=${this.#filters}`);
      for (const { Id, State } of answer === null ? [] : (JSON.parse(answer) as Listed[])) {
        if (signal.aborted) return;
        if (State === 'restarting') continue;
        await this.#ask('POST', `/containers/${Id}/restart?t=${String(STOP_TIMEOUT_S)}`);
      }
      await sleep(INTERVAL_MS, undefined, { signal });
    }
  }

  /** Null when it failed, of which the loop thinks nothing. */
  #ask(method: string, path: string): Promise<string | null> {
    return new Promise((resolve) => {
      const options = { socketPath: this.#socketPath, method, path, agent: false as const };
      const sent = request({ ...options, timeout: DEADLINE_MS, signal: this.#clock.signal }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('error', () => resolve(null));
        answer.on('end', () => resolve((answer.statusCode ?? 500) < 300 ? text : null));
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve(null));
      sent.end();
    });
  }
}

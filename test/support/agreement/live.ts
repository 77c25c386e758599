/**
 * Reads all windows of a running garrison, and its alerts in a running Prometheus, and compares what was read while nothing changed.
 * What was read across a change is thrown away and read again: it would compare two instants.
 */
import assert, { AssertionError } from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { ContainerView, Snapshot } from '../../../src/supervisor/door.ts';
import { readRules, RULES_FILE, scaledRules } from '../alertRules.ts';
import { FACTOR, type AlertScene } from '../alertScene.ts';
import type { Garrison } from '../garrison.ts';
import type { Parts } from '../parts.ts';
import { runCommands } from '../runCli.ts';
import { until } from '../until.ts';
import { assertSameEverywhere, readAll, type Asking, type Reading } from './readings.ts';
import { stateAlerts } from './stateAlerts.ts';

const WITHIN_MS = 30_000;

export class LiveAgreement {
  /** Every state that was compared. */
  readonly compared = new Set<string>();
  readonly #scene: AlertScene;
  readonly #asking: Asking;
  readonly #changes: () => number;
  readonly #alerts = stateAlerts(readRules(scaledRules(readFileSync(RULES_FILE, 'utf8'), FACTOR)));
  #thrownAway = 0;

  private constructor(scene: AlertScene, asking: Asking, changes: () => number) {
    this.#scene = scene;
    this.#asking = asking;
    this.#changes = changes;
  }

  static async start(parts: Parts, scene: AlertScene): Promise<LiveAgreement> {
    const asking = await askingOf(scene.garrison);
    return new LiveAgreement(scene, asking, await countChanges(parts, scene.garrison));
  }

  get thrownAway(): number {
    return this.#thrownAway;
  }

  /** Compares over and over, until one comparison was of an instant at which this was shown. */
  async compareAt(what: string, isShown: (shown: Reading) => boolean): Promise<void> {
    const differences: AssertionError[] = [];
    const compared = async (): Promise<boolean> => {
      try {
        const shown = await this.#compareOnce();
        return shown !== null && isShown(shown);
      } catch (error) {
        // It must not be tried again until it looks well: one difference is enough.
        if (!(error instanceof AssertionError)) throw error;
        differences.push(error);
        return true;
      }
    };
    await until(`all windows were compared: ${what}`, compared, { deadlineMs: WITHIN_MS });
    for (const difference of differences) throw difference;
    this.compared.add(what);
  }

  worker(name: string, state: string): Promise<void> {
    return this.compareAt(`worker ${state}`, ({ workers }) => workers[name] === state);
  }

  container(name: string, state: string | undefined): Promise<void> {
    return this.compareAt(`container ${state ?? 'gone'}`, ({ containers }) => containers[name] === state);
  }

  /** Null when something changed meanwhile. */
  async #compareOnce(): Promise<Reading | null> {
    const before = await this.#revision();
    const fromSeconds = Date.now() / 1000;
    const { readings } = await readAll(this.#asking);
    const atSeconds = await until('prometheus has scraped since', async () => {
      const at = await this.#scene.prometheus.scrapedAt();
      return at !== null && at > fromSeconds ? at : null;
    });
    const spoken = await this.#spokenOfAt(atSeconds);
    if ((await this.#revision()) !== before) {
      this.#thrownAway += 1;
      return null;
    }
    assertSameEverywhere(readings);
    const shown = readings.API as Reading;
    assert.deepEqual(
      spoken,
      Object.fromEntries(this.#alerts.map(({ alert, of }) => [alert, of(shown)])),
      'of whom each alert speaks (actual) and should (expected)',
    );
    return shown;
  }

  async #spokenOfAt(atSeconds: number): Promise<Record<string, readonly string[]>> {
    const { prometheus } = this.#scene;
    const spoken = await Promise.all(
      this.#alerts.map(async ({ alert, query }) => {
        const found = await prometheus.found(query, atSeconds);
        return [alert, found.map(({ worker, container }) => worker ?? container ?? '').sort()] as const;
      }),
    );
    return Object.fromEntries(spoken);
  }

  /** Another one whenever anything that is compared has changed, be it for a moment only. */
  async #revision(): Promise<string> {
    const { garrison } = this.#scene;
    const { workers, redis, docker } = await garrison.snapshot();
    const { items } = await garrison.api<{ items: ContainerView[] }>('GET', '/api/v1/containers');
    const all = [...workers, ...items].map(({ name, state, since }) => [name, state, since]);
    return JSON.stringify([all, stateOf({ redis, docker }), this.#changes()]);
  }
}

function stateOf({ redis, docker }: Pick<Snapshot, 'redis' | 'docker'>): readonly unknown[] {
  return [redis.up, redis.since, docker.state, docker.since];
}

/** Over the page's port with a token, and by the built command. */
async function askingOf(garrison: Garrison): Promise<Asking> {
  const [made, link] = await Promise.all([
    garrison.cli('token', 'create', 'reader', '--scope', 'read'),
    garrison.cli('sign-in'),
  ]);
  const page = /http:\/\/[^/\s]+/.exec(link.stdout)?.[0];
  assert.ok(page !== undefined && made.exitCode === 0, made.stderr);
  const headers = { authorization: `Bearer ${made.stdout.trim()}`, connection: 'close' };
  return {
    get: async (path) => {
      const answer = await fetch(`${page}${path}`, { headers });
      assert.equal(answer.status, 200, path);
      return answer.text();
    },
    commands: (lines) => runCommands(garrison.home, lines),
  };
}

const TELLS = /^event: (?:worker|container|supervisor)$/gm;

/** How often the stream of events has told of a change so far. */
async function countChanges(parts: Parts, garrison: Garrison): Promise<() => number> {
  let changes = 0;
  const headers = { accept: 'text/event-stream', host: 'localhost' };
  const where = { socketPath: join(garrison.home, 'control.sock'), path: '/api/v1/events', headers };
  await new Promise<void>((resolve, reject) => {
    const sent = request(where, (answer) => {
      let rest = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop() ?? '';
        changes += lines.join('\n').match(TELLS)?.length ?? 0;
        resolve();
      });
      answer.on('error', () => undefined);
    });
    sent.on('error', reject).end();
    parts.after(() => {
      sent.destroy();
    });
  });
  return () => changes;
}

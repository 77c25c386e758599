/**
 * Debian's prometheus for a test: it scrapes one garrison over the page's port with a token, and judges by the shipped rules, scaled.
 * It listens on a port of its own on 127.0.0.1, keeps all it has in a folder of its own, and sends nothing to anybody.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tethered } from '../../src/tether.ts';
import { RULES_FILE, msOf, scaledRules } from './alertRules.ts';
import { freePort } from './dockerImages.ts';
import type { Garrison } from './garrison.ts';
import { makeTempHome, type TempHome } from './tempHome.ts';
import { until } from './until.ts';

export interface FiringAlert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
}

interface Found {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Context {
  after(end: () => Promise<void> | void): void;
}

/** Of the shipped prometheus.yml; Prometheus' own is how far back a sample may lie. */
const SCRAPE_EVERY = '15s';
const LOOK_BACK = '5m';
const LOOK_EVERY_MS = 200;

export class TestPrometheus {
  readonly #temporary: TempHome = makeTempHome();
  readonly #factor: number;
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  #port = 0;
  #config: object = {};
  #looking: NodeJS.Timeout | null = null;
  readonly #everFired = new Map<string, FiringAlert>();

  private constructor(factor: number) {
    this.#factor = factor;
  }

  /** Resolves when it has scraped the garrison; `parts` ends it. All durations of the rules are divided by `factor`. */
  static async start(parts: Context, garrison: Garrison, factor: number): Promise<TestPrometheus> {
    const prometheus = new TestPrometheus(factor);
    parts.after(() => prometheus.#end());
    await prometheus.#configure(garrison);
    await prometheus.#launch();
    await until('prometheus has scraped garrison', () => prometheus.#hasScraped(), { deadlineMs: 30_000 });
    prometheus.#takeInRules();
    prometheus.#looking = setInterval(() => void prometheus.#look().catch(() => undefined), LOOK_EVERY_MS);
    await until('the watchdog fires', async () => (await prometheus.#look()).length > 0);
    return prometheus;
  }

  /** The alerts that have fired so far, also those that no longer do. What strangers on the machine leave behind is not Garrison's. */
  everFired(): readonly string[] {
    const own = [...this.#everFired.values()].filter(({ labels }) => labels['owner'] !== 'foreign');
    return [...new Set(own.map(({ name }) => name))].sort();
  }

  /** Waits until this one fires; `labels` are those it must have at least. */
  async fires(
    name: string,
    labels: Readonly<Record<string, string>>,
    deadlineMs: number,
  ): Promise<FiringAlert> {
    const isIt = (alert: FiringAlert): boolean =>
      alert.name === name && Object.entries(labels).every(([key, value]) => alert.labels[key] === value);
    return until(`${name} fires`, async () => (await this.#look()).find(isIt), { deadlineMs, everyMs: 100 });
  }

  /** The value of a query that has one. */
  async value(query: string): Promise<number | null> {
    return (await this.#query({ query }))[0]?.value ?? null;
  }

  /** Labels of all that a query finds at that time (seconds since 1970). */
  async found(query: string, atSeconds: number): Promise<readonly Readonly<Record<string, string>>[]> {
    const found = await this.#query({ query, time: atSeconds.toFixed(3) });
    return found.map(({ labels }) => labels);
  }

  /** Seconds since 1970: when the newest scrape began; null while there is none. */
  scrapedAt(): Promise<number | null> {
    return this.value('timestamp(up{job="garrison"})');
  }

  async #query(asked: Record<string, string>): Promise<readonly Found[]> {
    const { result } = await this.#ask<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>(`query?${new URLSearchParams(asked).toString()}`);
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** What its API answers below /api/v1/; throws with its word when it refuses. */
  async ask<T>(path: string): Promise<T> {
    return this.#ask<T>(path);
  }

  async #configure(garrison: Garrison): Promise<void> {
    const [token, link] = await Promise.all([
      garrison.cli('token', 'create', 'prometheus'),
      garrison.cli('sign-in'),
    ]);
    const page = /http:\/\/([^/\s]+)/.exec(link.stdout)?.[1];
    if (token.exitCode !== 0 || page === undefined) throw new Error(`no token or page: ${token.stderr}`);
    const folder = this.#temporary.path;
    writeFileSync(join(folder, 'token'), token.stdout.trim(), { mode: 0o600 });
    writeFileSync(
      join(folder, 'garrison.rules.yaml'),
      scaledRules(readFileSync(RULES_FILE, 'utf8'), this.#factor),
    );
    const every = this.#scaled(SCRAPE_EVERY);
    this.#config = {
      global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
      scrape_configs: [
        {
          job_name: 'garrison',
          authorization: { credentials_file: join(folder, 'token') },
          static_configs: [{ targets: [page] }],
        },
      ],
    };
    this.#writeConfig({});
  }

  /** Only now: a Prometheus finds its targets 5 s after its start, which no factor shortens. */
  #takeInRules(): void {
    this.#writeConfig({ rule_files: ['garrison.rules.yaml'] });
    this.#child?.kill('SIGHUP');
  }

  /** JSON is YAML. */
  #writeConfig(more: object): void {
    const file = join(this.#temporary.path, 'prometheus.yml');
    writeFileSync(file, JSON.stringify({ ...this.#config, ...more }));
  }

  #scaled(duration: string): string {
    return `${String(Math.round(msOf(duration) / this.#factor))}ms`;
  }

  async #launch(): Promise<void> {
    this.#port = await freePort();
    const folder = this.#temporary.path;
    const log = openSync(join(folder, 'log'), 'a');
    const { file, args } = tethered({
      file: 'prometheus',
      args: [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${String(this.#port)}`,
        `--query.lookback-delta=${this.#scaled(LOOK_BACK)}`,
        '--log.level=warn',
      ],
    });
    const child = spawn(file, args, { stdio: ['ignore', log, log], cwd: folder });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  }

  async #hasScraped(): Promise<boolean> {
    if (this.#child?.exitCode !== null) {
      const log = readFileSync(join(this.#temporary.path, 'log'), 'utf8');
      throw new Error(`prometheus ended: ${log.slice(-2000)}`);
    }
    return (await this.value('up{job="garrison"}')) === 1;
  }

  async #look(): Promise<readonly FiringAlert[]> {
    interface Told {
      readonly alerts: readonly {
        readonly labels: Record<string, string>;
        readonly annotations: Record<string, string>;
        readonly state: string;
      }[];
    }
    const { alerts } = await this.#ask<Told>('alerts');
    const firing = alerts
      .filter(({ state }) => state === 'firing')
      .map(({ labels, annotations }) => ({
        name: labels['alertname'] ?? '',
        labels,
        description: annotations['description'] ?? '',
      }));
    for (const alert of firing) this.#everFired.set(JSON.stringify(alert.labels), alert);
    return firing;
  }

  async #ask<T>(path: string): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${String(this.#port)}/api/v1/${path}`, {
      headers: { connection: 'close' },
    });
    const { data, error } = (await answer.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(`prometheus: ${error}: ${path}`);
    return data;
  }

  async #end(): Promise<void> {
    if (this.#looking !== null) clearInterval(this.#looking);
    if (this.#child?.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#exited;
    this.#temporary.remove();
  }
}

/**
 * Runs a whole garrison for a test: the built program, its own home and ports, its API and its commands.
 * It ends only what it started, and says with the program's own last lines why something did not come.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { JobView, PushView, Snapshot, WorkerView } from '../../src/supervisor/door.ts';
import { makeKeyPair, runOnHost, type KeyPair, type Said, type Target } from './onHost.ts';
import { makeTempHome } from './tempHome.ts';
import { until } from './until.ts';

const PROGRAM = new URL('../../bin/garrison', import.meta.url).pathname;

export interface GarrisonOptions {
  readonly practice?: number;
  /** More of garrison.yaml; the page always listens on a port of the system's choice. */
  readonly config?: string;
  /** Another Node process for each test costs the machine more than most have a use for: none, unless it is asked for. */
  readonly spare?: 0 | 1;
  /** Where the page listens instead. */
  readonly page?: string;
  readonly inventory?: string;
  /** An earlier one's home, for a start after an end. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another than this checkout's. */
  readonly program?: string;
  /** What `start` waits for: jobs are taken, or (where nobody may take any) only an answer. */
  readonly until?: 'served' | 'answers';
}

interface Context {
  after(fn: () => Promise<void> | void): void;
}

export class Garrison {
  readonly home: string;
  readonly process: ChildProcess;
  /** A key pair to push; not the one Garrison logs in with. */
  readonly keys: KeyPair;
  readonly #lines: string[] = [];
  readonly #exited: Promise<number | null>;

  private constructor(home: string, options: GarrisonOptions) {
    this.home = home;
    this.keys = makeKeyPair(join(home, 'test-keys'));
    writeFileSync(
      join(home, 'garrison.yaml'),
      `page: { listen: "${options.page ?? '127.0.0.1:0'}" }\n${withSpare(options)}`,
    );
    if (options.inventory !== undefined) writeFileSync(join(home, 'inventory.yaml'), options.inventory);
    const args = [
      options.program ?? PROGRAM,
      '--home',
      home,
      'up',
      '--practice',
      String(options.practice ?? 0),
    ];
    this.process = spawn(process.execPath, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (data: Buffer) => this.#lines.push(data.toString()));
    }
    this.#exited = new Promise((resolve) => this.process.once('exit', resolve));
  }

  /** Starts one and waits until it takes jobs; it is ended, and its home removed, after the test. */
  static async start(context: Context, options: GarrisonOptions = {}): Promise<Garrison> {
    const temporary = options.home === undefined ? makeTempHome() : null;
    const garrison = new Garrison(options.home ?? temporary?.path ?? '', options);
    context.after(async () => {
      await garrison.end();
      temporary?.remove();
    });
    const ready = (): Promise<boolean> =>
      options.until === 'answers' ? garrison.answers() : garrison.isReady();
    await until('garrison takes jobs', ready, { deadlineMs: 30_000 });
    return garrison;
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw new Error('garrison was not started');
    return pid;
  }

  /** Resolves to its exit code, null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  get output(): string {
    return this.#lines.join('');
  }

  async isReady(): Promise<boolean> {
    if (this.process.exitCode !== null) throw new Error(`garrison exited: ${this.output.slice(-2000)}`);
    return (await this.snapshot()).queue.served;
  }

  async answers(): Promise<boolean> {
    return (await this.snapshot()).redis.up;
  }

  /** Asks it to end in order; resolves to its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    return this.#exited;
  }

  async api<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await callSocket(join(this.home, 'control.sock'), { method, path, body });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${String(answer.status)} ${answer.text}`);
    const document = JSON.parse(answer.text) as { item?: unknown };
    return (document.item ?? document) as T;
  }

  /** A page that is not JSON, as /metrics. */
  async text(path: string): Promise<string> {
    return (await callSocket(join(this.home, 'control.sock'), { method: 'GET', path })).text;
  }

  async snapshot(): Promise<Snapshot> {
    return this.api('GET', '/api/v1/status');
  }

  async workers(): Promise<readonly WorkerView[]> {
    return (await this.snapshot()).workers;
  }

  async push(account: string, hosts: readonly string[], more: object = {}): Promise<PushView> {
    const body = { kind: 'push', account: { name: account, keys: [this.keys.publicKey] }, hosts, ...more };
    return this.api('POST', '/api/v1/pushes', body);
  }

  async pushView(id: string): Promise<PushView> {
    return this.api('GET', `/api/v1/pushes/${id}`);
  }

  async job(id: string): Promise<JobView> {
    return this.api('GET', `/api/v1/jobs/${id}`);
  }

  /** Waits until every job of the push is final. */
  async settled(id: string, deadlineMs = 60_000): Promise<PushView> {
    return until(`push ${id} ends`, async () => (await this.settledNow(id)) ?? false, {
      deadlineMs,
      everyMs: 50,
    });
  }

  async settledNow(id: string): Promise<PushView | null> {
    // While Redis is down on purpose, a push cannot be read; it can a moment later.
    const push = await this.pushView(id).catch(() => null);
    return push === null || push.state === 'open' ? null : push;
  }

  /** Runs a garrison command against this one. */
  cli(...args: string[]): Promise<Said> {
    return runCommand(['--home', this.home, ...args]);
  }

  async host(name: string): Promise<Target> {
    const found = (await this.snapshot()).hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    const known = readFileSync(join(this.home, 'known_hosts.inventory'), 'utf8');
    const hostKey = known.split('\n').find((line) => line.startsWith(`${name} `));
    return { ...found, hostKey: hostKey?.slice(name.length + 1) ?? '' };
  }

  /** Runs a script as root on a practice host, past Garrison. */
  async onHost(name: string, script: string): Promise<Said> {
    return runOnHost(await this.host(name), script, { identityFile: join(this.home, 'id_ed25519') });
  }

  /** A fact told by a practice host; throws when the script fails. */
  async tell(name: string, script: string): Promise<string> {
    const said = await this.onHost(name, script);
    if (said.exitCode !== 0) throw new Error(`${name}: ${script}: ${said.stderr}`);
    return said.stdout.trim();
  }
}

/** Beside what the test says of the workers: a key may stand only once. */
function withSpare({ config = '', spare = 0, program }: GarrisonOptions): string {
  // Of another version it is not known whether it has a spare at all.
  if (program !== undefined) return config;
  const own = `spare: ${String(spare)}`;
  if (/^workers: \{/m.test(config)) return config.replace(/^workers: \{/m, `workers: { ${own},`);
  if (/^workers:/m.test(config))
    throw new Error('write workers: { … } on one line, so that the spare has a place in it');
  return `${config}${config === '' || config.endsWith('\n') ? '' : '\n'}workers: { ${own} }\n`;
}

/** Runs `garrison ARGS…` to its end. */
export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  return new Promise((resolve) => {
    const options = { timeout: 120_000, env: { ...process.env, ...env } };
    execFile(process.execPath, [PROGRAM, ...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object | undefined;
}

export function callSocket(
  socketPath: string,
  { method, path, body }: Call,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ socketPath, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/**
 * Real redis-servers for a test, each with a configuration, a folder and loopback ports of its own.
 * It ends what it started by its pid, and never a server that it did not.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { tempHome } from './tempHome.ts';
import { until } from './until.ts';

interface Context {
  after(end: () => Promise<void> | void): void;
}

export class RedisNode {
  readonly port: number;
  readonly #folder: string;
  readonly #args: readonly string[];
  #server: ChildProcess;

  constructor({ folder, port, args }: { folder: string; port: number; args: readonly string[] }) {
    this.port = port;
    this.#folder = folder;
    this.#args = args;
    this.#server = this.#spawn();
  }

  get address(): string {
    return `127.0.0.1:${String(this.port)}`;
  }

  get log(): string {
    const file = join(this.#folder, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  get isRunning(): boolean {
    return this.#server.exitCode === null && this.#server.signalCode === null;
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const exited = new Promise((resolve) => this.#server.once('exit', resolve));
    this.#server.kill('SIGKILL');
    await exited;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#server.kill(signal);
  }

  /** After `kill`: on the same port and with the same files. */
  startAgain(): void {
    this.#server = this.#spawn();
  }

  /** A connection that lives for one question. */
  async ask<T>(question: (redis: Redis) => Promise<T>, options: RedisOptions = {}): Promise<T> {
    const redis = new Redis({
      ...{ host: '127.0.0.1', port: this.port, lazyConnect: true, enableReadyCheck: false },
      ...{
        disableClientInfo: true,
        retryStrategy: () => null,
        maxRetriesPerRequest: 0,
        commandTimeout: 2_000,
      },
      ...options,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** A field of INFO; null while it does not answer. */
  async info(field: string, options: RedisOptions = {}): Promise<string | null> {
    const text = await this.ask((redis) => redis.info(), options).catch(() => '');
    return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? null;
  }

  #spawn(): ChildProcess {
    return spawn('redis-server', [join(this.#folder, 'redis.conf'), ...this.#args], { stdio: 'ignore' });
  }
}

export interface NodeOptions {
  /** Lines of redis.conf. */
  readonly settings: readonly string[];
  readonly args?: readonly string[];
  /** How it is asked whether it answers, such as with a password. */
  readonly asked?: RedisOptions;
  readonly port?: number;
}

/** Starts one and waits for its answer; it is ended, and its folder removed, with the test's parts. */
export async function startNode(parts: Context, options: NodeOptions): Promise<RedisNode> {
  const folder = join(tempHome(parts), 'node');
  mkdirSync(folder, { mode: 0o700 });
  const port = options.port ?? (await freePort());
  const file = join(folder, 'redis.conf');
  const own = [`dir ${folder}`, `logfile ${join(folder, 'log')}`, 'bind 127.0.0.1'];
  writeFileSync(file, `${[...own, ...options.settings].join('\n')}\n`);
  chmodSync(file, 0o600);
  if (!options.settings.some((line) => /^(?:tls-)?port /.test(line)))
    writeFileSync(file, `port ${String(port)}\n`, { flag: 'a' });
  const node = new RedisNode({ folder, port, args: options.args ?? [] });
  parts.after(() => node.kill());
  await until(`the redis-server on port ${String(port)} answers`, () =>
    node.ask((redis) => redis.ping(), options.asked),
  );
  return node;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

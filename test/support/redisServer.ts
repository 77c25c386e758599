/**
 * A real redis-server for one test file, on a Unix socket in a home of its own.
 * It never opens a TCP port.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { embeddedSocket, spawnRedisServer } from '../../src/driver/redisServer.ts';
import type { SpawnedProcess } from '../../src/driver/spawn.ts';
import { makeTempHome, type TempHome } from './tempHome.ts';
import { until } from './until.ts';

export class TestRedis {
  readonly home: string;
  readonly #temporary: TempHome;
  readonly #connections: Redis[] = [];
  #server: SpawnedProcess;

  private constructor() {
    this.#temporary = makeTempHome();
    this.home = this.#temporary.path;
    mkdirSync(join(this.home, 'redis'), { mode: 0o700 });
    this.#server = spawnRedisServer(this.home, () => undefined);
  }

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis();
    await until('redis-server answers', () => redis.connect().ping());
    return redis;
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** A connection that lives until `end`. */
  connect(): Redis {
    const connection = new Redis({
      path: embeddedSocket(this.home),
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
    });
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    return connection;
  }

  /** The socket's URL, for garrison.yaml. */
  get url(): string {
    return `unix://${embeddedSocket(this.home)}`;
  }

  /** Ends it with -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#server.signalGroup('SIGKILL');
    await this.#server.exited;
  }

  /** After `kill`: on the same socket and with the same files. */
  startAgain(): void {
    this.#server = spawnRedisServer(this.home, () => undefined);
  }

  async killAndRestart(): Promise<void> {
    await this.kill();
    this.startAgain();
  }

  async end(): Promise<void> {
    for (const connection of this.#connections) connection.disconnect();
    this.#server.signalGroup('SIGKILL');
    await this.#server.exited;
    this.#temporary.remove();
  }
}

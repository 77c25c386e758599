/**
 * Holds the life of the embedded redis-server: one at a time, its exit reported, its end orderly.
 * Whether and when it starts again is decided by the supervisor.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardedSignal } from '../reconciler/guard.ts';
import { leftProcess, type LeftProcess } from './left.ts';
import type { ExitFact, SpawnedProcess } from './spawn.ts';
import { endLeftoverServer, spawnRedisServer } from './redisServer.ts';

export interface EmbeddedRedisEvents {
  onLine(line: string): void;
  onExit(fact: ExitFact): void;
}

const KILL_WITHIN_MS = 2_000;

export class EmbeddedRedis {
  readonly #homeDir: string;
  readonly #events: EmbeddedRedisEvents;
  #process: SpawnedProcess | null = null;
  #ending = false;

  constructor(homeDir: string, events: EmbeddedRedisEvents) {
    this.#homeDir = homeDir;
    this.#events = events;
  }

  async prepare(): Promise<void> {
    await endLeftoverServer(this.#homeDir);
  }

  spawn(): void {
    if (this.#process !== null || this.#ending) return;
    const server = spawnRedisServer(this.#homeDir, (line) => {
      this.#events.onLine(line);
    });
    this.#process = server;
    void server.exited.then((fact) => {
      this.#process = null;
      if (!this.#ending) this.#events.onExit(fact);
    });
  }

  /** To the one that is ours now; false when there is none, or the guard does not let it pass. */
  signal(signal: GuardedSignal): boolean {
    return this.#process?.signalGroup(signal) ?? false;
  }

  /**
   * TERM is redis-server's orderly end (it writes out the append-only file); it is made to leave when it does not within the limit.
   * Resolves to it when not even that ends it.
   */
  async end(withinMs: number): Promise<LeftProcess[]> {
    this.#ending = true;
    const server = this.#process;
    if (server === null) return [];
    server.signalGroup('SIGTERM');
    const force = setTimeout(() => server.signalGroup('SIGKILL'), withinMs);
    await Promise.race([server.exited, sleep(withinMs + KILL_WITHIN_MS, null, { ref: false })]);
    clearTimeout(force);
    return server.exit() === null ? leftProcess(server.pid, null) : [];
  }
}

/**
 * Holds the life of the embedded redis-server: one at a time, its exit reported, its end orderly.
 * Whether and when it starts again is decided by the supervisor.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardedSignal } from '../reconciler/guard.ts';
import { redisDamage } from '../detector/redisDamage.ts';
import { messageOf } from '../errors.ts';
import { keepFolder, type OnSetAside } from '../setAside.ts';
import { leftProcess, type LeftProcess } from './left.ts';
import type { ExitFact, SpawnedProcess } from './spawn.ts';
import { finishMending, setRedisFilesAside, type OnRedisDamage } from './redisFiles.ts';
import { endLeftoverServer, spawnRedisServer } from './redisServer.ts';

export interface EmbeddedRedisEvents {
  onLine(line: string): void;
  onExit(fact: ExitFact): void;
  /** Its files were damaged and have been set aside. */
  readonly onDamage: OnRedisDamage;
  readonly onSetAside: OnSetAside;
  onFailure(detail: string): void;
}

const KILL_WITHIN_MS = 2_000;
const LAST_WORDS_MS = 500;
/** Damage is told of while the files are read, before anything else. */
const FIRST_LINES = 200;

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
    keepFolder({ homeDir: this.#homeDir, name: 'redis', onSetAside: this.#events.onSetAside });
    await endLeftoverServer(this.#homeDir);
    finishMending(this.#homeDir);
  }

  spawn(): void {
    if (this.#process !== null || this.#ending) return;
    const lines: string[] = [];
    const server = spawnRedisServer(this.#homeDir, (line) => {
      if (lines.length < FIRST_LINES) lines.push(line);
      this.#events.onLine(line);
    });
    this.#process = server;
    void server.exited.then(async (fact) => {
      // Its last words may come after its end.
      await Promise.race([server.drained, sleep(LAST_WORDS_MS, null, { ref: false })]);
      if (!this.#ending) await this.#mend(lines, fact);
      this.#process = null;
      if (!this.#ending) this.#events.onExit(fact);
    });
  }

  /** To the one that is ours now; false when there is none, or the guard does not let it pass. */
  signal(signal: GuardedSignal): boolean {
    return this.#process?.signalGroup(signal) ?? false;
  }

  /** Before it is started again: the same files would end it again, for ever. */
  async #mend(lines: readonly string[], fact: ExitFact): Promise<void> {
    const damage = redisDamage(lines, fact);
    if (damage === null) return;
    try {
      await setRedisFilesAside(this.#homeDir, damage, this.#events.onDamage);
    } catch (error) {
      this.#events.onFailure(`${damage}; ${messageOf(error)}`);
    }
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

/**
 * Follows what a dockerd itself says of its containers' health, with the moments that the daemon puts to it.
 * It looks at no container and does nothing to any.
 */
import type { TestDockerd } from './dockerd.ts';
import { until } from './until.ts';

export type ToldHealth = 'healthy' | 'unhealthy' | 'starting' | 'dead';

export interface HealthEvent {
  readonly name: string;
  readonly health: ToldHealth;
  /** Wall clock of the daemon, which is ours. */
  readonly atMs: number;
}

interface Context {
  after(end: () => Promise<void> | void): void;
}

interface EventLine {
  readonly Action: string;
  readonly Actor: { readonly Attributes: { readonly name: string } };
  readonly timeNano: number;
}

const NANOSECONDS_PER_MS = 1e6;

export class HealthEvents {
  readonly #told: HealthEvent[] = [];

  static async follow(context: Context, dockerd: TestDockerd): Promise<HealthEvents> {
    const events = new HealthEvents();
    const filters = JSON.stringify({ type: ['container'], event: ['health_status', 'start', 'die'] });
    const stream = await dockerd.dockerode().getEvents({ filters });
    let rest = '';
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.#hear(JSON.parse(line) as EventLine);
    });
    context.after(() => {
      (stream as unknown as { destroy: () => void }).destroy();
    });
    return events;
  }

  /** When it was first said so, not before `sinceMs`. */
  async when(name: string, health: ToldHealth, { sinceMs = 0, deadlineMs = 30_000 } = {}): Promise<number> {
    const isIt = (event: HealthEvent): boolean =>
      event.name === name && event.health === health && event.atMs >= sinceMs;
    const found = await until(`${name} is ${health}`, () => this.#told.find(isIt), {
      deadlineMs,
      everyMs: 5,
    });
    return found.atMs;
  }

  /** What was last said of it. */
  now(name: string): ToldHealth | null {
    return this.#told.findLast((event) => event.name === name)?.health ?? null;
  }

  /** When the last of them came to be so as they all are now; null while they are not all so. */
  allSince(names: readonly string[], health: ToldHealth): number | null {
    const last = names.map((name) => this.#told.findLast((event) => event.name === name));
    if (last.some((event) => event?.health !== health)) return null;
    return Math.max(...last.map((event) => event?.atMs ?? 0));
  }

  #hear({ Action, Actor, timeNano }: EventLine): void {
    const words: Readonly<Record<string, ToldHealth>> = {
      'health_status: healthy': 'healthy',
      'health_status: unhealthy': 'unhealthy',
      start: 'starting',
      die: 'dead',
    };
    const health = words[Action];
    if (health === undefined) return;
    this.#told.push({ name: Actor.Attributes.name, health, atMs: timeNano / NANOSECONDS_PER_MS });
  }
}

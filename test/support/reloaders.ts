/**
 * People who reload the status while something is wrong: many clients, each asking for the whole status a few times a second.
 * It asks over the control socket and judges the supervisor only by what it published itself.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerView } from '../../src/supervisor/door.ts';
import type { SeenView } from './follow.ts';
import type { Garrison } from './garrison.ts';

const CLIENTS = 20;
const RELOAD_EVERY_MS = 250;
/** All clients together. */
const FEWEST_RELOADS = 200;
/** An event and an answer come on two sockets: one may be read this much before the other. */
const READ_APART_MS = 50;

interface Reload {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** By worker. */
  readonly told: ReadonlyMap<string, string>;
}

interface OnShow {
  readonly told: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export class Reloaders {
  readonly #garrison: Garrison;
  readonly #clients: Promise<readonly Reload[]>[];
  #stopped = false;
  #reloads = 0;

  constructor(garrison: Garrison) {
    this.#garrison = garrison;
    this.#clients = Array.from({ length: CLIENTS }, (_, index) => this.#reload(index));
    // Looked at in `end`; a test that fails before must not also end the process.
    for (const client of this.#clients) client.catch(() => undefined);
  }

  /** Ends the clients once they have reloaded often enough; resolves to what each was told, in order. Rejects when a reload failed. */
  async end(): Promise<readonly (readonly Reload[])[]> {
    this.#stopped = true;
    return Promise.all(this.#clients);
  }

  async #reload(index: number): Promise<readonly Reload[]> {
    const reloads: Reload[] = [];
    await sleep((index * RELOAD_EVERY_MS) / CLIENTS);
    while (!this.#stopped || this.#reloads < FEWEST_RELOADS) {
      const askedAtMs = performance.now();
      const workers = await this.#garrison.workers();
      const answeredAtMs = performance.now();
      this.#reloads += 1;
      reloads.push({
        askedAtMs,
        answeredAtMs,
        told: new Map(workers.map((view) => [view.name, tell(view)])),
      });
      await sleep(Math.max(0, askedAtMs + RELOAD_EVERY_MS - performance.now()));
    }
    return reloads;
  }
}

/** All clients were told the one story of this worker that was published, each verdict in its turn. */
export function assertOneStory(
  clients: readonly (readonly Reload[])[],
  published: readonly SeenView[],
): void {
  const story = storyOf(published);
  const worker = published[0]?.name ?? '';
  for (const client of clients) assertFollows(client, story, worker);
}

/** In the published order, and whatever was on show during a whole reload is what that reload was told. */
function assertFollows(client: readonly Reload[], story: readonly OnShow[], worker: string): void {
  const words = story.map((part) => part.told);
  let at = 0;
  const seen = new Set<number>();
  for (const { told } of client) {
    const next = words.indexOf(told.get(worker) ?? '', at);
    assert.ok(
      next >= 0,
      `a reload was told ${String(told.get(worker))} after ${String(words[at])} of ${words.join(' → ')}`,
    );
    at = next;
    seen.add(at);
  }
  for (const [index, part] of story.entries()) {
    const whole = client.some(
      (each) => each.askedAtMs >= part.fromMs && each.answeredAtMs <= part.toMs - READ_APART_MS,
    );
    assert.ok(seen.has(index) || !whole, `a client was not told ${part.told} although it reloaded meanwhile`);
  }
}

function storyOf(published: readonly SeenView[]): readonly OnShow[] {
  const changes = published.filter((view, index) => {
    const before = published[index - 1];
    return before === undefined || tell(before) !== tell(view);
  });
  return changes.map((view, index) => ({
    told: tell(view),
    fromMs: view.seenAtMs,
    toMs: changes[index + 1]?.seenAtMs ?? Infinity,
  }));
}

function tell({ state, reason, since }: WorkerView): string {
  return `${state} ${reason} since ${since}`;
}

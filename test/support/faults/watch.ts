/**
 * A garrison under watch while a fault is done to it: what is published of each worker, and what people who reload are told.
 * It does no fault itself; it says what became of everybody, and ends the garrison.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerView } from '../../../src/supervisor/door.ts';
import { followWorker, type SeenView } from '../follow.ts';
import { Garrison, type GarrisonOptions } from '../garrison.ts';
import { assertPageFollowed, PageWatch } from '../pageWatch.ts';
import type { Parts } from '../parts.ts';
import { assertOneStory, Reloaders } from '../reloaders.ts';
import { tempHome } from '../tempHome.ts';
import { until } from '../until.ts';

/** Verdicts in the order in which they were shown, `up Beating` and so on, the one before the fault first. */
export type Sequence = readonly string[];

export const WELL: Sequence = ['up Beating'];

/** Of one worker: the sequence, and where the truth itself is a race the other ones that are as true. */
export interface Expected {
  readonly sequence: Sequence;
  readonly orElse?: readonly Sequence[];
  /** It really died: it is a new process afterwards. Everybody else is the process it was. */
  readonly replaced?: true;
}

export interface FaultRun {
  /** By worker. */
  readonly sequences: ReadonlyMap<string, Sequence>;
  /** What the supervisor was given to judge by, as it recorded it (GARRISON_RECORD); null where it records nothing. */
  readonly stream: string | null;
}

/** After the last change is shown, for one that would undo it: longer than a verdict must at least be shown. */
const QUIET_MS = 1_200;
const SHOWN_WITHIN_MS = 30_000;

export class Watch {
  readonly garrison: Garrison;
  readonly #before: readonly WorkerView[];
  readonly #published: ReadonlyMap<string, readonly SeenView[]>;
  readonly #reloaders: Reloaders;
  readonly #recordFile: string;
  readonly #page: PageWatch | null;

  private constructor(
    parts: {
      garrison: Garrison;
      before: readonly WorkerView[];
      recordFile: string;
      page: PageWatch | null;
    },
    published: Map<string, readonly SeenView[]>,
  ) {
    this.garrison = parts.garrison;
    this.#before = parts.before;
    this.#recordFile = parts.recordFile;
    this.#page = parts.page;
    this.#published = published;
    this.#reloaders = new Reloaders(parts.garrison);
  }

  /** Starts one with two workers, unless `config` says otherwise; all of them are up and beat. */
  static async start(parts: Parts, options: GarrisonOptions = {}): Promise<Watch> {
    const home = tempHome(parts);
    const recordFile = join(home, 'stream.jsonl');
    const env = { ...options.env, GARRISON_RECORD: recordFile };
    const config = options.config ?? 'workers: { count: 2 }';
    const garrison = await Garrison.start(parts, { ...options, home, env, config });
    await until('all workers are up', async () =>
      (await garrison.workers()).every((worker) => told(worker) === 'up Beating'),
    );
    const before = await garrison.workers();
    const published = new Map<string, readonly SeenView[]>();
    for (const { name } of before) published.set(name, await followWorker(parts, { home, name }));
    const page = watchesThePage() ? await PageWatch.start(parts, garrison) : null;
    return new Watch({ garrison, before, recordFile, page }, published);
  }

  pid(worker: string): number {
    const pid = this.#before.find((each) => each.name === worker)?.incarnation?.pid;
    assert.ok(pid);
    return pid;
  }

  /** Waits until this verdict is published of the worker, after `fromMs` if given; resolves to when it came (`performance.now()`). */
  async shown(worker: string, verdict: string, fromMs = 0): Promise<number> {
    const find = (): SeenView | undefined =>
      this.#published.get(worker)?.find((view) => view.seenAtMs > fromMs && told(view) === verdict);
    return (await until(`${worker} is ${verdict}`, find, { deadlineMs: SHOWN_WITHIN_MS, everyMs: 5 }))
      .seenAtMs;
  }

  /** What is shown of the worker now. */
  now(worker: string): string {
    return this.#sequence(worker).at(-1) ?? '';
  }

  /** Once all are up again and stay so: every worker's exact sequence, nobody replaced but who died, one story for all who reloaded. */
  async judge(expected: Readonly<Record<string, Expected>>): Promise<FaultRun> {
    await this.#quiet();
    const clients = await this.#reloaders.end();
    const after = await this.garrison.workers();
    const onPage = await this.#page?.seen();
    for (const before of this.#before) {
      const { name } = before;
      const { sequence, orElse = [], replaced } = expected[name] ?? { sequence: WELL };
      const seen = this.#sequence(name);
      const right = [sequence, ...orElse].find((each) => each.join() === seen.join()) ?? sequence;
      assert.deepEqual(seen, right, `of ${name}`);
      assertSameLife({
        before,
        after: after.find((each) => each.name === name),
        replaced: replaced === true,
      });
      assertOneStory(clients, this.#story(name));
      if (onPage !== undefined) assertPageFollowed(onPage.get(name) ?? [], this.#story(name));
    }
    return this.#end();
  }

  /** All are up and nothing has changed for a while. */
  async #quiet(): Promise<void> {
    const fromMs = performance.now();
    const quiet = (): boolean =>
      this.#before.every(({ name }) => {
        const lastMs = Math.max(fromMs, this.#published.get(name)?.at(-1)?.seenAtMs ?? 0);
        return this.now(name) === 'up Beating' && performance.now() - lastMs >= QUIET_MS;
      });
    await until('all workers are up and stay so', quiet, { deadlineMs: SHOWN_WITHIN_MS });
  }

  async #end(): Promise<FaultRun> {
    await this.garrison.end();
    const stream = existsSync(this.#recordFile) ? readFileSync(this.#recordFile, 'utf8') : null;
    return { sequences: new Map(this.#before.map(({ name }) => [name, this.#sequence(name)])), stream };
  }

  #sequence(worker: string): Sequence {
    const verdicts = this.#story(worker).map(told);
    return verdicts.filter((verdict, index) => verdict !== verdicts[index - 1]);
  }

  #story(worker: string): readonly SeenView[] {
    const before = this.#before
      .filter((view) => view.name === worker)
      .map((view) => ({ ...view, seenAtMs: 0 }));
    return [...before, ...(this.#published.get(worker) ?? [])];
  }
}

/** A browser on the page, too; it costs seconds at every fault. */
function watchesThePage(): boolean {
  return process.env['GARRISON_TEST_WATCHES_PAGE'] === '1';
}

function told({ state, reason }: WorkerView): string {
  return `${state} ${reason}`;
}

function assertSameLife(lives: {
  before: WorkerView;
  after: WorkerView | undefined;
  replaced: boolean;
}): void {
  const { before, after, replaced } = lives;
  assert.equal(after?.restarts, replaced ? 1 : 0, `${before.name} has restarts`);
  const same = before.incarnation?.pid === after.incarnation?.pid;
  assert.equal(same, !replaced, `${before.name} is the process it was: ${String(same)}`);
}

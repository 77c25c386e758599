/**
 * A garrison with two workers, a Redis and a dockerd of its own and one container, under the eyes of a real Prometheus.
 * It does no fault by itself, and asserts of each alert that it is silent before its fault.
 */
import assert from 'node:assert/strict';
import type Dockerode from 'dockerode';
import type { ContainerView, WorkerView } from '../../src/supervisor/door.ts';
import { readProcStat } from '../../src/proc.ts';
import { importImage, runContainer, standInHealthCheck, standInScript, untilHealth } from './dockerImages.ts';
import { TestDockerd } from './dockerd.ts';
import { Garrison } from './garrison.ts';
import type { Parts } from './parts.ts';
import { TestPrometheus, type FiringAlert } from './prometheus.ts';
import { TestRedis } from './redisServer.ts';
import { until } from './until.ts';

/** All durations of the rules are divided by it: 5 minutes are 10 s, a scrape each 15 s is one each half second. */
export const FACTOR = 30;
/** Two hours of maintenance are four minutes. */
const FIRES_WITHIN_MS = 270_000;

export interface AlertSceneOptions {
  /** More of `containers:` in garrison.yaml. */
  readonly containers: string;
  readonly healthy: 'when told' | 'never';
  /** More of `workers:`; there are two. */
  readonly workers?: string;
  readonly inventory?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Consequences that may fire or not. */
  readonly also?: readonly string[];
}

export class AlertScene {
  readonly garrison: Garrison;
  readonly redis: TestRedis;
  readonly dockerd: TestDockerd;
  readonly container: Dockerode.Container;
  readonly prometheus: TestPrometheus;
  readonly #expected = ['GarrisonWatchdog'];
  readonly #also: readonly string[];

  private constructor(
    scene: Pick<AlertScene, 'garrison' | 'redis' | 'dockerd' | 'container' | 'prometheus'>,
    also: readonly string[],
  ) {
    this.#also = also;
    this.garrison = scene.garrison;
    this.redis = scene.redis;
    this.dockerd = scene.dockerd;
    this.container = scene.container;
    this.prometheus = scene.prometheus;
  }

  /** Resolves when all is well, and Prometheus says so. */
  static async start(parts: Parts, options: AlertSceneOptions): Promise<AlertScene> {
    const redis = await TestRedis.start();
    parts.after(() => redis.end());
    const dockerd = await TestDockerd.start(parts, { liveRestore: true });
    const container = await startContainer(dockerd, options.healthy);
    const garrison = await Garrison.start(parts, {
      practice: 1,
      env: options.env ?? {},
      ...(options.inventory === undefined ? {} : { inventory: options.inventory }),
      config: [
        `workers: { count: 2, ${options.workers ?? ''} }`,
        `redis: { url: "${redis.url}" }`,
        `containers: { socket: ${dockerd.socketPath}, ${options.containers} }`,
      ].join('\n'),
    });
    const prometheus = await TestPrometheus.start(parts, garrison, FACTOR);
    const scene = new AlertScene({ garrison, redis, dockerd, container, prometheus }, options.also ?? []);
    await until('all workers are up', async () =>
      (await garrison.workers()).every(({ state }) => state === 'up'),
    );
    scene.assertOnlyExpected();
    return scene;
  }

  /** The alert has not fired so far; the fault is done; it fires, and its text is whole. */
  async raises(
    name: string,
    labels: Readonly<Record<string, string>>,
    fault: () => Promise<void>,
  ): Promise<void> {
    this.assertOnlyExpected();
    this.#expected.push(name);
    const ended = fault();
    const [alert] = await Promise.all([this.prometheus.fires(name, labels, FIRES_WITHIN_MS), ended]);
    assertWhole(alert);
  }

  /** Nothing has fired but what a fault was done for, and its consequences. */
  assertOnlyExpected(): void {
    const may = [...this.#expected, ...this.#also];
    const others = this.prometheus.everFired().filter((name) => !may.includes(name));
    assert.deepEqual(others, [], 'alerts that fired without their fault');
  }

  async worker(name: string): Promise<WorkerView> {
    const found = (await this.garrison.workers()).find((each) => each.name === name);
    assert.ok(found);
    return found;
  }

  async containerView(): Promise<ContainerView | undefined> {
    return (await this.garrison.api<{ items: ContainerView[] }>('GET', '/api/v1/containers')).items[0];
  }

  /** Stops the worker's process whenever it is woken, until Garrison has replaced it. */
  async holdStopped(name: string): Promise<void> {
    const { incarnation } = await this.worker(name);
    assert.ok(incarnation);
    const { pid, startTicks } = incarnation;
    const stopAgain = (): boolean => {
      const stat = readProcStat(pid);
      if (stat?.startTicks !== startTicks || stat.state === 'Z') return true;
      if (stat.state !== 'T') process.kill(pid, 'SIGSTOP');
      return false;
    };
    await until(`${name} was replaced`, stopAgain, { deadlineMs: 30_000, everyMs: 5 });
  }

  /** Kills each new life of the worker as soon as it is there, until so many have ended. */
  async killAgainAndAgain(name: string, times: number): Promise<void> {
    let last: number | null = null;
    for (let killed = 0; killed < times; killed += 1) last = await this.#killNext(name, last);
  }

  /** The same until it is called failed, which must be after at most so many. */
  async killUntilFailed(name: string, atMost: number): Promise<void> {
    let last: number | null = null;
    for (let killed = 0; killed < atMost; killed += 1) {
      const pid = await this.#killNext(name, last);
      last = pid;
      const isTold = async (): Promise<boolean> => (await this.worker(name)).incarnation?.pid !== pid;
      await until(`the end of ${name} is told`, isTold);
      if ((await this.worker(name)).state === 'failed') return;
    }
    assert.fail(`${name} has died ${String(atMost)} times and has not failed`);
  }

  /** `last` is the life that was killed before. */
  async #killNext(name: string, last: number | null): Promise<number> {
    const nextLife = async (): Promise<number | null> => {
      const { incarnation, state } = await this.worker(name);
      const isNew = incarnation !== null && incarnation.pid !== last && state !== 'backoff';
      return isNew && readProcStat(incarnation.pid)?.startTicks === incarnation.startTicks
        ? incarnation.pid
        : null;
    };
    const pid = await until(`${name} lives again`, nextLife, { deadlineMs: 60_000 });
    process.kill(pid, 'SIGKILL');
    return pid;
  }
}

async function startContainer(
  dockerd: TestDockerd,
  healthy: 'when told' | 'never',
): Promise<Dockerode.Container> {
  const standIn = { healthy };
  await importImage(dockerd.dockerode());
  const container = await runContainer(dockerd.dockerode(), {
    name: 'jms_core',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
  });
  return container;
}

export async function untilWell(scene: AlertScene): Promise<void> {
  await untilHealth(scene.container, 'healthy');
  await until('it is shown healthy', async () => (await scene.containerView())?.state === 'healthy');
}

function assertWhole({ name, description }: FiringAlert): void {
  assert.ok(description.length > 40, `${name}: ${description}`);
  assert.doesNotMatch(description, /<no value>|<error|%!|\{\{/, name);
}

/**
 * The double run that BullMQ allows, provoked on purpose: a loop that is blocked beyond its lock, a stalled check that hands the entry to another, and a supervisor that grants both.
 * The host's own record must show one effect, whichever of the two comes last.
 */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Worker } from 'bullmq';
import type { PracticeHost } from '../../src/driver/practice.ts';
import { PushQueue } from '../../src/driver/queue.ts';
import { embeddedSocket } from '../../src/driver/redisServer.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import type { WorkerMessage } from '../../src/push/workerMessage.ts';
import { BULL_PREFIX, PUSH_QUEUE } from '../../src/queueName.ts';
import type { RunnerMessage } from '../fixtures/attemptRunner.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { TestRedis } from '../support/redisServer.ts';
import { until } from '../support/until.ts';
import { read, startHostLab, wish, type HostLab } from './hostLab.ts';

const LOCK_MS = 1_000;
const RUNNER = new URL('../fixtures/attemptRunner.ts', import.meta.url).pathname;

describe('an entry that two workers run at once', () => {
  const leaks = watchForLeaks();
  const endings: (() => Promise<unknown>)[] = [];
  let lab: HostLab;
  let host: PracticeHost;
  let server: TestRedis;
  let queue: PushQueue;

  before(async () => {
    lab = await startHostLab(1);
    endings.push(() => lab.end());
    host = lab.hosts[0]!;
    holdUseradd(host);
    server = await TestRedis.start();
    endings.push(() => server.end());
    queue = new PushQueue(server.connect());
    const thief = new Worker(PUSH_QUEUE, null, {
      connection: server.connect(),
      prefix: BULL_PREFIX,
      autorun: false,
      stalledInterval: 200,
      maxStalledCount: 9,
    });
    thief.on('error', () => undefined);
    await thief.startStalledCheckTimer();
    endings.push(() => thief.close(true));
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
    await leaks.assertNone();
  });

  it('has one effect when the first was blocked in the middle of its work on the host', async (t) => {
    const runners = await Promise.all([Runner.start(server, t), Runner.start(server, t)]);
    const task = lab.task(host, { account: wish({ name: 'amid', keys: [lab.userKey] }) });
    writeFileSync(gateOf(host), '');
    await queue.add(task.jobId, 1);
    const first = await Runner.thatAsked(runners);
    first.tell({ type: 'run', task });
    await until('its script is at the gate', () => read(host, '/run/held'));
    first.tell({ type: 'block', forMs: 6_000 });
    const second = runners.find((runner) => runner !== first)!;
    await until('the other was given the same entry', () => second.asked);
    second.tell({ type: 'run', task: nextFence(lab, task) });
    rmSync(gateOf(host));
    const result = await second.result();
    assert.equal(`${result.outcome} ${String(result.replayed)}`, 'changed true', result.detail);
    await first.result();
    assert.equal(effectsOn(host, task.jobId), 1);
  });

  it('has one effect when the first was blocked before it reached the host, and comes too late', async (t) => {
    const runners = await Promise.all([Runner.start(server, t), Runner.start(server, t)]);
    const task = lab.task(host, { account: wish({ name: 'before', keys: [lab.userKey] }) });
    await queue.add(task.jobId, 1);
    const first = await Runner.thatAsked(runners);
    first.tell({ type: 'block', forMs: 6_000 });
    first.tell({ type: 'run', task });
    const second = runners.find((runner) => runner !== first)!;
    await until('the other was given the same entry', () => second.asked);
    second.tell({ type: 'run', task: nextFence(lab, task) });
    const result = await second.result();
    assert.equal(`${result.outcome} ${result.reason}`, 'changed AccountPushed', result.detail);
    assert.equal((await first.result()).reason, 'FenceStale');
    assert.equal(effectsOn(host, task.jobId), 1);
  });
});

/** One more run of the same queue entry: the attempt number is the entry's, the fence is new. */
function nextFence(lab: HostLab, task: PushTask): PushTask {
  return { ...lab.again(task), attempt: task.attempt };
}

function gateOf(host: PracticeHost): string {
  return `${host.filesAt}/run/gate`;
}

/** Debian's useradd runs this before it makes an account. */
function holdUseradd(host: PracticeHost): void {
  const folder = `${host.filesAt}/etc/shadow-maint/useradd-pre.d`;
  mkdirSync(folder, { recursive: true });
  const script = '#!/bin/sh\nwhile [ -e /run/gate ]; do : >/run/held; sleep 0.05; done\n';
  writeFileSync(join(folder, 'hold'), script, { mode: 0o755 });
}

function effectsOn(host: PracticeHost, jobId: string): number {
  return (read(host, '/var/lib/garrison/journal') ?? '').split(` ${jobId} `).length - 1;
}

class Runner {
  readonly #child: ChildProcess;
  readonly #heard: WorkerMessage[] = [];

  private constructor() {
    this.#child = fork(RUNNER, { execArgv: ['--import', 'tsx'] });
    this.#child.on('message', (message) => this.#heard.push(message as WorkerMessage));
  }

  static async start(server: TestRedis, test: TestContext): Promise<Runner> {
    const runner = new Runner();
    test.after(() => runner.#end());
    await until('it runs', () => runner.#find('ready'));
    const redis = { kind: 'socket', path: embeddedSocket(server.home) } as const;
    runner.tell({ type: 'start', source: { redis, queue: PUSH_QUEUE, lockMs: LOCK_MS } });
    return runner;
  }

  static thatAsked(runners: readonly Runner[]): Promise<Runner> {
    return until('one of them took the entry', () => runners.find((runner) => runner.asked));
  }

  get asked(): boolean {
    return this.#find('ask') !== null;
  }

  tell(message: RunnerMessage): void {
    this.#child.send(message);
  }

  async result(): Promise<HostResult> {
    const said = await until('it has a result', () => this.#find('result'), { deadlineMs: 30_000 });
    const { jobId, attempt, result } = said as Extract<WorkerMessage, { type: 'result' }>;
    this.tell({ type: 'stored', jobId, attempt });
    return result;
  }

  #find(type: WorkerMessage['type']): WorkerMessage | null {
    return this.#heard.find((message) => message.type === type) ?? null;
  }

  async #end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/**
 * Garrison's side of the push benchmark: a push by its API, over when its event stream has told the end of every job.
 * It judges no figure.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../src/push/job.ts';
import type { JobView } from '../src/supervisor/door.ts';
import type { Garrison } from '../test/support/garrison.ts';
import type { BenchContext } from './benchmark.ts';
import { followEvents } from './events.ts';
import { costOf, sumOf, type GarrisonCost } from './processes.ts';
import type { AccountBefore, OurRound } from './pushRound.ts';

/** After a round: for what is written and reaped behind the answer, and for the CPU to calm down. */
export const SETTLE_MS = 400;

export class OurPushes {
  readonly #garrison: Garrison;
  readonly #hosts: readonly string[];
  #arrived: (job: JobView) => void = () => undefined;
  /** Of the last round. */
  #jobIds: readonly string[] = [];

  private constructor(garrison: Garrison, hosts: readonly string[]) {
    this.#garrison = garrison;
    this.#hosts = hosts;
  }

  static async of(context: BenchContext, garrison: Garrison): Promise<OurPushes> {
    const hosts = (await garrison.snapshot()).hosts.map(({ name }) => name);
    const ours = new OurPushes(garrison, hosts);
    await followEvents(context, garrison.home, { job: (job) => ours.#arrived(job) });
    return ours;
  }

  /** A side of the benchmark. */
  async push(account: string, before: AccountBefore): Promise<OurRound> {
    const costBefore = costOf(this.#garrison.pid);
    const startedMs = performance.now();
    const ended = await this.#pushToAll(account);
    const wallMs = performance.now() - startedMs;
    const outcome = before === 'absent' ? 'changed' : 'unchanged';
    const stray = ended.find(({ result }) => result?.outcome !== outcome);
    if (stray !== undefined) throw new Error(`not ${outcome}: ${JSON.stringify(stray.result)}`);
    await sleep(SETTLE_MS);
    return { wallMs, ...spentBetween(costBefore, costOf(this.#garrison.pid)) };
  }

  /** Of the last round: how many of its jobs ran over a connection that was open already. */
  keptShare(): number {
    const kept = this.#jobIds.filter((id) =>
      readFileSync(join(this.#garrison.home, 'logs', `${id}.log`), 'utf8').includes(
        'over the connection that is kept',
      ),
    );
    return kept.length / this.#jobIds.length;
  }

  async #pushToAll(account: string): Promise<readonly JobView[]> {
    const done = new Map<string, JobView>();
    const all = new Promise<void>((resolve) => {
      this.#arrived = (job) => {
        if (isFinal(job.state)) done.set(job.id, job);
        if (done.size === this.#hosts.length) resolve();
      };
    });
    const push = await this.#garrison.push(account, this.#hosts);
    this.#jobIds = push.jobIds;
    await all;
    return [...done.values()];
  }
}

function spentBetween(before: GarrisonCost, after: GarrisonCost): Omit<OurRound, 'wallMs'> {
  const spent = (
    part: 'workers' | 'redis' | 'hosts',
    figure: 'treeCpuMs' | 'ownCpuMs' = 'treeCpuMs',
  ): number => sumOf(after[part], figure) - sumOf(before[part], figure);
  const workers = spent('workers', 'ownCpuMs');
  const partsCpuMs = {
    supervisor: after.supervisor.ownCpuMs - before.supervisor.ownCpuMs,
    redis: spent('redis'),
    workers,
    sshClients: spent('workers') - workers,
  };
  const cpuMs = partsCpuMs.supervisor + partsCpuMs.redis + spent('workers');
  return { cpuMs, hostCpuMs: spent('hosts'), partsCpuMs };
}

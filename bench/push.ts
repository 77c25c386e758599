/**
 * Measures a push of one account, already present, to 20 practice hosts against `xargs -P 20` with plain ssh, in turns.
 * Both sides run the same remote script with the same ssh arguments; what differs is only what Garrison adds.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAccountWish } from '../src/push/account.ts';
import { isFinal, type HostOutcome } from '../src/push/job.ts';
import type { JobView } from '../src/supervisor/door.ts';
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import {
  medianOf,
  rounded,
  summaryOf,
  type BenchContext,
  type Benchmark,
  type Figures,
} from './benchmark.ts';
import { followEvents } from './events.ts';
import { countOutcome, preparePlainRound, runPlainRound, type PlainPush } from './plainSsh.ts';
import { costOf, reapedCpuMs, sumOf, type GarrisonCost } from './processes.ts';

const HOSTS = 20;
const PAIRS = 16;
/** No new pair begins after this. */
const ENOUGH_MS = 80_000;
/** After a round: for what is written and reaped behind the answer, and for the CPU to calm down. */
const SETTLE_MS = 400;
const OUR_ACCOUNT = 'bench-ours';
const PLAIN_ACCOUNT = 'bench-them';

export const push: Benchmark = {
  name: 'push',
  about: `pushes per second to ${String(HOSTS)} practice hosts, against xargs -P ${String(HOSTS)} with plain ssh`,
  run,
};

interface Round {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** sshd and the script, on the hosts' side. */
  readonly hostCpuMs: number;
}

interface OurRound extends Round {
  readonly supervisorCpuMs: number;
  readonly redisCpuMs: number;
  /** The workers' own; their ssh clients are in cpuMs only. */
  readonly workerCpuMs: number;
}

interface Sides {
  readonly ours: (round: number, outcome: HostOutcome) => Promise<OurRound>;
  readonly plain: (round: number, outcome: 'changed' | 'unchanged') => Promise<Round>;
}

async function run(context: BenchContext): Promise<Figures> {
  // New connections on both sides: a kept one would be compared with something else.
  const config = 'workers: { count: 4 }\nssh: { keep: 0s }';
  const garrison = await Garrison.start(context, { practice: HOSTS, config });
  await until('all workers are up', async () =>
    (await garrison.workers()).every(({ state }) => state === 'up'),
  );
  const { hosts } = await garrison.snapshot();
  if (hosts.length !== HOSTS) {
    const said = garrison.output.slice(-1000);
    throw new Error(`${String(hosts.length)} instead of ${String(HOSTS)} practice hosts started: ${said}`);
  }
  const sides = { ours: await ourSide(context, garrison), plain: await plainSide(garrison) };
  context.note('making the accounts, and one round of each to warm up');
  for (const [round, outcome] of ['changed', 'unchanged'].entries()) {
    await sides.ours(round, outcome as 'changed' | 'unchanged');
    await sides.plain(round, outcome as 'changed' | 'unchanged');
  }
  return figuresOf(await takeTurns(context, sides));
}

interface Pair {
  readonly ours: OurRound;
  readonly plain: Round;
}

/** Each side begins every other pair. */
async function takeTurns(context: BenchContext, sides: Sides): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  const startedMs = performance.now();
  for (let round = 2; pairs.length < PAIRS && performance.now() - startedMs < ENOUGH_MS; round += 1) {
    const first = round % 2 === 0 ? await sides.ours(round, 'unchanged') : null;
    const plain = await sides.plain(round, 'unchanged');
    const ours = first ?? (await sides.ours(round, 'unchanged'));
    context.note(`ours ${inWords(ours)}, plain ssh ${inWords(plain)}`);
    pairs.push({ ours, plain });
  }
  return pairs;
}

async function ourSide(context: BenchContext, garrison: Garrison): Promise<Sides['ours']> {
  const hosts = (await garrison.snapshot()).hosts.map((host) => host.name);
  let arrived: (job: JobView) => void = () => undefined;
  await followEvents(context, garrison.home, { job: (job) => arrived(job) });
  return async (_round, outcome) => {
    const done = new Map<string, JobView>();
    const before = costOf(garrison.pid);
    const startedMs = performance.now();
    const all = new Promise<void>((resolve) => {
      arrived = (job) => {
        if (isFinal(job.state)) done.set(job.id, job);
        if (done.size === hosts.length) resolve();
      };
    });
    await garrison.push(OUR_ACCOUNT, hosts);
    await all;
    const wallMs = performance.now() - startedMs;
    const strays = [...done.values()].filter((job) => job.result?.outcome !== outcome);
    if (strays.length > 0) throw new Error(`not ${outcome}: ${JSON.stringify(strays[0]?.result)}`);
    await sleep(SETTLE_MS);
    return { wallMs, ...spentBetween(before, costOf(garrison.pid)) };
  };
}

function spentBetween(before: GarrisonCost, after: GarrisonCost): Omit<OurRound, 'wallMs'> {
  const spent = (part: 'workers' | 'redis' | 'hosts', figure: 'treeCpuMs' | 'ownCpuMs'): number =>
    sumOf(after[part], figure) - sumOf(before[part], figure);
  const supervisorCpuMs = after.supervisor.ownCpuMs - before.supervisor.ownCpuMs;
  const redisCpuMs = spent('redis', 'treeCpuMs');
  return {
    cpuMs: supervisorCpuMs + redisCpuMs + spent('workers', 'treeCpuMs'),
    hostCpuMs: spent('hosts', 'treeCpuMs'),
    supervisorCpuMs,
    redisCpuMs,
    workerCpuMs: spent('workers', 'ownCpuMs'),
  };
}

async function plainSide(garrison: Garrison): Promise<Sides['plain']> {
  const { hosts } = await garrison.snapshot();
  const inHome = (name: string): string => join(garrison.home, name);
  const plainPush: PlainPush = {
    folder: inHome('plain-ssh'),
    hosts,
    account: parseAccountWish({ name: PLAIN_ACCOUNT, keys: [garrison.keys.publicKey] }),
    ssh: {
      identityFile: inHome('id_ed25519'),
      knownHostsFiles: [inHome('known_hosts'), inHome('known_hosts.inventory')],
      connectTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      totalTimeoutMs: 300_000,
    },
  };
  return async (round, outcome) => {
    const prepared = preparePlainRound(plainPush, round);
    const hostsBefore = sumOf(costOf(garrison.pid).hosts, 'treeCpuMs');
    const cpuBefore = reapedCpuMs();
    const wallMs = await runPlainRound(prepared);
    const count = countOutcome(prepared, outcome);
    if (count !== hosts.length)
      throw new Error(`plain ssh: ${String(count)} of ${String(hosts.length)} hosts said ${outcome}`);
    await sleep(SETTLE_MS);
    const hostCpuMs = sumOf(costOf(garrison.pid).hosts, 'treeCpuMs') - hostsBefore;
    return { wallMs, cpuMs: reapedCpuMs() - cpuBefore, hostCpuMs };
  };
}

function figuresOf(pairs: readonly Pair[]): Figures {
  const ours = pairs.map((pair) => pair.ours);
  const plain = pairs.map((pair) => pair.plain);
  const ratio = (figure: 'wallMs' | 'cpuMs' | 'hostCpuMs'): number =>
    rounded(medianOf(pairs.map((pair) => pair.ours[figure] / pair.plain[figure])), 3);
  const part = (figure: keyof OurRound): number => rounded(medianOf(ours.map((round) => round[figure])), 1);
  return {
    measures: `one push of an account that is there already to ${String(HOSTS)} practice hosts at once, 4 workers; pairs of rounds, in turns`,
    pairs: pairs.length,
    /** Ours ÷ plain ssh, median of the pairs: wall time, CPU time of the client side, CPU time of the hosts. */
    ratioTo: { ssh: ratio('wallMs'), sshCpu: ratio('cpuMs'), sshHostCpu: ratio('hostCpuMs') },
    ours: {
      ...sideOf(ours),
      cpuMsByPart: {
        supervisor: part('supervisorCpuMs'),
        redis: part('redisCpuMs'),
        workers: part('workerCpuMs'),
        sshClients: rounded(
          part('cpuMs') - part('supervisorCpuMs') - part('redisCpuMs') - part('workerCpuMs'),
          1,
        ),
      },
    },
    ssh: sideOf(plain),
  };
}

function sideOf(rounds: readonly Round[]): Figures {
  return {
    pushesPerSecond: rounded(HOSTS / (medianOf(rounds.map((round) => round.wallMs)) / 1000), 2),
    wallMs: summaryOf(rounds.map((round) => round.wallMs)),
    cpuMs: summaryOf(rounds.map((round) => round.cpuMs)),
    cpuMsPerPush: rounded(medianOf(rounds.map((round) => round.cpuMs)) / HOSTS, 2),
    hostCpuMs: summaryOf(rounds.map((round) => round.hostCpuMs)),
  };
}

function inWords({ wallMs, cpuMs, hostCpuMs }: Round): string {
  return `${wallMs.toFixed(0)} ms (CPU ${cpuMs.toFixed(0)} ms, hosts ${hostCpuMs.toFixed(0)} ms)`;
}

/**
 * Measures pushes of one account to practice hosts against plain ssh under xargs and against ansible-core, in turns and in one run.
 * Each side runs over new connections and over open ones, with the account absent and present; what is compared with what, the figures say.
 */
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import { Ansible } from './ansible.ts';
import { rounded, type BenchContext, type Benchmark, type Figures } from './benchmark.ts';
import { OurPushes } from './ourPushes.ts';
import { peakBytesOf, type Family } from './peakMemory.ts';
import { PARALLEL, PlainSsh } from './plainSsh.ts';
import { childrenOf, costOf } from './processes.ts';
import {
  inWords,
  ratioOf,
  sideFigures,
  partFigures,
  type AccountBefore,
  type OurRound,
  type Pair,
  type Round,
  type Side,
} from './pushRound.ts';

type Connections = 'new' | 'open';

interface Size {
  readonly hosts: number;
  /** Pairs of rounds with the account present, and with it absent. */
  readonly pairs: Readonly<Record<AccountBefore, number>>;
}

/** As many rounds at most as fill the connections that Garrison keeps by itself. */
const MOST_WARMING_ROUNDS = 12;
const WORKERS = 4;

export const push: Benchmark = benchmarkOf('push', { hosts: 20, pairs: { present: 12, absent: 6 } });
export const push100: Benchmark = benchmarkOf('push100', { hosts: 100, pairs: { present: 4, absent: 3 } });

function benchmarkOf(name: string, size: Size): Benchmark {
  const about = `pushes to ${String(size.hosts)} practice hosts, ${String(PARALLEL)} at once, against plain ssh under xargs and ansible-core`;
  return { name, about, run: (context) => run(context, size) };
}

async function run(context: BenchContext, size: Size): Promise<Figures> {
  const fresh = await measure(context, size, 'new');
  const open = await measure(context, size, 'open');
  return {
    measures: `one account to ${String(size.hosts)} practice hosts, ${String(PARALLEL)} at once; pairs of rounds, in turns; ratios are ours ÷ theirs`,
    ratioTo: { ...ratiosOf(fresh, 'new'), ...ratiosOf(open, 'open') },
    newConnections: figuresOf(fresh, size),
    openConnections: figuresOf(open, size),
  };
}

interface Measured {
  readonly pairs: Readonly<Record<AccountBefore, readonly Pair[]>>;
  readonly ansible: Readonly<Record<AccountBefore, Round>>;
  readonly peakBytes: Readonly<Record<'ours' | 'ssh' | 'ansible', number>>;
  /** How many of our pushes went over a connection that was open already. */
  readonly keptShare: number;
}

/** A garrison of its own for each, since a connection is kept or not by its configuration. */
async function measure(context: BenchContext, size: Size, connections: Connections): Promise<Measured> {
  const garrison = await startGarrison(context, size.hosts, connections);
  const ours = await OurPushes.of(context, garrison);
  const ssh =
    connections === 'new' ? await PlainSsh.of(garrison) : await PlainSsh.overMasters(context, garrison);
  const ansible = await Ansible.of(garrison);
  context.after(() => ansible.end());
  const sides: Sides = {
    ours: (account, before) => ours.push(`${account}-o`, before),
    ssh: (account, before) => ssh.push(`${account}-s`, before),
    ansible: (account, before) => ansible.push(`${account}-a`, before),
  };
  context.note(`${connections} connections: warming up`);
  await warm(sides, ours, connections);
  const present = await takeTurns(context, sides, { before: 'present', pairs: size.pairs.present });
  const keptShare = ours.keptShare();
  const absent = await takeTurns(context, sides, { before: 'absent', pairs: size.pairs.absent });
  const ofAnsible = await ansibleRounds(context, ansible, connections);
  const peakBytes = await peaks(garrison, sides, () =>
    connections === 'new' ? ansible.closeConnections() : undefined,
  );
  await garrison.end();
  return { pairs: { present, absent }, ansible: ofAnsible, peakBytes, keptShare };
}

interface Sides {
  readonly ours: Side<OurRound>;
  readonly ssh: Side;
  readonly ansible: Side;
}

async function startGarrison(
  context: BenchContext,
  hosts: number,
  connections: Connections,
): Promise<Garrison> {
  const slots = String(PARALLEL / WORKERS);
  const config = `workers: { count: ${String(WORKERS)}, slots: ${slots} }\nssh: { keep: ${connections === 'new' ? '0s' : '5m'} }`;
  context.note(`starting ${String(hosts)} practice hosts`);
  const garrison = await Garrison.start(context, { practice: hosts, config });
  await until('all workers are up', async () =>
    (await garrison.workers()).every(({ state }) => state === 'up'),
  );
  const { length } = (await garrison.snapshot()).hosts;
  if (length !== hosts)
    throw new Error(
      `${String(length)} of ${String(hosts)} practice hosts started: ${garrison.output.slice(-1000)}`,
    );
  return garrison;
}

/** Makes the accounts of the rounds with one present; then, over kept connections, until no more of them are opened. */
async function warm(sides: Sides, ours: OurPushes, connections: Connections): Promise<void> {
  await sides.ours('present', 'absent');
  await sides.ssh('present', 'absent');
  await sides.ssh('present', 'present');
  for (let round = 0; round < MOST_WARMING_ROUNDS; round += 1) {
    await sides.ours('present', 'present');
    if (connections === 'new' || ours.keptShare() === 1) return;
  }
}

/** Each side begins every other pair. */
async function takeTurns(
  context: BenchContext,
  sides: Sides,
  plan: { readonly before: AccountBefore; readonly pairs: number },
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 1; round <= plan.pairs; round += 1) {
    const account = plan.before === 'present' ? 'present' : `absent-${String(round)}`;
    const first = round % 2 === 0 ? await sides.ours(account, plan.before) : null;
    const theirs = await sides.ssh(account, plan.before);
    const ours = first ?? (await sides.ours(account, plan.before));
    context.note(`${plan.before}: ours ${inWords(ours)}, ssh ${inWords(theirs)}`);
    pairs.push({ ours, theirs });
  }
  return pairs;
}

/** One round each: it takes many times as long. Over new connections, those of the round before are closed first. */
async function ansibleRounds(
  context: BenchContext,
  ansible: Ansible,
  connections: Connections,
): Promise<Measured['ansible']> {
  if (connections === 'open') await ansible.push('warm', 'absent');
  const absent = await ansible.push('present', 'absent');
  if (connections === 'new') await ansible.closeConnections();
  const present = await ansible.push('present', 'present');
  context.note(`ansible: absent ${inWords(absent)}, present ${inWords(present)}`);
  return { absent, present };
}

/** Of a round whose time does not count. */
async function peaks(
  garrison: Garrison,
  sides: Sides,
  beforeAnsible: () => Promise<void> | undefined,
): Promise<Measured['peakBytes']> {
  const ours: Family = {
    roots: () => [garrison.pid],
    without: costOf(garrison.pid).hosts.map(({ pid }) => pid),
  };
  const theirs: Family = { roots: () => childrenOf(process.pid), without: [garrison.pid] };
  const peak = (family: Family, side: Side): Promise<number> =>
    peakBytesOf(family, () => side('peak', 'absent'));
  const measured = { ours: await peak(ours, sides.ours), ssh: await peak(theirs, sides.ssh) };
  await beforeAnsible();
  return { ...measured, ansible: await peak(theirs, sides.ansible) };
}

function ratiosOf(measured: Measured, connections: Connections): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const before of ['present', 'absent'] as const) {
    const name = `${connections}${before === 'present' ? 'Present' : 'Absent'}`;
    const pairs = measured.pairs[before];
    const againstAnsible = pairs.map(({ ours }) => ({ ours, theirs: measured.ansible[before] }));
    ratios[`${name}Ssh`] = ratioOf(pairs, 'wallMs');
    ratios[`${name}SshCpu`] = ratioOf(pairs, 'cpuMs');
    ratios[`${name}SshHostCpu`] = ratioOf(pairs, 'hostCpuMs');
    ratios[`${name}Ansible`] = ratioOf(againstAnsible, 'wallMs');
    ratios[`${name}AnsibleCpu`] = ratioOf(againstAnsible, 'cpuMs');
  }
  return ratios;
}

function figuresOf({ pairs, ansible, peakBytes, keptShare }: Measured, { hosts }: Size): Figures {
  const inMebibytes = (bytes: number): number => rounded(bytes / 1024 ** 2, 1);
  const of = (before: AccountBefore): Figures => {
    const ours = pairs[before].map((pair) => pair.ours);
    const theirs = pairs[before].map((pair) => pair.theirs);
    return {
      ours: { ...sideFigures(ours, hosts), cpuMsPerPushByPart: partFigures(ours, hosts) },
      ssh: sideFigures(theirs, hosts),
      ansible: sideFigures([ansible[before]], hosts),
    };
  };
  return {
    present: of('present'),
    absent: of('absent'),
    peakMebibytes: {
      ours: inMebibytes(peakBytes.ours),
      ssh: inMebibytes(peakBytes.ssh),
      ansible: inMebibytes(peakBytes.ansible),
    },
    ourShareOverOpenConnections: keptShare,
  };
}

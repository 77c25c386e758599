/**
 * Says what a round of pushes is: the same account to every host at once, by one side, and what that cost.
 * It runs nothing itself.
 */
import { medianOf, rounded, summaryOf, type Figures } from './benchmark.ts';

/** Is the account there already, so that nothing is changed, or is it made? */
export type AccountBefore = 'present' | 'absent';

export interface Round {
  readonly wallMs: number;
  /** Of the pushing side. */
  readonly cpuMs: number;
  /** sshd and the script, on the hosts' side. */
  readonly hostCpuMs: number;
}

export interface OurRound extends Round {
  /** What `cpuMs` is made of. */
  readonly partsCpuMs: Readonly<Record<Part, number>>;
}

/** Garrison's processes; the workers' own share is told apart from that of the ssh clients they start. */
export type Part = 'supervisor' | 'redis' | 'workers' | 'sshClients';

/** Pushes this account to all hosts. Rejects where a host did not end as it must: made where it was absent, unchanged where it was present. */
export type Side<Cost extends Round = Round> = (account: string, before: AccountBefore) => Promise<Cost>;

export interface Pair {
  readonly ours: OurRound;
  readonly theirs: Round;
}

/** Ours ÷ theirs, median of the pairs: below 1 is better. */
export function ratioOf(
  pairs: readonly { readonly ours: Round; readonly theirs: Round }[],
  figure: keyof Round,
): number {
  return rounded(medianOf(pairs.map(({ ours, theirs }) => ours[figure] / theirs[figure])), 3);
}

export function sideFigures(rounds: readonly Round[], hosts: number): Figures {
  return {
    rounds: rounds.length,
    pushesPerSecond: rounded(hosts / (medianOf(rounds.map(({ wallMs }) => wallMs)) / 1000), 2),
    wallMs: summaryOf(rounds.map(({ wallMs }) => wallMs)),
    cpuMsPerPush: rounded(medianOf(rounds.map(({ cpuMs }) => cpuMs)) / hosts, 2),
    hostCpuMsPerPush: rounded(medianOf(rounds.map(({ hostCpuMs }) => hostCpuMs)) / hosts, 2),
  };
}

export function partFigures(rounds: readonly OurRound[], hosts: number): Figures {
  const perPush = (part: Part): number =>
    rounded(medianOf(rounds.map(({ partsCpuMs }) => partsCpuMs[part])) / hosts, 2);
  return {
    supervisor: perPush('supervisor'),
    redis: perPush('redis'),
    workers: perPush('workers'),
    sshClients: perPush('sshClients'),
  };
}

export function inWords({ wallMs, cpuMs, hostCpuMs }: Round): string {
  return `${wallMs.toFixed(0)} ms (CPU ${cpuMs.toFixed(0)} ms, hosts ${hostCpuMs.toFixed(0)} ms)`;
}

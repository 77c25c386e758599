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

/** Pushes this account to all hosts. Rejects where a host did not end as it must: made where it was absent, unchanged where it was present. */
export type Side = (account: string, before: AccountBefore) => Promise<Round>;

export interface Pair {
  readonly ours: Round;
  readonly theirs: Round;
}

/** Ours ÷ theirs, median of the pairs: below 1 is better. */
export function ratioOf(pairs: readonly Pair[], figure: keyof Round): number {
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

export function inWords({ wallMs, cpuMs, hostCpuMs }: Round): string {
  return `${wallMs.toFixed(0)} ms (CPU ${cpuMs.toFixed(0)} ms, hosts ${hostCpuMs.toFixed(0)} ms)`;
}

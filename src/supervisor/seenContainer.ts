/**
 * Holds what one look after another has shown of one container: since when it has no process, since when no new probe.
 * It says what state that makes, by detector/container, and when another look would settle what is open.
 */
import { earliest, type Moment } from '../clock.ts';
import { judgeContainer, probesStopAfterMs, type ContainerVerdict } from '../detector/container.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';

export interface SeenContainer {
  readonly facts: ContainerFacts;
  readonly lookedAt: Moment;
  /** Since when Docker calls it running without a process of that pid; null while it has one. */
  readonly lifelessAt: Moment | null;
  /** When the newest probe in its log was first seen there; null while none is due. */
  readonly probeAt: Moment | null;
}

/** A process that has just ended is gone before Docker says so; after so long it is not about to. */
const LIFELESS_FOR_MS = 2_000;

export function seeContainer(before: SeenContainer | null, facts: ContainerFacts, at: Moment): SeenContainer {
  const isSameLife = before?.facts.pid === facts.pid && before.facts.startedAt === facts.startedAt;
  const known = isSameLife ? before : null;
  const isSameProbe = known !== null && newestProbe(known.facts) === newestProbe(facts);
  return {
    facts,
    lookedAt: at,
    lifelessAt: isLifeless(facts) ? (known?.lifelessAt ?? at) : null,
    probeAt: isProbed(facts) ? ((isSameProbe ? known.probeAt : null) ?? at) : null,
  };
}

/** While Docker was away nothing was probed: it has the usual time from now on. */
export function awaitProbes({ probeAt }: SeenContainer, at: Moment): Pick<SeenContainer, 'probeAt'> {
  return { probeAt: probeAt === null ? null : at };
}

/** RFC 3339 since when Docker has not answered, or null while it does. */
export function verdictOn(seen: SeenContainer, dockerAwaySince: string | null): ContainerVerdict {
  const { facts, lookedAt, lifelessAt, probeAt } = seen;
  const lasts = (since: Moment, ms: number): string | null =>
    lookedAt.monoMs - since.monoMs >= ms ? since.wall : null;
  return judgeContainer({
    facts,
    dockerAwaySince,
    lifelessSince: lifelessAt === null ? null : lasts(lifelessAt, LIFELESS_FOR_MS),
    unprobedSince: probeAt === null ? null : lasts(probeAt, probesStopAfterMs(facts.healthCheck)),
  });
}

/** When a look would tell whether it is a ghost, or is probed no more; null when there is nothing to find out. */
export function lookDueAtMs({ facts, lookedAt, lifelessAt, probeAt }: SeenContainer): number | null {
  return earliest(
    [
      lifelessAt === null ? null : lifelessAt.monoMs + LIFELESS_FOR_MS,
      probeAt === null ? null : probeAt.monoMs + probesStopAfterMs(facts.healthCheck),
    ].filter((dueMs) => dueMs !== null && dueMs > lookedAt.monoMs),
  );
}

function isLifeless({ status, process }: ContainerFacts): boolean {
  return status === 'running' && (process === 'gone' || process === 'zombie');
}

/** Docker does not probe what is paused. */
function isProbed({ status, healthCheck }: ContainerFacts): boolean {
  return status === 'running' && healthCheck !== null;
}

function newestProbe({ health }: ContainerFacts): string {
  return health?.probes.at(-1)?.endedAt ?? '';
}

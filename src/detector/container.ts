/**
 * Says what state a container is in, since when and why, from what was seen of it.
 * It decides no cure, and takes nothing that the container itself wrote for more than a quotation.
 */
import { unreachable } from '../errors.ts';
import type { ContainerFacts, Health, HealthCheck, Probe } from './containerFacts.ts';

export type ContainerState =
  | 'healthy'
  | 'starting'
  | 'unhealthy'
  | 'healing'
  | 'quarantined'
  | 'paused'
  | 'stopped'
  | 'ghost'
  | 'unknown';

export const CONTAINER_STATES: readonly ContainerState[] = [
  'healthy',
  'starting',
  'unhealthy',
  'healing',
  'quarantined',
  'paused',
  'stopped',
  'ghost',
  'unknown',
];

export type ContainerReason =
  | 'ProbePassed'
  | 'NoHealthCheck'
  | 'NotProbedYet'
  | 'DockerRestarts'
  | 'ProbeFailed'
  | 'ProbeTimedOut'
  | 'ProbeNotRun'
  | 'Paused'
  | 'Exited'
  | 'NeverStarted'
  | 'BeingRemoved'
  | 'Dead'
  | 'NoProcess'
  | 'ProbesStopped'
  | 'DockerAway'
  | 'BeingTreated'
  | 'InQuarantine';

export interface ContainerQuestion {
  readonly facts: ContainerFacts;
  /** RFC 3339, our clock: since when Docker has not answered; null while it does. */
  readonly dockerAwaySince: string | null;
  /** RFC 3339, our clock: since when Docker calls it running and its process is not there, seen more than once; null when that is not so. */
  readonly lifelessSince: string | null;
  /** RFC 3339, our clock: since when Docker has run no health check although several were due; null when that is not so. */
  readonly unprobedSince: string | null;
}

export interface ContainerVerdict {
  readonly state: ContainerState;
  readonly reason: ContainerReason;
  /** RFC 3339 where Docker tells since when, by its clock; null where only we can know. */
  readonly since: string | null;
  /** A sentence: what it is, and what Docker said of it. */
  readonly detail: string;
}

/** The first that applies: what is not known, then what is not there, then what its health check says. */
export function judgeContainer(question: ContainerQuestion): ContainerVerdict {
  const { facts, dockerAwaySince, lifelessSince, unprobedSince } = question;
  if (dockerAwaySince !== null)
    return verdict('unknown', 'DockerAway', {
      since: dockerAwaySince,
      detail: `Docker does not answer, so how it is now cannot be told; before that: ${judgeContainer({ ...question, dockerAwaySince: null }).detail}`,
    });
  if (lifelessSince !== null)
    return verdict('ghost', 'NoProcess', {
      since: lifelessSince,
      detail: `Docker calls it running as pid ${String(facts.pid)}, and ${facts.process === 'zombie' ? 'that process has ended (a zombie)' : 'there is no such process'}: Docker's view of it is stale, and restarting the container does not cure that`,
    });
  if (unprobedSince !== null)
    return verdict('unknown', 'ProbesStopped', {
      since: unprobedSince,
      detail: `Docker calls it ${facts.health?.status ?? 'running'} and has stopped running its health check, so that word may be old (dockerd does so after it was restarted with live-restore); restarting the container brings the health check back`,
    });
  return judgeStatus(facts);
}

/** So many probes may be missed before Docker is said to have given up on them, and this much besides. */
const PROBES_MISSED = 3;
const PROBE_MARGIN_MS = 10_000;

/** Without a new probe for so long, Docker has stopped probing. */
export function probesStopAfterMs(check: HealthCheck | null): number {
  if (check === null) return Infinity;
  return PROBES_MISSED * (check.intervalMs + check.timeoutMs) + PROBE_MARGIN_MS;
}

/** Docker could not run it, which says nothing about the container. */
export function wasNotRun({ exitCode, output }: Probe): boolean {
  return exitCode === -1 && !isTimeout(output);
}

function judgeStatus(facts: ContainerFacts): ContainerVerdict {
  switch (facts.status) {
    case 'running':
      return judgeRunning(facts);
    case 'paused':
      return verdict('paused', 'Paused', { detail: 'it is paused; docker unpause lets it go on' });
    case 'restarting':
      return verdict('starting', 'DockerRestarts', {
        since: toldTime(facts.finishedAt),
        detail: `it ended with exit code ${String(facts.exitCode)}, and Docker starts it again by its restart policy (${facts.restartPolicy})`,
      });
    case 'exited':
      return verdict('stopped', 'Exited', {
        since: toldTime(facts.finishedAt),
        detail: `it ended with exit code ${String(facts.exitCode)}`,
      });
    case 'created':
      return verdict('stopped', 'NeverStarted', { detail: 'it was created and not started' });
    case 'removing':
      return verdict('stopped', 'BeingRemoved', { detail: 'Docker is removing it' });
    case 'dead':
      return verdict('stopped', 'Dead', { detail: 'Docker tried to remove it and could not' });
    default:
      return unreachable(facts.status);
  }
}

function judgeRunning({ health, healthCheck, startedAt }: ContainerFacts): ContainerVerdict {
  const since = toldTime(startedAt);
  if (health === null || healthCheck === null)
    return verdict('healthy', 'NoHealthCheck', {
      since,
      detail: 'it runs; it has no health check, so more than that is not known',
    });
  switch (health.status) {
    case 'starting':
      return verdict('starting', 'NotProbedYet', { since, detail: 'its health check has not passed yet' });
    case 'healthy':
      return verdict('healthy', 'ProbePassed', { detail: 'its health check passes' });
    case 'unhealthy':
      return judgeUnhealthy(health);
    default:
      return unreachable(health.status);
  }
}

function judgeUnhealthy({ probes, failingStreak }: Health): ContainerVerdict {
  const since = probes[firstOfLastFailures(probes)]?.endedAt ?? null;
  const times = failingStreak === 1 ? 'once' : `${String(failingStreak)} times in a row`;
  const last = probes.at(-1);
  if (last === undefined)
    return verdict('unhealthy', 'ProbeFailed', { since, detail: `its health check failed ${times}` });
  const said = quoted(last.output);
  if (wasNotRun(last))
    return verdict('unhealthy', 'ProbeNotRun', {
      since,
      detail: `Docker could not run its health check (${times}), which says nothing about the container itself: ${said}`,
    });
  if (last.exitCode === -1)
    return verdict('unhealthy', 'ProbeTimedOut', {
      since,
      detail: `its health check did not end in time, ${times}: ${said}`,
    });
  return verdict('unhealthy', 'ProbeFailed', {
    since,
    detail: `its health check failed ${times}, last with exit code ${String(last.exitCode)}: ${said}`,
  });
}

/** Index in the log of the first of those that it ends with. */
function firstOfLastFailures(probes: readonly Probe[]): number {
  let index = probes.length;
  while (index > 0 && probes[index - 1]?.exitCode !== 0) index -= 1;
  return index;
}

/** As moby writes it (daemon/health.go) when the probe ran into its limit; all else under -1 means that it was not run. */
function isTimeout(output: string): boolean {
  return output.startsWith('Health check exceeded timeout');
}

const MOST_QUOTED = 200;

/** On one line and no longer than is read: a container may write anything. */
function quoted(output: string): string {
  const line = output.replace(/\s+/g, ' ').trim();
  if (line === '') return 'it said nothing';
  return JSON.stringify(line.length > MOST_QUOTED ? `${line.slice(0, MOST_QUOTED)}…` : line);
}

/** Docker's word for never is the year 1. */
function toldTime(time: string): string | null {
  return time === '' || time.startsWith('0001-') ? null : time;
}

function verdict(
  state: ContainerState,
  reason: ContainerReason,
  { since = null, detail }: { since?: string | null; detail: string },
): ContainerVerdict {
  return { state, reason, since, detail };
}

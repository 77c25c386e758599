/**
 * Puts on disk, as one document, all that could be seen of a container before anything was done to it.
 * Nothing of its environment is in it, nothing that an option names as a secret, and nothing that a terminal would obey.
 */
import type { ContainerFacts, ContainerSessions, HealthCheck, Probe } from '../detector/containerFacts.ts';
import type { ContainerCounters } from './containerCgroup.ts';
import { objectIn, textIn } from './containerFacts.ts';
import type { Inspected } from './docker.ts';
import type { LogLine } from './dockerLogs.ts';
import type { Top } from './dockerLook.ts';
import { harmless } from './harmless.ts';
import { incidentName, keepIncident } from './incidentFile.ts';
import type { ProcessSeen } from './processSeen.ts';

/** Null in the place of what could not be had; `gaps` says why. */
export interface ContainerEvidence {
  readonly kind: 'container';
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly project: string | null;
  readonly service: string | null;
  /** Why it was looked at. */
  readonly why: string;
  /** RFC 3339. */
  readonly at: string;
  readonly state: Pick<
    ContainerFacts,
    'status' | 'pid' | 'process' | 'startedAt' | 'finishedAt' | 'exitCode'
  > & {
    readonly oomKilled: boolean;
    /** By Docker's own restart policy. */
    readonly restartCount: number;
    readonly error: string;
  };
  readonly health: {
    readonly status: string;
    readonly failingStreak: number;
    /** Oldest first. */
    readonly probes: readonly Probe[];
    readonly check: HealthCheck | null;
  } | null;
  readonly restartPolicy: ContainerFacts['restartPolicy'];
  readonly limits: Readonly<Record<string, number | string | null>>;
  readonly counters: ContainerCounters;
  readonly mounts: readonly string[];
  readonly ports: readonly string[];
  readonly sessions: ContainerSessions;
  readonly composeAtWork: string | null;
  /** Oldest first. */
  readonly logs: readonly LogLine[] | null;
  readonly top: Top | null;
  readonly processes: readonly ProcessSeen[] | null;
  readonly gaps: readonly string[];
}

export type EvidenceParts = Pick<
  ContainerEvidence,
  'why' | 'at' | 'counters' | 'sessions' | 'composeAtWork' | 'logs' | 'top' | 'processes' | 'gaps'
>;

/** Returns the name of the file. Rejects when it could not be written. */
export async function keepEvidence(homeDir: string, evidence: ContainerEvidence): Promise<string> {
  const name = incidentName(evidence.at, 'container', evidence.name, evidence.id.slice(0, 12));
  return keepIncident(homeDir, name, boundedText(evidence));
}

export function evidenceOf({ facts, json }: Inspected, parts: EvidenceParts): ContainerEvidence {
  const { status, pid, process, startedAt, finishedAt, exitCode, health, healthCheck } = facts;
  const state = objectIn(json.State);
  return {
    kind: 'container',
    id: facts.id,
    name: shown(facts.name),
    image: shown(facts.image),
    project: facts.project === null ? null : shown(facts.project),
    service: facts.service === null ? null : shown(facts.service),
    ...parts,
    state: {
      ...{ status, pid, process, startedAt, finishedAt, exitCode },
      oomKilled: state.OOMKilled === true,
      restartCount: numberIn(json.RestartCount) ?? 0,
      error: shown(textIn(state.Error)),
    },
    health:
      health === null
        ? null
        : {
            status: health.status,
            failingStreak: health.failingStreak,
            probes: health.probes.map((probe) => ({ ...probe, output: harmlessLines(probe.output) })),
            check: healthCheck,
          },
    restartPolicy: facts.restartPolicy,
    limits: limitsIn(objectIn(json.HostConfig)),
    mounts: mountsIn(json.Mounts),
    ports: portsIn(objectIn(objectIn(json.NetworkSettings).Ports)),
  };
}

const LARGEST_BYTES = 2 << 20;
const LONGEST_TEXT = 1000;
const LONGEST_PROBE = 4096;
const MOST_ENTRIES = 100;

/** The oldest lines go first, then half of the rest, and so on. */
function boundedText(evidence: ContainerEvidence): string {
  let kept = evidence;
  for (;;) {
    const text = `${JSON.stringify(kept, null, 2)}\n`;
    if (Buffer.byteLength(text) <= LARGEST_BYTES) return text;
    kept = {
      ...kept,
      logs: laterHalf(kept.logs),
      processes: laterHalf(kept.processes),
      top: kept.top === null ? null : { ...kept.top, processes: laterHalf(kept.top.processes) ?? [] },
      gaps: [
        ...evidence.gaps.slice(0, MOST_ENTRIES),
        'It was too large: only a part of its log and of its processes was kept.',
      ],
    };
  }
}

function laterHalf<T>(items: readonly T[] | null): readonly T[] | null {
  return items === null ? null : items.slice(Math.ceil(items.length / 2));
}

function shown(text: string): string {
  return harmless(text, LONGEST_TEXT);
}

function harmlessLines(text: string): string {
  return text
    .split('\n')
    .map((line) => harmless(line, LONGEST_PROBE))
    .join('\n');
}

function limitsIn(host: Readonly<Record<string, unknown>>): ContainerEvidence['limits'] {
  const some = (value: unknown): number | null => {
    const number = numberIn(value);
    return number === null || number <= 0 ? null : number;
  };
  const ulimits = (Array.isArray(host.Ulimits) ? host.Ulimits : []).slice(0, MOST_ENTRIES).map((entry) => {
    const { Name, Soft, Hard } = objectIn(entry);
    return [`ulimit ${shown(textIn(Name))}`, `${String(numberIn(Soft))}:${String(numberIn(Hard))}`] as const;
  });
  return {
    memoryBytes: some(host.Memory),
    memoryAndSwapBytes: some(host.MemorySwap),
    cpus: some(host.NanoCpus) === null ? null : (some(host.NanoCpus) ?? 0) / 1e9,
    cpuQuotaMicros: some(host.CpuQuota),
    cpuPeriodMicros: some(host.CpuPeriod),
    cpuSet: textIn(host.CpusetCpus) === '' ? null : shown(textIn(host.CpusetCpus)),
    pids: some(host.PidsLimit),
    ...Object.fromEntries(ulimits),
  };
}

function mountsIn(mounts: unknown): readonly string[] {
  return (Array.isArray(mounts) ? mounts : []).slice(0, MOST_ENTRIES).map((mount) => {
    const { Type, Name, Source, Destination, RW } = objectIn(mount);
    const from = textIn(Name) || textIn(Source);
    return shown(`${textIn(Type)} ${from} at ${textIn(Destination)}${RW === false ? ', read only' : ''}`);
  });
}

function portsIn(ports: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(ports)
    .slice(0, MOST_ENTRIES)
    .map(([port, given]) => {
      const published = (Array.isArray(given) ? given : []).slice(0, 10).map((entry) => {
        const { HostIp, HostPort } = objectIn(entry);
        return `${textIn(HostIp)}:${textIn(HostPort)}`;
      });
      return shown(published.length === 0 ? port : `${port} at ${published.join(', ')}`);
    });
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/**
 * Reads Docker's account of one container, of which any part may be missing or nonsense, as what Garrison knows of it.
 * It trusts no field's type and asks nobody anything but what it is given to ask.
 */
import type {
  ContainerFacts,
  DockerStatus,
  Health,
  HealthCheck,
  Probe,
  Sharing,
} from '../detector/containerFacts.ts';

/** Of what `docker inspect` gives; a sentence part that says what is wrong with it when it can't be any container. */
export function containerFacts(
  answer: unknown,
  processOf: (pid: number, id: string) => ContainerFacts['process'],
): ContainerFacts | string {
  const { Id: id, Name, Config, HostConfig, State, NetworkSettings } = objectIn(answer);
  if (!isContainerId(id)) return 'no container id in it';
  const state = objectIn(State);
  const status = statusIn(state);
  if (status === null) return 'no state in it that Garrison knows';
  const config = objectIn(Config);
  const hostConfig = objectIn(HostConfig);
  const pid = wholeIn(state.Pid, { least: 0, most: MOST_PIDS }) ?? 0;
  return {
    id,
    name: textIn(Name).replace(/^\//, '') || id.slice(0, 12),
    image: textIn(config.Image),
    ...labelled(objectIn(config.Labels)),
    shares: sharesIn(hostConfig),
    addresses: addressesIn(objectIn(NetworkSettings)),
    status,
    pid,
    startedAt: timeIn(state.StartedAt),
    finishedAt: timeIn(state.FinishedAt),
    exitCode: wholeIn(state.ExitCode, EXIT_CODES) ?? 0,
    restartPolicy: restartPolicyIn(hostConfig),
    stopTimeoutMs: stopTimeoutIn(config),
    health: healthIn(state.Health),
    healthCheck: healthCheckIn(config.Healthcheck),
    process: processOf(pid, id),
  };
}

/** All 64 digits. */
export function isContainerId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** Empty for everything that is no object. */
export function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return value as Record<string, unknown>;
}

/** Empty for everything that is no text; cut where only nonsense would still be longer. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? cutToBytes(value, LONGEST_TEXT_BYTES) : '';
}

const LONGEST_TEXT_BYTES = 65_536;
const LONGEST_OUTPUT_BYTES = 4096;
const MOST_PROBES = 5;
const MOST_NETWORKS = 100;
/** PID_MAX_LIMIT of the kernel. */
const MOST_PIDS = 4_194_304;
const NEVER = '0001-01-01T00:00:00Z';
const EXIT_CODES = { least: -1, most: 0xffff_ffff };
const NANOSECONDS_PER_MS = 1_000_000;
const DAY_MS = 86_400_000;
const STATUSES: readonly DockerStatus[] = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
];
const RESTART_POLICIES = ['always', 'on-failure', 'unless-stopped'] as const;
const HEALTHS = ['starting', 'healthy', 'unhealthy'] as const;

function statusIn(state: Readonly<Record<string, unknown>>): DockerStatus | null {
  const known = STATUSES.find((status) => status === state.Status);
  if (known !== undefined) return known;
  // A word of some other engine; whether it runs, each of them says.
  if (typeof state.Running !== 'boolean') return null;
  return state.Running ? 'running' : 'exited';
}

function labelled(
  labels: Readonly<Record<string, unknown>>,
): Pick<ContainerFacts, 'project' | 'service' | 'isOneOff' | 'workingDir' | 'healLabel' | 'dependsOnLabel'> {
  const label = (name: string): string | null => {
    const value = Object.hasOwn(labels, name) ? labels[name] : null;
    return typeof value === 'string' ? textIn(value) : null;
  };
  return {
    project: label('com.docker.compose.project'),
    service: label('com.docker.compose.service'),
    isOneOff: label('com.docker.compose.oneoff')?.toLowerCase() === 'true',
    workingDir: label('com.docker.compose.project.working_dir'),
    healLabel: label('garrison.heal'),
    dependsOnLabel: label('com.docker.compose.depends_on'),
  };
}

function sharesIn(hostConfig: Readonly<Record<string, unknown>>): ContainerFacts['shares'] {
  const joined = (what: Sharing, mode: unknown): ContainerFacts['shares'] => {
    const other = /^container:(.+)$/s.exec(textIn(mode))?.[1];
    return other === undefined ? [] : [{ what, with: other }];
  };
  const volumes = Array.isArray(hostConfig.VolumesFrom) ? hostConfig.VolumesFrom : [];
  return [
    ...joined('network', hostConfig.NetworkMode),
    ...joined('ipc', hostConfig.IpcMode),
    ...joined('pid', hostConfig.PidMode),
    ...volumes.flatMap((entry) => {
      const [other = ''] = textIn(entry).split(':');
      return other === '' ? [] : [{ what: 'volumes' as const, with: other }];
    }),
  ];
}

function addressesIn({ Networks }: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.values(objectIn(Networks))
    .slice(0, MOST_NETWORKS)
    .flatMap((network) => {
      const { IPAddress, GlobalIPv6Address } = objectIn(network);
      return [IPAddress, GlobalIPv6Address].map(textIn).filter((address) => address !== '');
    });
}

function restartPolicyIn(hostConfig: Readonly<Record<string, unknown>>): ContainerFacts['restartPolicy'] {
  const { Name } = objectIn(hostConfig.RestartPolicy);
  return RESTART_POLICIES.find((policy) => policy === Name) ?? 'no';
}

/** Without one Docker waits 10 s; below 0 it would wait for ever, which nobody here can. */
function stopTimeoutIn(config: Readonly<Record<string, unknown>>): number {
  const seconds = wholeIn(config.StopTimeout, { least: -Infinity, most: Infinity }) ?? 10;
  return seconds < 0 ? DAY_MS : Math.min(seconds * 1000, DAY_MS);
}

function healthIn(value: unknown): Health | null {
  const { Status, FailingStreak, Log } = objectIn(value);
  const status = HEALTHS.find((health) => health === Status);
  if (status === undefined) return null;
  return {
    status,
    failingStreak: wholeIn(FailingStreak, { least: 0, most: Number.MAX_SAFE_INTEGER }) ?? 0,
    probes: (Array.isArray(Log) ? Log : []).slice(-MOST_PROBES).map(probeIn),
  };
}

function probeIn(value: unknown): Probe {
  const { Start, End, ExitCode, Output } = objectIn(value);
  return {
    startedAt: timeIn(Start),
    endedAt: timeIn(End),
    // Of a probe that says nothing of its end it is not known that it failed by itself.
    exitCode: wholeIn(ExitCode, EXIT_CODES) ?? -1,
    output: cutToBytes(typeof Output === 'string' ? Output : '', LONGEST_OUTPUT_BYTES),
  };
}

function healthCheckIn(value: unknown): HealthCheck | null {
  const { Test, Interval, Timeout, StartPeriod, Retries } = objectIn(value);
  if (!Array.isArray(Test) || Test.length === 0 || Test[0] === 'NONE') return null;
  return {
    intervalMs: durationIn(Interval) ?? 30_000,
    timeoutMs: durationIn(Timeout) ?? 30_000,
    startPeriodMs: durationIn(StartPeriod) ?? 0,
    retries: wholeIn(Retries, { least: 1, most: 1_000_000 }) ?? 3,
  };
}

/** Docker counts nanoseconds, and 0 stands for its default. */
function durationIn(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return null;
  return Math.min(value / NANOSECONDS_PER_MS, DAY_MS * 365);
}

function timeIn(value: unknown): string {
  if (typeof value !== 'string' || value.length > 40) return NEVER;
  return /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value)) ? value : NEVER;
}

function wholeIn(
  value: unknown,
  { least, most }: { readonly least: number; readonly most: number },
): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    ? value
    : null;
}

function cutToBytes(text: string, most: number): string {
  if (text.length * 3 <= most || Buffer.byteLength(text) <= most) return text;
  // `stream` leaves a character that the cut went through out; a copy, so that the long text can go.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(text).subarray(0, most), {
    stream: true,
  });
}

/**
 * Lists every effective value of the configuration as people write it, and where each came from.
 * It never shows a secret: an address that messages are sent to is one, and left out.
 */
import { hostname } from 'node:os';
import { writtenAlerts } from './alertSettings.ts';
import { DOCKER_SOCKET, UNUSED_KEYS, type ConfigValues } from './configSchema.ts';
import { writtenGrants } from './grantsSchema.ts';
import { writtenPage } from './pageSettings.ts';
import { writtenRedis } from './redisSettings.ts';
import { formatDurationMs, formatSizeBytes } from './units.ts';

export interface Setting {
  readonly key: string;
  readonly value: string;
  /** `default`, `the machine` or `FILE:LINE`. */
  readonly from: string;
  /** False for what is checked but has no effect in this version. */
  readonly used: boolean;
}

export interface SettingSources {
  /** Absolute, as it is used. */
  readonly identityFile: string;
  /** Likewise; null for none. */
  readonly agent: string | null;
  /** The garrison.yaml in use. */
  readonly file: string | null;
  readonly lineOf: (path: readonly string[]) => number | null;
}

export function settingsOf(values: ConfigValues, sources: SettingSources): readonly Setting[] {
  const written = {
    host: values.host ?? hostname(),
    ...workSettings(values, sources),
    ...otherSettings(values),
  };
  return Object.entries(written).map(([key, value]) => {
    const line = sources.lineOf(key.split('.'));
    const from = key === 'host' ? 'the machine' : 'default';
    return {
      key,
      value,
      from: line === null || sources.file === null ? from : `${sources.file}:${String(line)}`,
      used: !UNUSED_KEYS.some((unused) => key === unused || key.startsWith(`${unused}.`)),
    };
  });
}

function workSettings(
  { workers, redis, ssh }: ConfigValues,
  { identityFile, agent }: SettingSources,
): Record<string, string> {
  return {
    'workers.count': String(workers.count),
    'workers.spare': String(workers.spare),
    'workers.slots': String(workers.slots),
    'workers.memoryLimit': formatSizeBytes(workers.memoryLimit),
    'workers.maxJobs': workers.maxJobs === undefined ? 'never' : String(workers.maxJobs),
    'workers.maxAge': workers.maxAge === undefined ? 'never' : formatDurationMs(workers.maxAge),
    'workers.openFiles': String(workers.openFiles),
    ...writtenRedis(redis),
    'ssh.identityFile': identityFile,
    'ssh.agent': agent ?? 'none',
    'ssh.connectTimeout': formatDurationMs(ssh.connectTimeout),
    'ssh.idleTimeout': formatDurationMs(ssh.idleTimeout),
    'ssh.totalTimeout': formatDurationMs(ssh.totalTimeout),
    'ssh.keep': ssh.keep === 0 ? 'never' : formatDurationMs(ssh.keep),
    'ssh.kex': ssh.kex ?? "OpenSSH's own choice",
  };
}

function otherSettings({
  containers,
  grants,
  page,
  metrics,
  control,
  hooks,
  notify,
  login,
  retention,
}: ConfigValues): Record<string, string> {
  return {
    ...dockerSettings(containers),
    'containers.select': containers.select,
    'containers.budget.restarts': String(containers.budget.restarts),
    'containers.budget.per': formatDurationMs(containers.budget.per),
    'containers.dependsOn': JSON.stringify(containers.dependsOn),
    'containers.projects': JSON.stringify(containers.projects),
    'containers.heal': JSON.stringify(containers.heal),
    'containers.observe': JSON.stringify(containers.observe),
    'containers.exclude': JSON.stringify(containers.exclude),
    'containers.confirm': formatDurationMs(containers.confirm),
    ...zombieSettings(containers.zombies),
    ...writtenGrants(grants),
    ...writtenPage({ page, login }),
    'metrics.listen': metrics.listen === undefined ? 'none' : addressText(metrics.listen),
    'control.group': control.group,
    'control.others': control.others,
    ...writtenAlerts(hooks, notify),
    'retention.jobs': formatDurationMs(retention.jobs),
    'retention.logs': formatSizeBytes(retention.logs),
    'retention.incidents': formatDurationMs(retention.incidents),
  };
}

function addressText({ address, port }: { address: string; port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;
}

function dockerSettings({ socket, host, certPath }: ConfigValues['containers']): Record<string, string> {
  if (host === undefined) return { 'containers.socket': socket ?? DOCKER_SOCKET };
  return {
    'containers.host': host,
    ...(certPath === undefined ? {} : { 'containers.certPath': certPath }),
  };
}

function zombieSettings(zombies: ConfigValues['containers']['zombies']): Record<string, string> {
  if (zombies === undefined) return { 'containers.zombies': 'never' };
  return {
    'containers.zombies.most': String(zombies.most),
    'containers.zombies.for': formatDurationMs(zombies.for),
  };
}

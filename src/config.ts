/**
 * Puts together the whole configuration: garrison.yaml over the defaults, the hosts of inventory.yaml, and where each value came from.
 * It never starts with half a configuration, and never reads a password.
 */
import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { channelsInEffect, hooksInEffect, type ChannelSettings, type HookSettings } from './alertSettings.ts';
import { configError, readConfigFile, type ConfigFile, type ConfigProblem } from './configFile.ts';
import { ConfigSchema, DOCKER_SOCKET, type ConfigValues } from './configSchema.ts';
import { grantsInEffect, type GrantsSettings } from './grantsSchema.ts';
import { checkGrants, readInventory, type InventoryHost } from './inventory.ts';
import { loginInEffect, pageInEffect, type LoginSettings, type PageSettings } from './pageSettings.ts';
import { redisInEffect, type RedisSetting } from './redisSettings.ts';
import { settingsOf, type Setting } from './settings.ts';
import { sshProblems } from './sshSettings.ts';

export interface GarrisonConfig {
  readonly home: string;
  /** The garrison.yaml in use; null when there is none. */
  readonly file: string | null;
  readonly host: string;
  readonly workers: {
    readonly count: number;
    /** Kept ready to take the place of a worker that ends. */
    readonly spare: number;
    readonly slots: number;
    readonly memoryLimitBytes: number;
    /** After so many jobs, or so long, a worker is replaced although it is well; null for never. */
    readonly maxJobs: number | null;
    readonly maxAgeMs: number | null;
    readonly openFiles: number;
  };
  readonly redis: RedisSetting;
  readonly ssh: {
    readonly identityFile: string;
    /** The socket of the agent that is asked for keys; null for none. */
    readonly agent: string | null;
    readonly connectTimeoutMs: number;
    readonly idleTimeoutMs: number;
    readonly totalTimeoutMs: number;
    /** 0: no connection is kept. */
    readonly keepMs: number;
    /** null for OpenSSH's own choice. */
    readonly kex: string | null;
  };
  readonly containers: {
    /** Of the Docker daemon, unless a host is named. */
    readonly socket: string;
    /** `tcp://`, `https://` or `ssh://`; null for the socket. */
    readonly host: string | null;
    /** Holds ca.pem, cert.pem and key.pem. */
    readonly certPath: string | null;
    /** Container or service name → the names that it depends on. */
    readonly dependsOn: Readonly<Record<string, readonly string[]>>;
    readonly select: 'label' | 'all';
    readonly projects: readonly string[];
    /** Names of containers or services, as are `observe` and `exclude`. */
    readonly heal: readonly string[];
    readonly observe: readonly string[];
    readonly exclude: readonly string[];
    readonly budget: { readonly restarts: number; readonly perMs: number };
    readonly confirmMs: number;
    /** More zombies than this in a container that is healed, for so long, and it is restarted; null for never. */
    readonly zombies: { readonly most: number; readonly forMs: number } | null;
  };
  /** What is done by itself. */
  readonly grants: GrantsSettings;
  readonly page: PageSettings;
  readonly login: LoginSettings;
  /** null when the metrics have no port of their own. */
  readonly metrics: { readonly address: string; readonly port: number } | null;
  /** Of the control socket of the machine's own installation. */
  readonly control: { readonly group: string; readonly others: 'none' | 'read' };
  readonly hooks: HookSettings;
  readonly notify: readonly ChannelSettings[];
  readonly retention: { readonly jobsMs: number; readonly logsBytes: number; readonly incidentsMs: number };
  readonly inventoryFile: string;
  readonly hosts: readonly InventoryHost[];
  /** Every effective value as people write it, and where it came from. */
  readonly settings: readonly Setting[];
}

export interface ConfigSources {
  readonly home: string;
  /** `--config`; null looks in the home folder, then in /etc/garrison. */
  readonly configFile?: string | null;
}

/** Throws CONFIG_INVALID naming every problem of every file at once. */
export function loadConfig({ home, configFile = null }: ConfigSources): GarrisonConfig {
  const file = chosenFile(home, configFile);
  const read = readConfigFile(file, ConfigSchema);
  const inventoryFile = join(home, 'inventory.yaml');
  const inventory = readInventory(inventoryFile);
  const folder = read.file === null ? home : dirname(resolve(file));
  const missing = configFile !== null && read.file === null ? [noSuchFile(file)] : [];
  const problems = [
    ...missing,
    ...read.problems,
    ...sshProblems(read, (path) => absolute(folder, path)),
    ...certificateProblems(read, folder),
    ...inventory.problems,
    ...checkGrants(join(home, 'grants.yaml')),
  ];
  if (problems.length > 0 || read.value === null) throw configError(problems);
  const values = read.value;
  const identityFile = absolute(folder, values.ssh.identityFile ?? join(home, 'id_ed25519'));
  const agent = values.ssh.agent === undefined ? null : absolute(folder, values.ssh.agent);
  return {
    home,
    file: read.file,
    ...inEffect(values, { identityFile, agent, folder }),
    inventoryFile,
    hosts: inventory.hosts,
    settings: settingsOf(values, { identityFile, agent, lineOf: read.lineOf, file: read.file }),
  };
}

function chosenFile(home: string, configFile: string | null): string {
  if (configFile !== null) return configFile;
  const own = join(home, 'garrison.yaml');
  const shared = '/etc/garrison/garrison.yaml';
  return !existsSync(own) && existsSync(shared) ? shared : own;
}

function noSuchFile(file: string): ConfigProblem {
  return { file, line: null, key: '', what: 'there is no such file', cure: 'name the file with --config' };
}

/** Docker would be asked without them, or not at all, and each time anew; the page could not speak https. */
function certificateProblems(read: ConfigFile<ConfigValues>, folder: string): readonly ConfigProblem[] {
  const { containers, page } = read.value ?? {};
  const docker = containers?.certPath;
  const needed: readonly (readonly [string, string])[] = [
    ...(docker === undefined
      ? []
      : CERTIFICATES.map((name) => ['containers.certPath', join(docker, name)] as const)),
    ...Object.entries(page?.tls ?? {}).map(([name, path]) => [`page.tls.${name}`, path] as const),
  ];
  return needed.flatMap(([key, path]) => {
    const whole = absolute(folder, path);
    if (existsSync(whole)) return [];
    const line = read.lineOf(key.split('.'));
    return [{ file: read.file ?? '', line, key, what: `there is no file ${whole}`, cure: null }];
  });
}

const CERTIFICATES = ['ca.pem', 'cert.pem', 'key.pem'];

type InEffect = Pick<
  GarrisonConfig,
  | 'host'
  | 'workers'
  | 'redis'
  | 'ssh'
  | 'containers'
  | 'grants'
  | 'page'
  | 'login'
  | 'metrics'
  | 'control'
  | 'hooks'
  | 'notify'
  | 'retention'
>;

function inEffect(
  values: ConfigValues,
  { identityFile, agent, folder }: { identityFile: string; agent: string | null; folder: string },
): InEffect {
  const { workers, ssh, page, login, metrics, retention } = values;
  return {
    host: values.host ?? hostname(),
    workers: {
      count: workers.count,
      spare: workers.spare,
      slots: workers.slots,
      memoryLimitBytes: workers.memoryLimit,
      maxJobs: workers.maxJobs ?? null,
      maxAgeMs: workers.maxAge ?? null,
      openFiles: workers.openFiles,
    },
    redis: redisInEffect(values.redis, (path) => absolute(folder, path)),
    ssh: {
      identityFile,
      agent,
      connectTimeoutMs: ssh.connectTimeout,
      idleTimeoutMs: ssh.idleTimeout,
      totalTimeoutMs: ssh.totalTimeout,
      keepMs: ssh.keep,
      kex: ssh.kex ?? null,
    },
    containers: containersInEffect(values.containers, folder),
    grants: grantsInEffect(values.grants),
    page: pageInEffect(page, (path) => absolute(folder, path)),
    login: loginInEffect(login),
    metrics: metrics.listen ?? null,
    control: values.control,
    hooks: hooksInEffect(values.hooks),
    notify: channelsInEffect(values.notify, (path) => absolute(folder, path)),
    retention: { jobsMs: retention.jobs, logsBytes: retention.logs, incidentsMs: retention.incidents },
  };
}

function containersInEffect(
  values: ConfigValues['containers'],
  folder: string,
): GarrisonConfig['containers'] {
  const { budget, confirm, zombies, socket, host, certPath, ...others } = values;
  return {
    ...others,
    socket: socket ?? DOCKER_SOCKET,
    host: host ?? null,
    certPath: certPath === undefined ? null : absolute(folder, certPath),
    budget: { restarts: budget.restarts, perMs: budget.per },
    confirmMs: confirm,
    zombies: zombies === undefined ? null : { most: zombies.most, forMs: zombies.for },
  };
}

function absolute(folder: string, path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(folder, path);
}

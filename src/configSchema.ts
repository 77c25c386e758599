/**
 * Says what may stand in garrison.yaml, with every default in one place.
 * It never reads a file and never looks at the machine.
 */
import { z } from 'zod';
import { Hooks, Notify } from './alertSchema.ts';
import { GrantsSection } from './grantsSchema.ts';
import { NAME_PATTERN } from './names.ts';
import { Listen, loginSchema, Page } from './pageSchema.ts';
import { RedisSection } from './redisSchema.ts';
import { parseDurationMs, parseSizeBytes } from './units.ts';

const GROUP_PATTERN = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;

const DURATION_WORDS = 'must be a duration with its unit, such as 10s, 5m or 1h30m';
const SIZE_WORDS = 'must be a size with its unit, such as 512MiB or 2GiB';

const Duration = z
  .string(DURATION_WORDS)
  .meta({ pattern: '^([0-9]+(ms|s|m|h|d))+$' })
  .transform((text, context) => {
    const durationMs = parseDurationMs(text);
    if (durationMs !== null && durationMs > 0) return durationMs;
    context.addIssue({ code: 'custom', message: DURATION_WORDS });
    return z.NEVER;
  });

const NEVER_WORDS = `${DURATION_WORDS}, or 0s for never`;

const DurationOrNever = z
  .string(NEVER_WORDS)
  .meta({ pattern: '^([0-9]+(ms|s|m|h|d))+$' })
  .transform((text, context) => {
    const durationMs = parseDurationMs(text);
    if (durationMs !== null) return durationMs;
    context.addIssue({ code: 'custom', message: NEVER_WORDS });
    return z.NEVER;
  });

const Size = z
  .string(SIZE_WORDS)
  .meta({ pattern: '^[0-9]+([.][0-9]+)? ?([kKMGT]?i?B)$' })
  .transform((text, context) => {
    const bytes = parseSizeBytes(text);
    if (bytes !== null && bytes > 0) return bytes;
    context.addIssue({ code: 'custom', message: SIZE_WORDS });
    return z.NEVER;
  });

/** A worker takes about 80 MiB before it does anything. */
const SMALLEST_WORKER_BYTES = 128 * 2 ** 20;

const WorkerMemory = Size.refine((bytes) => bytes >= SMALLEST_WORKER_BYTES, {
  error: 'must be 128MiB or more: a worker needs about 80MiB before it does anything',
});

const Text = z.string().min(1);

const Names = z.array(Text).default([]);

export const DOCKER_SOCKET = '/run/docker.sock';

const ContainerSection = z.strictObject({
  socket: Text.optional().describe(`of the Docker daemon; default: ${DOCKER_SOCKET}`),
  host: Text.optional().describe('tcp://, https:// or ssh:// of a Docker daemon elsewhere'),
  certPath: Text.optional().describe('folder with ca.pem, cert.pem and key.pem for tcp:// and https://'),
  select: z.enum(['label', 'all']).default('label'),
  budget: z
    .strictObject({ restarts: z.int().min(1).max(1000).default(3), per: Duration.prefault('30m') })
    .prefault({}),
  dependsOn: z.record(Text, z.array(Text)).default({}),
  projects: Names.describe('compose projects whose containers are healed; data stores are only observed'),
  heal: Names.describe('containers or services that are healed, data stores too'),
  observe: Names.describe('containers or services of which is only said what would be done'),
  exclude: Names.describe('containers or services that are never touched, whatever else says so'),
  confirm: Duration.prefault('5s').describe('so long a container must stay unhealthy before it is restarted'),
  zombies: z
    .strictObject({ most: z.int().min(1), for: Duration.prefault('10m') })
    .optional()
    .describe('a container that is healed and holds more zombies for so long is restarted; default: never'),
});

const Containers = ContainerSection.superRefine(({ socket, host, certPath }, context) => {
  const issue = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  if (socket !== undefined && host !== undefined) issue('host', 'contradicts socket; keep one of the two');
  const wrong = host === undefined ? null : dockerHostProblem(host);
  if (wrong !== null) issue('host', wrong);
  if (certPath === undefined) return;
  if (host === undefined) issue('certPath', 'has a use only together with host');
  else if (host.startsWith('ssh:')) issue('certPath', 'has no use for ssh://, which has its own keys');
});

export const ConfigSchema = z.strictObject({
  host: z
    .string()
    .regex(NAME_PATTERN, 'must be a host name: letters, digits, dots and hyphens')
    .optional()
    .describe("this supervisor's name; default: the machine's"),
  workers: z
    .strictObject({
      count: z.int().min(1).max(64).default(4),
      spare: z
        .int()
        .min(0)
        .max(1)
        .default(1)
        .describe("a booted worker more (about 80 MB) that takes a dead one's place at once; 0: none"),
      slots: z.int().min(1).max(200).default(10),
      memoryLimit: WorkerMemory.prefault('512MiB'),
      maxJobs: z.int().min(1).optional().describe('a worker that has done so many jobs is replaced'),
      maxAge: Duration.optional().describe('a worker that has run for so long is replaced'),
      openFiles: z.int().min(256).max(1_048_576).default(4_096),
    })
    .prefault({}),
  redis: RedisSection.prefault({ mode: 'embedded' }),
  ssh: z
    .strictObject({
      identityFile: Text.optional().describe(
        'private key to log in with; default: id_ed25519 in the home folder',
      ),
      agent: Text.optional().describe(
        'socket of an ssh agent that is asked for keys; the identity file need not exist then; default: none is asked',
      ),
      connectTimeout: Duration.prefault('10s'),
      idleTimeout: Duration.prefault('60s'),
      totalTimeout: Duration.prefault('5m'),
      keep: DurationOrNever.prefault('30s').describe(
        'a connection stays open so long without work; 0s: never',
      ),
      kex: z
        .literal('curve25519-sha256')
        .optional()
        .describe('the only key exchange to offer: faster, but not safe from a later quantum computer'),
    })
    .prefault({}),
  containers: Containers.prefault({}),
  grants: GrantsSection.prefault({}),
  page: Page.prefault({}),
  metrics: z
    .strictObject({
      listen: Listen.optional().describe(
        'a port for /metrics alone, such as 127.0.0.1:9464; on other than loopback it wants a token; default: none',
      ),
    })
    .prefault({}),
  control: z
    .strictObject({
      group: z
        .string()
        .regex(GROUP_PATTERN, 'must be the name of a group of this machine')
        .default('garrison')
        .describe('its members may give every command, as root may'),
      others: z
        .enum(['none', 'read'])
        .default('none')
        .describe('what everybody else on the machine may by the control socket'),
    })
    .prefault({})
    .describe(
      'who may talk to the supervisor of the machine; one in another home folder obeys its owner and root',
    ),
  hooks: Hooks.prefault({}),
  notify: Notify.default([]),
  login: loginSchema(Duration.prefault('15m')).prefault({}),
  retention: z
    .strictObject({
      jobs: Duration.prefault('30d'),
      logs: Size.prefault('2GiB'),
      incidents: Duration.prefault('90d'),
    })
    .prefault({}),
});

export type ConfigValues = z.output<typeof ConfigSchema>;

/** Sections that are checked and shown but that nothing in this version acts on. */
export const UNUSED_KEYS: readonly string[] = [];

/** The JSON Schema of garrison.yaml, for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(ConfigSchema, { io: 'input', unrepresentable: 'any' });
}

function dockerHostProblem(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be a URL such as tcp://docker.example:2376 or ssh://ops@docker.example';
  }
  if (!['tcp:', 'https:', 'ssh:'].includes(url.protocol)) return 'must begin with tcp://, https:// or ssh://';
  if (url.password !== '') return 'holds a password; Docker is reached with keys or certificates only';
  if (url.hostname === '') return 'names no host';
  if (!['', '/'].includes(url.pathname) || url.search !== '') return 'must end after the host and its port';
  if (url.username !== '' && url.protocol !== 'ssh:') return 'has a user, which only ssh:// has a use for';
  return null;
}

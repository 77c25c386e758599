/**
 * Says which hosts there are (inventory.yaml) and checks the shape of grants.yaml.
 * It never connects to a host and never accepts one machine under two names.
 */
import { z } from 'zod';
import { parseConfigText, readConfigFile, type ConfigFile, type ConfigProblem } from './configFile.ts';
import { optionProblem, parseJump, type HostWay } from './hostWay.ts';
import { ADDRESS_PATTERN, NAME_PATTERN, USER_PATTERN } from './names.ts';

export interface InventoryHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** `type base64` lines accepted for this host without asking. */
  readonly hostKeys: readonly string[];
  readonly groups: readonly string[];
  readonly way?: HostWay;
}

const HOST_KEY_PATTERN =
  /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]{32,}={0,2}(?: .*)?$/;

const HostKey = z
  .string()
  .regex(
    HOST_KEY_PATTERN,
    'must be a public host key: "type base64", as ssh-keyscan prints it after the name',
  );
const HostName = z
  .string()
  .regex(NAME_PATTERN, 'must be a host name: letters, digits, dots, _ and hyphens, no longer than 63');
const GroupName = z
  .string()
  .regex(NAME_PATTERN, 'must be a group name: letters, digits, dots, _ and hyphens');
const UserName = z
  .string()
  .regex(USER_PATTERN, 'must be a POSIX user name: a-z, 0-9, _ and -, no longer than 32');

const Host = z.strictObject({
  address: z.string().regex(ADDRESS_PATTERN, 'must be an IP address or a DNS name'),
  port: z.int().min(1).max(65_535).default(22),
  user: UserName.default('root'),
  hostKey: z
    .union([HostKey, z.array(HostKey)], 'must be a public host key: "type base64", or a list of them')
    .optional(),
  groups: z.array(GroupName).default([]),
  jump: z
    .string()
    .refine(
      (text) => parseJump(text) !== null,
      'must be a host of this inventory: NAME, user@NAME or user@NAME:port',
    )
    .optional(),
  options: z
    .record(z.string(), z.string())
    .superRefine((options, context) => {
      for (const [name, value] of Object.entries(options)) {
        const message = optionProblem(name, value);
        if (message !== null) context.addIssue({ code: 'custom', path: [name], message });
      }
    })
    .optional(),
  sshConfig: z.boolean().optional(),
});

export const InventorySchema = z.strictObject({ hosts: z.record(HostName, Host).default({}) });

const Sudo = z.union(
  [z.enum(['none', 'all']), z.array(z.string().min(1))],
  'must be none, all or a list of commands',
);

export const GrantsSchema = z.strictObject({
  accounts: z
    .record(
      UserName,
      z.strictObject({
        keys: z.array(z.string().min(1)).min(1),
        shell: z.string().optional(),
        comment: z.string().optional(),
      }),
    )
    .default({}),
  grants: z
    .array(
      z.strictObject({
        accounts: z.array(UserName).min(1),
        hosts: z.array(HostName).optional(),
        groups: z.array(GroupName).optional(),
        sudo: Sudo.default('none'),
        memberOf: z.array(UserName).default([]),
        until: z
          .string()
          .refine(
            (text) => !Number.isNaN(endOf(text)),
            'must be a day such as 2027-01-31, or a moment such as 2027-01-31T18:00:00+08:00',
          )
          .optional(),
        by: z.string().optional(),
      }),
    )
    .default([]),
});

/** grants.yaml as it was read. */
export type GrantsRead = ConfigFile<z.output<typeof GrantsSchema>>;

/** The hosts of inventory.yaml, by name; a missing file means no host. */
export function readInventory(file: string): {
  hosts: readonly InventoryHost[];
  problems: readonly ConfigProblem[];
} {
  return hostsOf(file, readConfigFile(file, InventorySchema));
}

/** The same of a text that is not in the file yet. */
export function checkInventoryText(file: string, text: string): readonly ConfigProblem[] {
  return hostsOf(file, parseConfigText(file, text, InventorySchema)).problems;
}

function hostsOf(
  file: string,
  read: ConfigFile<z.output<typeof InventorySchema>>,
): ReturnType<typeof readInventory> {
  const entries = Object.entries(read.value?.hosts ?? {});
  const hosts = entries.map(([name, host]) => ({
    name,
    address: host.address,
    port: host.port,
    user: host.user,
    hostKeys: host.hostKey === undefined ? [] : [host.hostKey].flat(),
    groups: host.groups,
    ...wayOf(host, read.value?.hosts ?? {}),
  }));
  const problems = [...read.problems, ...sameMachine(file, hosts, read), ...jumpProblems(file, read)];
  return { hosts, problems };
}

/** grants.yaml by its shape; whether its names are known, grantsFile.ts says. */
export function checkGrants(file: string): readonly ConfigProblem[] {
  return readConfigFile(file, GrantsSchema).problems;
}

/** Milliseconds since 1970; a day ends with its last moment in UTC. NaN where it is neither a day nor a moment. */
export function endOf(until: string): number {
  if (/^\d{4}-\d{2}-\d{2}$/.test(until)) return Date.parse(`${until}T00:00:00Z`) + 86_400_000;
  const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;
  return moment.test(until) ? Date.parse(until) : NaN;
}

/** Two names for one login would let two jobs write to one machine at once. */
function sameMachine(
  file: string,
  hosts: readonly InventoryHost[],
  read: Pick<ConfigFile<unknown>, 'lineOf'>,
): readonly ConfigProblem[] {
  const seen = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const { name, address, port, user, way } of hosts) {
    const behind = way?.jump === undefined ? '' : ` behind ${way.jump.name}`;
    const machine = `${user}@${address.toLowerCase()}:${String(port)}${behind}`;
    const first = seen.get(machine);
    if (first === undefined) {
      seen.set(machine, name);
      continue;
    }
    const line = read.lineOf(['hosts', name]);
    const what = `the same host as ${first} on line ${String(read.lineOf(['hosts', first]))}: both are ${machine}`;
    problems.push({ file, line, key: `hosts.${name}`, what, cure: 'keep one of the two' });
  }
  return problems;
}

type HostValues = z.output<typeof Host>;

function wayOf(
  { jump, options, sshConfig }: HostValues,
  hosts: Readonly<Record<string, HostValues>>,
): { way?: HostWay } {
  const asked = jump === undefined ? null : parseJump(jump);
  const over = asked === null ? undefined : hosts[asked.name];
  const way: HostWay = {
    ...(asked === null || over === undefined
      ? {}
      : {
          jump: {
            name: asked.name,
            address: over.address,
            port: asked.port ?? over.port,
            user: asked.user ?? over.user,
          },
        }),
    ...(options === undefined ? {} : { options }),
    ...(sshConfig === true ? { sshConfig } : {}),
  };
  return Object.keys(way).length === 0 ? {} : { way };
}

/** The key of a host that one goes over must be known like any other's, so that it is one of the inventory; and one jump is all there is. */
function jumpProblems(
  file: string,
  read: Pick<ConfigFile<z.output<typeof InventorySchema>>, 'lineOf' | 'value'>,
): readonly ConfigProblem[] {
  const hosts = read.value?.hosts ?? {};
  return Object.entries(hosts).flatMap(([name, { jump, sshConfig }]) => {
    const asked = jump === undefined ? null : parseJump(jump);
    if (asked === null) return [];
    const wrong =
      jumpProblem(name, asked.name, hosts) ??
      (sshConfig === true
        ? 'contradicts sshConfig: true, which may name a way of its own; keep one of the two'
        : null);
    if (wrong === null) return [];
    const line = read.lineOf(['hosts', name, 'jump']);
    return [{ file, line, key: `hosts.${name}.jump`, what: wrong, cure: null }];
  });
}

function jumpProblem(name: string, over: string, hosts: Readonly<Record<string, HostValues>>): string | null {
  if (over === name) return 'names the host itself';
  const gateway = hosts[over];
  if (gateway === undefined)
    return `names ${over}, which is no host of this file; add it, so that its key can be known`;
  if (gateway.jump !== undefined || gateway.options !== undefined || gateway.sshConfig === true)
    return `names ${over}, which itself has jump, options or sshConfig; a host to go over is reached plainly`;
  return null;
}

/**
 * Gives a test hosts of its own, that outlive a garrison and stand in its inventory.yaml like anybody's hosts.
 * It knows nothing of a running garrison: it gives texts for the files of its home.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { startPracticeHosts, type PracticeHost } from '../../src/driver/practice.ts';
import { Garrison, type GarrisonOptions } from './garrison.ts';
import { makeKeyPair, runOnHost, type KeyPair, type Said } from './onHost.ts';
import { tempHome } from './tempHome.ts';
import { until } from './until.ts';

export interface OwnHost extends PracticeHost {
  /** Runs a script as root on the host; throws when it fails. */
  tell(script: string): Promise<string>;
  /** Runs a script through ssh, by default as root with the key Garrison uses. */
  login(script: string, as?: { readonly user?: string; readonly identityFile?: string }): Promise<Said>;
  /** Every useradd of the host now waits, before it has changed anything, until `openGate`. */
  closeGate(): void;
  openGate(): void;
  /** Resolves when the remote script for this account waits at the gate. */
  atGate(account: string): Promise<void>;
  read(path: string): string;
  /** Everything that makes accounts, byte for byte: names, modes, owners and contents. */
  accountFiles(): ReadonlyMap<string, string>;
  /** The lines of the host's own journal for a push or job. */
  effectsOf(id: string): readonly string[];
}

export interface OwnHosts {
  readonly hosts: readonly OwnHost[];
  readonly login: KeyPair;
  /** For garrison.yaml: the key these hosts let in. */
  readonly identityFile: string;
  /** For inventory.yaml: `web-1`, `web-2`… with their keys. */
  readonly inventory: string;
}

interface Context {
  after(end: () => Promise<void> | void): void;
}

export async function startOwnHosts(parts: Context, count: number): Promise<OwnHosts> {
  const folder = tempHome(parts);
  const login = makeKeyPair(folder, 'login');
  const started = await startPracticeHosts({
    count,
    homeDir: folder,
    authorizedKeys: [login.publicKey],
  });
  parts.after(async () => {
    await Promise.all(started.map((host) => host.end()));
  });
  const hosts = started.map((host, index) => ownHost({ ...host, name: `web-${String(index + 1)}` }, login));
  const entries = hosts.map((host) => `  ${inventoryEntry(host.name, host)}\n`);
  return {
    hosts,
    login,
    identityFile: login.identityFile,
    inventory: `hosts:\n${entries.join('')}`,
  };
}

export interface StartOptions extends Omit<GarrisonOptions, 'inventory'> {
  /** More of `ssh:`, besides the key. */
  readonly ssh?: string;
  /** More lines of inventory.yaml. */
  readonly hosts?: string;
}

/** A garrison with these hosts in its inventory and a key they let in. */
export function startOn(own: OwnHosts, parts: Context, options: StartOptions = {}): Promise<Garrison> {
  const { ssh, config = '', hosts = '', ...more } = options;
  const sshConfig = `ssh: { identityFile: ${own.identityFile}${ssh === undefined ? '' : `, ${ssh}`} }\n`;
  return Garrison.start(parts, {
    ...more,
    inventory: own.inventory + hosts,
    config: `${sshConfig}${config}\n`,
  });
}

/** One line of inventory.yaml. */
export function inventoryEntry(
  name: string,
  host: { address: string; port: number; user?: string; hostKey?: string },
): string {
  const { address, port, user, hostKey } = host;
  const more = [
    user === undefined ? '' : `, user: ${user}`,
    hostKey === undefined ? '' : `, hostKey: "${hostKey}"`,
  ].join('');
  return `${name}: { address: ${address}, port: ${String(port)}${more} }`;
}

/** Debian's useradd runs this before it makes an account; it holds the remote script in the middle of its work. */
const GATE = `#!/bin/sh
while [ -e /run/gate ]; do : >"/run/at-gate.$SUBJECT"; sleep 0.05; done
rm -f "/run/at-gate.$SUBJECT"
`;

/** The same gate on any host that can be told a script; `rm /run/gate` opens it. */
export async function closeGateOn(tell: (script: string) => Promise<string>): Promise<void> {
  const folder = '/etc/shadow-maint/useradd-pre.d';
  await tell(
    `mkdir -p ${folder}\ncat >${folder}/gate <<'EOF'\n${GATE}EOF\nchmod 755 ${folder}/gate\n: >/run/gate`,
  );
}

function ownHost(host: PracticeHost, key: KeyPair): OwnHost {
  const at = (path: string): string => `${host.filesAt}${path}`;
  const login: OwnHost['login'] = (script, as = {}) =>
    runOnHost(host, script, {
      identityFile: as.identityFile ?? key.identityFile,
      ...(as.user === undefined ? {} : { user: as.user }),
    });
  return {
    ...host,
    login,
    tell: async (script) => {
      const said = await login(script);
      if (said.exitCode !== 0) throw new Error(`${host.name}: ${script}: ${said.stderr}`);
      return said.stdout.trim();
    },
    closeGate: () => {
      const folder = at('/etc/shadow-maint/useradd-pre.d');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'gate'), GATE);
      chmodSync(join(folder, 'gate'), 0o755);
      writeFileSync(at('/run/gate'), '');
    },
    openGate: () => {
      rmSync(at('/run/gate'), { force: true });
    },
    atGate: async (account) => {
      await until(
        `the script for ${account} is at the gate of ${host.name}`,
        () => existsSync(at(`/run/at-gate.${account}`)),
        {
          deadlineMs: 20_000,
        },
      );
    },
    read: (path) => readFileSync(at(path), 'utf8'),
    accountFiles: () => {
      const seen = new Map<string, string>();
      for (const path of ACCOUNT_PATHS) take(host.filesAt, path, seen);
      return seen;
    },
    effectsOf: (id) => {
      const file = at('/var/lib/garrison/journal');
      if (!existsSync(file)) return [];
      return readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.split(' ').includes(id));
    },
  };
}

const ACCOUNT_PATHS = [
  '/etc/passwd',
  '/etc/shadow',
  '/etc/group',
  '/etc/gshadow',
  '/etc/subuid',
  '/etc/subgid',
  '/etc/sudoers',
  '/etc/sudoers.d',
  '/home',
];

function take(root: string, path: string, seen: Map<string, string>): void {
  const stat = lstatSync(`${root}${path}`);
  const head = [stat.mode.toString(8), stat.uid, stat.gid].join(' ');
  const body = stat.isFile()
    ? readFileSync(`${root}${path}`, 'latin1')
    : stat.isSymbolicLink()
      ? readlinkSync(`${root}${path}`)
      : '';
  seen.set(path, `${head}\n${body}`);
  if (stat.isDirectory())
    for (const name of readdirSync(`${root}${path}`).sort()) take(root, join(path, name), seen);
}

/** The SHA256 fingerprint of a `type base64` key, as ssh-keygen tells it. */
export function fingerprintOf(keyLine: string): string {
  return (
    execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: `${keyLine}\n`, encoding: 'utf8' }).split(
      ' ',
    )[1] ?? ''
  );
}

/**
 * The other peer of the push benchmark: Debian's ansible-core as a careful operator tunes it (20 forks, pipelining, no facts gathered).
 * It makes the account with its user module and adds the key in one task more, as its authorized_key module does in a collection of its own.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostView } from '../src/supervisor/door.ts';
import type { Garrison } from '../test/support/garrison.ts';
import { SETTLE_MS } from './ourPushes.ts';
import { PARALLEL } from './plainSsh.ts';
import { costOf, reapedCpuMs, sumOf } from './processes.ts';
import type { AccountBefore, Round } from './pushRound.ts';

const RECAP = /ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)/g;

/** Idempotent as the module is: a key that is there is no change. */
const ADD_KEY =
  'k=/home/{{ account }}/.ssh; grep -qxF "{{ key }}" "$k/authorized_keys" 2>/dev/null && exit 0; ' +
  'install -d -m 700 -o "{{ account }}" -g "{{ account }}" "$k" && echo "{{ key }}" >>"$k/authorized_keys" && ' +
  'chown "{{ account }}:" "$k/authorized_keys" && chmod 600 "$k/authorized_keys" && echo added';

export class Ansible {
  readonly #garrison: Garrison;
  readonly #hosts: number;
  readonly #folder: string;

  private constructor(garrison: Garrison, hosts: number, folder: string) {
    this.#garrison = garrison;
    this.#hosts = hosts;
    this.#folder = folder;
  }

  static async of(garrison: Garrison): Promise<Ansible> {
    const { hosts } = await garrison.snapshot();
    // Short, since the sockets of its connections lie in it.
    const folder = mkdtempSync(join(tmpdir(), 'garrison-bench-'));
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('ansible.cfg'), configuration(folder, garrison.home));
    writeFileSync(at('inventory.yaml'), JSON.stringify(inventory(hosts, garrison.home)));
    writeFileSync(at('push.yaml'), JSON.stringify(playbook()));
    return new Ansible(garrison, hosts.length, folder);
  }

  /** A side of the benchmark. The connections it makes stay open for the next one. */
  async push(account: string, before: AccountBefore): Promise<Round> {
    const hostsBefore = this.#hostsCpuMs();
    const cpuBefore = reapedCpuMs();
    const startedMs = performance.now();
    const key = this.#garrison.keys.publicKey.trim().split(' ').slice(0, 2).join(' ');
    const output = await this.#run(JSON.stringify({ account, key }));
    const wallMs = performance.now() - startedMs;
    const recap = [...output.matchAll(RECAP)].map((found) => found.slice(1).map(Number));
    const changes = before === 'absent' ? 2 : 0;
    const good = recap.filter(
      ([ok, changed, ...bad]) => ok === 2 && changed === changes && bad.every((n) => n === 0),
    );
    if (good.length !== this.#hosts) throw new Error(`ansible: ${output.slice(-2_000)}`);
    await sleep(SETTLE_MS);
    return { wallMs, cpuMs: reapedCpuMs() - cpuBefore, hostCpuMs: this.#hostsCpuMs() - hostsBefore };
  }

  /** Ends the connections that ansible's ssh has left open, and removes the folder. */
  async end(): Promise<void> {
    await this.closeConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async closeConnections(): Promise<void> {
    const sockets = join(this.#folder, 'cp');
    const names = listed(sockets);
    await Promise.all(
      names.map(async (name) =>
        runToEnd('ssh', ['-o', `ControlPath=${join(sockets, name)}`, '-O', 'exit', 'it']),
      ),
    );
  }

  #hostsCpuMs(): number {
    return sumOf(costOf(this.#garrison.pid).hosts, 'treeCpuMs');
  }

  async #run(variables: string): Promise<string> {
    const args = [
      '-i',
      join(this.#folder, 'inventory.yaml'),
      '-e',
      variables,
      join(this.#folder, 'push.yaml'),
    ];
    return runToEnd('ansible-playbook', args, { cwd: this.#folder, home: this.#folder });
  }
}

function configuration(folder: string, home: string): string {
  const known = ['known_hosts', 'known_hosts.inventory'].map((name) => join(home, name)).join(' ');
  return [
    '[defaults]',
    `forks = ${String(PARALLEL)}`,
    'gathering = explicit',
    'host_key_checking = True',
    `local_tmp = ${join(folder, 'tmp')}`,
    'nocows = True',
    '[ssh_connection]',
    'pipelining = True',
    `control_path_dir = ${join(folder, 'cp')}`,
    `ssh_args = -F none -o ControlMaster=auto -o ControlPersist=300s -o UserKnownHostsFile="${known}"`,
    '',
  ].join('\n');
}

function inventory(hosts: readonly HostView[], home: string): object {
  const entries = hosts.map(({ name, address, port, user }): [string, object] => [
    name,
    {
      ansible_host: address,
      ansible_port: port,
      ansible_user: user,
      ansible_ssh_private_key_file: join(home, 'id_ed25519'),
      ansible_python_interpreter: '/usr/bin/python3',
      ansible_ssh_extra_args: `-o HostKeyAlias=${name}`,
    },
  ]);
  return { all: { hosts: Object.fromEntries(entries) } };
}

function playbook(): object {
  const tasks = [
    { name: 'account', user: { name: '{{ account }}', create_home: true } },
    { name: 'key', shell: ADD_KEY, register: 'said', changed_when: "said.stdout == 'added'" },
  ];
  return [{ hosts: 'all', gather_facts: false, tasks }];
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function runToEnd(
  program: string,
  args: readonly string[],
  place?: { readonly cwd: string; readonly home: string },
): Promise<string> {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C.UTF-8',
    HOME: place?.home ?? '/nonexistent',
  };
  const child = spawn(program, args, { cwd: place?.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return output;
}

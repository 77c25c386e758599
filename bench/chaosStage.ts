/**
 * The stage of a run of chaos: practice hosts behind links that can be hurt, accounts and processes of others, and one garrison that may die and be started again.
 * All of it is its own: it ends what it started, by pid and start time, and nothing else.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../src/errors.ts';
import { isAlive } from '../src/proc.ts';
import { Garrison } from '../test/support/garrison.ts';
import { inventoryEntry, startOwnHosts, type OwnHost, type OwnHosts } from '../test/support/ownHosts.ts';
import { makeTempHome } from '../test/support/tempHome.ts';
import { until } from '../test/support/until.ts';
import { ChaosLink } from './chaosLink.ts';
import { identify, signalIfSame, type Process } from './chaosProcesses.ts';
import { FOREIGNERS, HOSTS, WORKERS } from './chaosSchedule.ts';
import { Endings } from './endings.ts';
import { familiesOf } from './processes.ts';

const LOGIN_FIXTURE = new URL('../test/fixtures/loginUnderWorker.js', import.meta.url).pathname;
/** Nobody else on the machine sleeps for exactly so long. */
const BYSTANDER_SECONDS = '36012';

export interface Bystander extends Process {
  readonly what: string;
}

export interface ChaosHost extends OwnHost {
  readonly link: ChaosLink;
  /** Of its first process, as this machine knows it: its sshd. */
  readonly sshd: Process;
}

export class ChaosStage {
  readonly home: string;
  readonly hosts: readonly ChaosHost[];
  /** Processes of others, which must outlive everything. */
  readonly bystanders: Bystander[];
  /** Null while it is down on purpose. */
  garrison: Garrison | null = null;
  /** Of the public key that people push. */
  publicKey = '';
  /** Since when nothing was done to the supervisor itself (`performance.now()`). */
  undisturbedSinceMs = Infinity;
  readonly #own: OwnHosts;
  readonly #keepsConnections: boolean;
  readonly #endings: Endings;
  #ending: Promise<void> | null = null;

  private constructor(
    parts: { home: string; hosts: readonly ChaosHost[]; own: OwnHosts; endings: Endings },
    options: { bystanders: Bystander[]; keepsConnections: boolean },
  ) {
    this.home = parts.home;
    this.hosts = parts.hosts;
    this.#own = parts.own;
    this.#endings = parts.endings;
    this.bystanders = options.bystanders;
    this.#keepsConnections = options.keepsConnections;
  }

  static async start(keepsConnections: boolean): Promise<ChaosStage> {
    const endings = new Endings();
    try {
      const temporary = makeTempHome();
      endings.after(() => temporary.remove());
      mkdirSync(join(temporary.path, 'tmp'), { mode: 0o700 });
      symlinkSync('/bin/sleep', join(temporary.path, 'sshd'));
      const own = await startOwnHosts(endings, HOSTS);
      const hosts = await Promise.all(own.hosts.map((host) => chaosHost(host, endings)));
      const bystanders = [bystanderHere(endings), ...hosts.map(foreignProcess)];
      const parts = { home: temporary.path, hosts, own, endings };
      const stage = new ChaosStage(parts, { bystanders, keepsConnections });
      await stage.raise();
      return stage;
    } catch (error) {
      await endings.end();
      throw error;
    }
  }

  /** The file that has a worker start a process called sshd. */
  get loginTrigger(): string {
    return join(this.home, 'login');
  }

  /** Starts the garrison, the first time or again; throws when it does not come back. */
  async raise(): Promise<void> {
    const options = {
      home: this.home,
      inventory: this.#inventory(),
      config: this.#config(),
      env: {
        TMPDIR: join(this.home, 'tmp'),
        NODE_OPTIONS: `--import=${LOGIN_FIXTURE}`,
        GARRISON_TEST_LOGIN: this.loginTrigger,
      },
      until: 'answers',
    } as const;
    const garrison = await Garrison.start(this.#endings, options);
    this.garrison = garrison;
    this.publicKey = garrison.keys.publicKey;
    this.undisturbedSinceMs = performance.now();
  }

  /** Kills the supervisor and starts it again after `work`; what was in its hands dies with it. */
  async fell(downMs: number, work: () => void = () => undefined): Promise<void> {
    const { garrison } = this;
    if (garrison === null) return;
    this.garrison = null;
    this.undisturbedSinceMs = Infinity;
    garrison.process.kill('SIGKILL');
    await garrison.exited;
    work();
    await new Promise((resolve) => setTimeout(resolve, downMs));
    await this.raise();
  }

  /** Processes called sshd that workers started so far become bystanders. */
  noteLogins(): void {
    for (const pid of pidsIn(`${this.loginTrigger}.pids`)) {
      const seen = identify(pid);
      if (seen === null || this.bystanders.some((known) => known.pid === pid)) continue;
      this.bystanders.push({ ...seen, what: 'an SSH server that a worker started' });
    }
  }

  /** In order; bystanders last. Whoever asks again waits for the same end. */
  end(): Promise<void> {
    return (this.#ending ??= this.#endAll());
  }

  async #endAll(): Promise<void> {
    await this.garrison?.end();
    this.noteLogins();
    for (const bystander of this.bystanders) signalIfSame(bystander, 'SIGKILL');
    await until('bystanders have ended', () => !this.bystanders.some(isAlive));
    await this.#endings.end();
  }

  #config(): string {
    const keep = this.#keepsConnections ? '20s' : '0s';
    return [
      `workers: { count: ${WORKERS}, slots: 4 }`,
      `ssh: { identityFile: ${this.#own.identityFile}, connectTimeout: 4s, idleTimeout: 8s, totalTimeout: 20s, keep: ${keep} }`,
      '',
    ].join('\n');
  }

  #inventory(): string {
    const entries = this.hosts.map((host) => {
      const { hostKey, name, address, link } = host;
      return `  ${inventoryEntry(name, { address, port: link.port, user: 'root', hostKey })}\n`;
    });
    return `hosts:\n${entries.join('')}`;
  }
}

async function chaosHost(host: OwnHost, endings: Endings): Promise<ChaosHost> {
  const link = await ChaosLink.to(host.port);
  endings.after(() => link.end());
  const init = Number(/^\/proc\/(\d+)\//.exec(host.filesAt)?.[1]);
  const sshd = identify(init);
  if (sshd === null) throw new Error(`${host.name} has no first process (${host.filesAt})`);
  await host.tell(FOREIGN_SCRIPT);
  return { ...host, link, sshd };
}

/** Accounts that somebody else made: with keys, a password, files of their own and a sudo rule, and one process. */
const FOREIGN_SCRIPT = `set -e
for n in ${Array.from({ length: FOREIGNERS }, (_, index) => String(index)).join(' ')}; do
  useradd -m -c 'of somebody else' -p '$6$foreign$x' "foreign$n"
  mkdir -m 700 "/home/foreign$n/.ssh"
  echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIForeignForeignForeignForeignForeignForeig foreign$n" >"/home/foreign$n/.ssh/authorized_keys"
  echo "letters of foreign$n" >"/home/foreign$n/letters"
  chown -R "foreign$n:" "/home/foreign$n"
done
echo 'foreign0 ALL=(ALL) ALL' >/etc/sudoers.d/foreign0
chmod 440 /etc/sudoers.d/foreign0
setsid setpriv --reuid foreign1 --regid foreign1 --init-groups sleep ${BYSTANDER_SECONDS} >/dev/null 2>&1 </dev/null &
`;

function foreignProcess(host: ChaosHost): Bystander {
  const pid = familiesOf([host.sshd.pid], []).find(
    (one) => commandLineOf(one) === `sleep ${BYSTANDER_SECONDS}`,
  );
  const seen = pid === undefined ? null : identify(pid);
  if (seen === null) throw new Error(`the process of foreign1 on ${host.name} was not found`);
  return { ...seen, what: `a process of foreign1 on ${host.name}` };
}

function bystanderHere(endings: Endings): Bystander {
  const child = spawn('sleep', [BYSTANDER_SECONDS], { stdio: 'ignore', detached: true });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  endings.after(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const seen = identify(child.pid ?? 0);
  if (seen === null) throw new Error('the bystander did not start');
  return { ...seen, what: 'a process of somebody on this machine' };
}

function pidsIn(file: string): readonly number[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
      .replaceAll('\0', ' ')
      .trim();
  } catch (error) {
    return messageOf(error);
  }
}

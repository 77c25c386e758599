/**
 * A machine of its own with a real systemd as its first process, on this machine's programs and network.
 * Its /tmp, /run, /dev, /etc and /var are its own, so that nothing it does there is seen outside; it is ended by its pid.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCgroup, whyNoCgroup } from './cgroup.ts';
import type { Said } from './onHost.ts';
import { until } from './until.ts';

const SYSTEMD = '/lib/systemd/systemd';
const BOOT = new URL('systemd.sh', import.meta.url).pathname;
const CHECKOUT = new URL('../..', import.meta.url).pathname;
const GARRISON = join(CHECKOUT, 'bin/garrison');
/** All but --kill-child, which needs its value. */
const OF_ITS_OWN = ['--mount', '--pid', '--cgroup', '--uts', '--ipc', '--fork', '--mount-proc'];
const LONGEST_COMMAND_MS = 120_000;

interface Context {
  after(end: () => Promise<void> | void): void;
}

/** False where one can be had; else why not. */
export function whyNoSystemd(): string | false {
  if (!existsSync(SYSTEMD)) return `there is no ${SYSTEMD}`;
  if (CHECKOUT.startsWith('/tmp/')) return 'it has a /tmp of its own, which hides this checkout';
  return whyNoCgroup();
}

export class Machine {
  /** As this machine knows its first process. */
  readonly pid: number;

  private constructor(pid: number) {
    this.pid = pid;
  }

  static async start(context: Context): Promise<Machine> {
    const { folder } = makeCgroup(context);
    const script = 'echo $$ >"$0/cgroup.procs"; exec unshare "$@"';
    const args = [...OF_ITS_OWN, '--kill-child=KILL', 'sh', BOOT];
    const above = spawn('sh', ['-c', script, folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    for (const stream of [above.stdout, above.stderr])
      stream.on('data', (data: Buffer) => said.push(data.toString()));
    const isOver = new Promise<void>((resolve) => above.once('close', () => resolve()));
    context.after(async () => {
      above.kill('SIGKILL');
      await isOver;
    });
    const pid = await until('the first process', () => childOf(above.pid ?? 0));
    context.after(async () => {
      above.kill('SIGKILL');
      await until('the machine is gone', () => !existsSync(`/proc/${String(pid)}`));
    });
    const machine = new Machine(pid);
    const isUp = async (): Promise<boolean> => {
      if (above.exitCode !== null) throw new Error(`it did not start: ${said.join('')}`);
      return (await machine.run('systemctl', 'is-active', 'booted.target')).exitCode === 0;
    };
    await until('systemd is up', isUp, { deadlineMs: 30_000, everyMs: 50 });
    return machine;
  }

  /** Where this machine sees that one's file. */
  at(path: string): string {
    return `/proc/${String(this.pid)}/root${path}`;
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** Runs a command there, as root, outside all units. */
  run(...command: readonly string[]): Promise<Said> {
    const enter = ['-t', String(this.pid), '-m', '-p', '-u', '-i', '-C', '--', ...command];
    return new Promise((resolve) => {
      execFile('nsenter', enter, { timeout: LONGEST_COMMAND_MS, cwd: '/' }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ exitCode, stdout, stderr });
      });
    });
  }

  /** Runs a script there and gives what it says; throws when it fails. */
  async tell(script: string): Promise<string> {
    const said = await this.run('sh', '-c', script);
    if (said.exitCode !== 0) throw new Error(`${script}: ${said.stdout}${said.stderr}`);
    return said.stdout.trim();
  }

  /** With the commands and units of this checkout; the page on a port of the system's choice, since the network is shared. */
  static async installed(context: Context, config = 'workers: { count: 2 }'): Promise<Machine> {
    const machine = await Machine.start(context);
    const { exitCode, stderr } = await machine.garrison('install');
    if (exitCode !== 0) throw new Error(stderr);
    await machine.write('/var/lib/garrison/garrison.yaml', `page: { listen: "127.0.0.1:0" }\n${config}\n`);
    return machine;
  }

  /** For root alone. */
  async write(path: string, text: string): Promise<void> {
    const coded = Buffer.from(text).toString('base64');
    await this.tell(`umask 077; echo ${coded} | base64 -d >${path}`);
  }

  garrison(...args: readonly string[]): Promise<Said> {
    return this.run(process.execPath, GARRISON, ...args);
  }

  async property(unit: string, name: string): Promise<string> {
    return this.tell(`systemctl show ${unit} --property ${name} --value`);
  }

  /** 0 while there is none. */
  async mainPid(unit: string): Promise<number> {
    return Number(await this.property(unit, 'MainPID'));
  }

  /** Settings of a unit besides its own, as `systemctl edit` makes them. */
  async override(unit: string, text: string): Promise<void> {
    const folder = `/run/systemd/system/${unit}.d`;
    await this.tell(
      `mkdir -p ${folder} && printf '%s' '${text}' >${folder}/test.conf && systemctl daemon-reload`,
    );
  }

  /** Resolves when another process than `pid` is the unit's first. */
  async newMainPid(unit: string, pid: number, deadlineMs = 10_000): Promise<number> {
    const look = async (): Promise<number | false> => {
      const now = await this.mainPid(unit);
      return now !== 0 && now !== pid && now;
    };
    return until(`${unit} is restarted`, look, { deadlineMs, everyMs: 10 });
  }

  async isReady(unit: string, deadlineMs = 60_000): Promise<void> {
    const look = async (): Promise<boolean> => (await this.property(unit, 'SubState')) === 'running';
    await until(`${unit} is ready`, look, { deadlineMs, everyMs: 50 });
  }

  journal(unit: string): Promise<string> {
    return this.tell(`journalctl --unit ${unit} --no-pager --output cat`);
  }
}

function childOf(pid: number): number | false {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim();
  return children === '' ? false : Number(children);
}

/**
 * Does one fault at one step after another of a push or revoke on real practice hosts, and says of each what is not as it must be:
 * the answer is the truth or `unknown`, the next attempt ends in exactly what was wished, with one line of effect, and nobody else's account has changed.
 */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import type { CutScene, TwoKeys } from './cutScenes.ts';
import { startCutLine, type CutLine, type LineCut } from './cutLine.ts';
import {
  inside,
  makeKey,
  read,
  run,
  sshChildren,
  startHostLab,
  until,
  wish,
  type HostLab,
} from './hostLab.ts';
import { armFault, endFault, isHeld, letGo, prepareFaults, type StepFault } from './stepFaults.ts';

export interface CutLab {
  readonly lab: HostLab;
  readonly keys: TwoKeys;
}

export interface SweepRange {
  readonly from: number;
  readonly every: number;
}

/** How a fault is done for one run, and how the host is whole again afterwards; the last step it saw, for people. */
interface FaultHands {
  during(task: PushTask, act: (task: PushTask) => Promise<HostResult>): Promise<HostResult>;
  end(): string;
}

export async function startCutLab(hosts: number): Promise<CutLab> {
  const lab = await startHostLab(hosts);
  for (const host of lab.hosts) {
    prepareFaults(host);
    inside(host, 'useradd -m -G games,audio -s /bin/bash bo; echo mine >/home/bo/file');
    inside(host, "echo 'bo ALL=(ALL) ALL' >/etc/sudoers.d/bo; chmod 440 /etc/sudoers.d/bo");
  }
  const two = readFileSync(`${makeKey(lab.homeDir, 'two')}.pub`, 'utf8').trim();
  return { lab, keys: { one: lab.userKey, two } };
}

interface Swept {
  /** What was not as it must be, a line each. */
  readonly problems: string[];
  readonly cuts: number;
}

export async function sweep(
  cut: CutLab,
  scene: CutScene,
  { fault, from, every }: SweepRange & { fault: StepFault },
): Promise<Swept & { readonly steps: number }> {
  const wanted = await undisturbed(cut, scene);
  const steps = stepsOf(wanted, { from, every });
  const swept = await sweepAll({ cut, scene, wanted }, steps, (host, step) => stepHands(host, fault, step));
  return { ...swept, steps: wanted.steps };
}

/** The ssh client is killed while the script is held before a step; then it goes on, and nobody hears it. */
export async function sweepSsh(cut: CutLab, scene: CutScene, range: SweepRange): Promise<Swept> {
  const wanted = await undisturbed(cut, scene);
  return sweepAll({ cut, scene, wanted }, stepsOf(wanted, range), (host, step) => ({
    during: async (task, act) => {
      armFault(host, 'held', step);
      const running = act(task);
      await until('the script is held', () => isHeld(host));
      for (const pid of sshChildren().filter((each) => leadsTo(each, host)))
        process.kill(Number(pid), 'SIGKILL');
      const result = await running;
      letGo(host);
      return result;
    },
    end: () => `ssh killed at step ${String(step)} ${endFault(host).at(-1) ?? ''}`,
  }));
}

/** The line is cut after each of so many parts of what goes over it, either way. */
export async function sweepLine(
  cut: CutLab,
  scene: CutScene,
  { then, parts }: { then: LineCut['then']; parts: number },
): Promise<Swept> {
  const whole = { out: 0, back: 0 };
  const wanted = await undisturbed(cut, scene, async (host, task) => {
    const line = await startCutLine(host.port, { way: 'out', afterBytes: Infinity, then });
    const result = await run(through(line, task));
    for (const way of ['out', 'back'] as const) whole[way] = line.carried(way);
    await line.end();
    return result;
  });
  const lengths = Array.from({ length: parts }, (_, index) => (index + 0.5) / parts);
  const cuts = (['out', 'back'] as const).flatMap((way) =>
    lengths.map((part): LineCut => ({ way, afterBytes: Math.round(whole[way] * part), then })),
  );
  return sweepAll({ cut, scene, wanted }, cuts, (host, at) => ({
    during: async (task, act) => {
      const line = await startCutLine(host.port, at);
      const ssh =
        at.then === 'silent' ? { ...task.ssh, connectTimeoutMs: 4000, idleTimeoutMs: 4000 } : task.ssh;
      const result = await act(through(line, { ...task, ssh }));
      await line.end();
      return result;
    },
    end: () => `${at.then} after ${String(at.afterBytes)} bytes ${at.way}`,
  }));
}

function through(line: CutLine, task: PushTask): PushTask {
  return { ...task, host: { ...task.host, port: line.port } };
}

function stepsOf({ steps }: Wanted, { from, every }: SweepRange): number[] {
  return Array.from({ length: steps }, (_, index) => index + 1).filter(
    (step) => step % every === from % every,
  );
}

interface Sweeping {
  readonly cut: CutLab;
  readonly scene: CutScene;
  readonly wanted: Wanted;
}

async function sweepAll<At>(
  sweeping: Sweeping,
  cuts: readonly At[],
  hands: (host: PracticeHost, at: At) => FaultHands,
): Promise<Swept> {
  const todo = [...cuts];
  const problems: string[] = [];
  await Promise.all(
    sweeping.cut.lab.hosts.map(async (host) => {
      for (let at = todo.shift(); at !== undefined; at = todo.shift())
        problems.push(...(await judge({ ...sweeping, host }, hands(host, at))));
    }),
  );
  return { problems, cuts: cuts.length };
}

function stepHands(host: PracticeHost, fault: StepFault, step: number): FaultHands {
  return {
    during: (task, act) => {
      armFault(host, fault, step);
      return act(task);
    },
    end: () => `${fault} at step ${String(step)} ${endFault(host).at(-1) ?? ''}`,
  };
}

/** What it all comes to when nothing happens. */
interface Wanted {
  readonly told: string;
  readonly state: string;
  readonly steps: number;
}

async function undisturbed(
  cut: CutLab,
  scene: CutScene,
  act: (host: PracticeHost, task: PushTask) => Promise<HostResult> = (_host, task) => run(task),
): Promise<Wanted> {
  const host = cut.lab.hosts[0]!;
  const { task, name } = await setScene(cut, scene, host);
  armFault(host, 'none', 0);
  const result = await act(host, task);
  const steps = endFault(host).length;
  const state = stateOf(host, name);
  clear(host, name);
  if (result.outcome !== 'changed') throw new Error(`${scene.what}: ${result.detail}`);
  return { told: tellOf(result), state, steps };
}

let names = 0;

async function setScene(
  { lab, keys }: CutLab,
  { kind, make, first, isRevoked, wish: wished }: CutScene,
  host: PracticeHost,
): Promise<{ task: PushTask; name: string }> {
  names += 1;
  const name = `cut${String(names)}`;
  if (make !== undefined) inside(host, `n=${name}; ${make}`);
  const order = async (of: 'push' | 'revoke', more: object): Promise<void> => {
    const result = await run(lab.task(host, { kind: of, account: wish({ name, ...more }) }));
    if (result.outcome !== 'changed') throw new Error(`before the fault: ${result.detail}`);
  };
  if (first !== undefined) await order('push', first(keys));
  if (isRevoked === true) await order('revoke', {});
  return { task: lab.task(host, { kind, account: wish({ name, ...wished(keys) }) }), name };
}

async function judge(
  { cut, scene, host, wanted }: Sweeping & { readonly host: PracticeHost },
  hands: FaultHands,
): Promise<string[]> {
  const { task, name } = await setScene(cut, scene, host);
  const [before, others] = [stateOf(host, name), othersOf(host, name)];
  const first = await hands.during(task, (each) => run(each));
  const between = stateOf(host, name);
  const at = hands.end();
  const problems: string[] = [];
  const hold = (holds: boolean, what: string): void => {
    if (!holds) problems.push(`${host.name} ${name}, ${scene.what}, ${at}: ${what}`);
  };
  if (first.outcome === 'changed')
    hold(between === wanted.state, `told ${tellOf(first)} of\n${between}\nnot\n${wanted.state}`);
  if (first.outcome === 'failed' || first.outcome === 'conflict' || first.outcome === 'unchanged')
    hold(
      between === before || first.changes.length > 0 || first.facts['left'] !== undefined,
      `told ${tellOf(first)} (${first.detail}), and it was changed from\n${before}\nto\n${between}`,
    );
  const second = await run(cut.lab.again(task));
  hold(tellOf(second) === wanted.told, `the next attempt told ${tellOf(second)}: ${second.detail}`);
  const after = stateOf(host, name);
  hold(after === wanted.state, `ended as\n${after}\nnot\n${wanted.state}`);
  const effects = (read(host, '/var/lib/garrison/journal') ?? '').split(` ${task.jobId} `).length - 1;
  hold(effects === 1, `${String(effects)} lines of effect`);
  hold(othersOf(host, name) === others, "somebody else's account has changed");
  clear(host, name);
  return problems;
}

function tellOf({ outcome, reason }: HostResult): string {
  return `${outcome} ${reason}`;
}

/** All that the account consists of, and what our mark says of it, with what differs from run to run written out. */
function stateOf(host: PracticeHost, name: string): string {
  const uid = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(read(host, '/etc/passwd') ?? '');
  const lines = ['/etc/passwd', '/etc/shadow', '/etc/gshadow', '/etc/group', '/etc/sudoers'].flatMap((path) =>
    linesOf(host, path)
      .filter((line) => new RegExp(`\\b${name}\\b`).test(line))
      .map((line) => `${path} ${path === '/etc/shadow' ? line.replace(/:\d{5}:/, ':DAY:') : line}`)
      .map((line) =>
        /group|gshadow/.test(path) && !line.startsWith(`${path} ${name}:`)
          ? `${path} ${line.split(' ')[1]?.split(':')[0] ?? ''} has it`
          : line,
      ),
  );
  const files = [
    `/etc/sudoers.d/garrison-${name}`,
    `/home/${name}`,
    ...[`/home/${name}/.ssh`, `/home/${name}/.ssh/authorized_keys`],
    ...strays(host, name),
    `/var/lib/garrison/accounts/${name}`,
  ].map((path) => `${path} ${contentOf(host, path)}`);
  return [...lines, ...files]
    .join('\n')
    .replaceAll(name, 'NAME')
    .replace(/(garrison-|^token )[0-9a-f]{16}/gm, '$1TOKEN')
    .replace(/^job .*/gm, 'job')
    .replace(/^wish \d+/gm, 'wish')
    .replace(/\$[$./A-Za-z0-9]{20,}/g, 'HASH')
    .replace(new RegExp(`\\b(${uid?.[1] ?? 'none'}|${uid?.[2] ?? 'none'})\\b`, 'g'), 'UID');
}

function leadsTo(pid: string, host: PracticeHost): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`HostKeyAlias=${host.name}\0`);
}

/** What was begun and not ended. */
function strays(host: PracticeHost, name: string): string[] {
  return [
    `/home/${name}/.ssh/.authorized_keys.garrison`,
    '/etc/sudoers.d/.garrison.new',
    '/var/lib/garrison/keys',
    '/var/lib/garrison/accounts/.new',
    '/var/lib/garrison/results/.new',
  ].filter((path) => existsSync(`${host.filesAt}${path}`));
}

function contentOf(host: PracticeHost, path: string): string {
  const file = `${host.filesAt}${path}`;
  if (!existsSync(file)) return 'is not there';
  const { mode, uid, gid } = lstatSync(file);
  const head = `${mode.toString(8)} ${String(uid)} ${String(gid)}`;
  return lstatSync(file).isDirectory() ? head : `${head}\n${readFileSync(file, 'utf8')}`;
}

function linesOf(host: PracticeHost, path: string): string[] {
  return (read(host, path) ?? '').split('\n');
}

/** Everything of everybody else. */
function othersOf(host: PracticeHost, name: string): string {
  const ofFiles = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid', 'sudoers'].flatMap((file) =>
    linesOf(host, `/etc/${file}`)
      .filter((line) => !line.startsWith(`${name}:`))
      .map((line) =>
        line.replace(/[^:]*$/, (members) =>
          members
            .split(',')
            .filter((one) => one !== name)
            .join(),
        ),
      ),
  );
  const rules = readdirSync(`${host.filesAt}/etc/sudoers.d`)
    .filter((file) => file !== `garrison-${name}` && file !== '.garrison.new')
    .map((file) => `${file} ${contentOf(host, `/etc/sudoers.d/${file}`)}`);
  const homes = readdirSync(`${host.filesAt}/home`).filter((home) => home !== name);
  return [...ofFiles, ...rules, ...homes, contentOf(host, '/home/bo/file')].join('\n');
}

/** The host stays small, so that the last step costs what the first did. */
function clear(host: PracticeHost, name: string): void {
  inside(
    host,
    `userdel -r ${name} 2>/dev/null; rm -rf /home/${name} /etc/sudoers.d/garrison-${name} /var/lib/garrison/accounts/${name}; true`,
  );
}

/**
 * Reads from /proc what a garrison's processes have cost so far: CPU time with that of the children they have reaped, and memory.
 * It never signals; it knows the processes as the family of the one pid it is given.
 */
import { readFileSync, readdirSync } from 'node:fs';

export interface Cost {
  readonly pid: number;
  /** Of itself and of every descendant, living or reaped. */
  readonly treeCpuMs: number;
  /** Of itself alone. */
  readonly ownCpuMs: number;
  readonly rssBytes: number;
}

export interface GarrisonCost {
  readonly supervisor: Cost;
  readonly workers: readonly Cost[];
  readonly redis: readonly Cost[];
  /** Practice hosts: sshd and what runs under it. */
  readonly hosts: readonly Cost[];
}

/** A tick of /proc/PID/stat is a hundredth of a second on every Linux that Node runs on. */
const TICK_MS = 10;

/** The supervisor's direct children tell the parts apart. */
export function costOf(supervisorPid: number): GarrisonCost {
  const everyone = everyProcess();
  const own = everyone.filter((process) => process.parentPid === supervisorPid);
  const costs = (belongs: (command: string) => boolean): Cost[] =>
    own.filter((process) => belongs(process.command)).map((process) => costOfTree(process, everyone));
  const supervisor = everyone.find((process) => process.pid === supervisorPid);
  if (supervisor === undefined) throw new Error(`there is no process ${String(supervisorPid)}`);
  const isWorker = (command: string): boolean => command.startsWith('garrison worker');
  const isRedis = (command: string): boolean => command === 'redis-server';
  return {
    supervisor: costOfTree(supervisor, everyone),
    workers: costs(isWorker),
    redis: costs(isRedis),
    hosts: costs((command) => !isWorker(command) && !isRedis(command)),
  };
}

export function sumOf(costs: readonly Cost[], figure: 'treeCpuMs' | 'ownCpuMs' | 'rssBytes'): number {
  return costs.reduce((sum, cost) => sum + cost[figure], 0);
}

/** The pids of these processes and of all below them, but for the families of `without`. */
export function familiesOf(roots: readonly number[], without: readonly number[]): readonly number[] {
  const everyone = everyProcess();
  const familyOf = (pid: number): number[] =>
    without.includes(pid) ? [] : [pid, ...childrenAmong(everyone, pid).flatMap(familyOf)];
  return roots.flatMap(familyOf);
}

export function childrenOf(pid: number): readonly number[] {
  return childrenAmong(everyProcess(), pid);
}

function childrenAmong(everyone: readonly Process[], pid: number): number[] {
  return everyone.filter(({ parentPid }) => parentPid === pid).map((child) => child.pid);
}

/** CPU time of the children that this very process has waited for. */
export function reapedCpuMs(): number {
  return readProcess(process.pid)?.reapedCpuMs ?? 0;
}

interface Process {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
  readonly ownCpuMs: number;
  readonly reapedCpuMs: number;
}

function costOfTree(root: Process, everyone: readonly Process[]): Cost {
  const children = everyone.filter((process) => process.parentPid === root.pid);
  const below = children.reduce((sum, child) => sum + costOfTree(child, everyone).treeCpuMs, 0);
  const treeCpuMs = root.ownCpuMs + root.reapedCpuMs + below;
  return { pid: root.pid, treeCpuMs, ownCpuMs: root.ownCpuMs, rssBytes: rssBytesOf(root.pid) };
}

function everyProcess(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((process) => process !== null);
}

function readProcess(pid: number): Process | null {
  const text = readProcFile(pid, 'stat');
  if (text === null) return null;
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const ticks = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) * TICK_MS;
  return {
    pid,
    parentPid: Number(fields[1]),
    command: text.slice(text.indexOf('(') + 1, close),
    ownCpuMs: ticks(11),
    reapedCpuMs: ticks(13),
  };
}

function rssBytesOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProcFile(pid, 'status') ?? '')?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function readProcFile(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/${name}`, 'utf8');
  } catch {
    // It ended meanwhile.
    return null;
  }
}

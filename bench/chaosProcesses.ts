/**
 * Finds the processes that chaos hurts: a supervisor's workers, their ssh clients, its redis-server, the sessions of a host.
 * Every signal goes to one process that was just seen in its place below what this run started; never by a name alone.
 */
import { readFileSync } from 'node:fs';
import { isAlive, readCommand, readProcStat } from '../src/proc.ts';
import { childrenOf, familiesOf } from './processes.ts';

export interface Process {
  readonly pid: number;
  readonly startTicks: number;
}

/** Null when it has ended. */
export function identify(pid: number): Process | null {
  const stat = readProcStat(pid);
  return stat === null || stat.state === 'Z' ? null : { pid, startTicks: stat.startTicks };
}

/** False when it was gone. */
export function signalIfSame(target: Process, signal: NodeJS.Signals): boolean {
  if (!isAlive(target)) return false;
  try {
    return process.kill(target.pid, signal);
  } catch {
    return false;
  }
}

export function isStopped({ pid, startTicks }: Process): boolean {
  const stat = readProcStat(pid);
  return stat?.startTicks === startTicks && stat.state === 'T';
}

export function workerOf(supervisorPid: number, name: string): Process | null {
  return child(supervisorPid, (pid) => titleOf(pid) === `garrison worker ${name}`);
}

export function redisOf(supervisorPid: number): Process | null {
  return child(supervisorPid, (pid) => titleOf(pid).startsWith('redis-server'));
}

/** Of all workers: each holds a connection to a host. */
export function sshClientsOf(supervisorPid: number): readonly Process[] {
  const workers = childrenOf(supervisorPid).filter((pid) => titleOf(pid).startsWith('garrison worker '));
  return identified(familiesOf(workers, []).filter((pid) => readCommand(pid) === 'ssh'));
}

/** Of the host whose first process is this. */
export function sessionsOf(sshdPid: number): readonly Process[] {
  return identified(below(sshdPid).filter((pid) => /^sshd/.test(readCommand(pid) ?? '')));
}

function child(parentPid: number, matches: (pid: number) => boolean): Process | null {
  return identified(childrenOf(parentPid).filter(matches))[0] ?? null;
}

function below(pid: number): readonly number[] {
  return familiesOf([pid], []).filter((one) => one !== pid);
}

function identified(pids: readonly number[]): readonly Process[] {
  return pids.map(identify).filter((found) => found !== null);
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
      .replaceAll('\0', ' ')
      .trim();
  } catch {
    return '';
  }
}

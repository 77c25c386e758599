/**
 * Reads what /proc says of one process, of the supervisor's side and the workers' alike.
 * It never lists processes by name and never signals.
 */
import { readFileSync, statSync } from 'node:fs';

export interface ProcStat {
  readonly pid: number;
  /** R, S, D, Z, T …: the state letter. A zombie still answers kill(pid, 0); only this letter tells. */
  readonly state: string;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly session: number;
  readonly startTicks: number;
}

/** The process's stat line, or null when there is no such process. */
export function readProcStat(pid: number): ProcStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return null;
  }
  return parseProcStat(text);
}

/** Parses /proc/PID/stat; the command name may hold spaces and brackets, so it is cut at the last `)`. */
export function parseProcStat(text: string): ProcStat | null {
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const pid = Number.parseInt(text, 10);
  const [state, parentPid, processGroup, session] = fields;
  const startTicks = fields[19];
  if (close < 0 || state === undefined || startTicks === undefined || !Number.isInteger(pid)) return null;
  return {
    pid,
    state,
    parentPid: Number(parentPid),
    processGroup: Number(processGroup),
    session: Number(session),
    startTicks: Number(startTicks),
  };
}

/** A process as /proc shows it at one moment; what cannot be read of another user's (hidepid) makes it unknown as a whole. */
export interface ProcessFacts {
  readonly pid: number;
  readonly startTicks: number;
  /** The state letter. */
  readonly state: string;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly session: number;
  readonly uid: number;
  /** Name of the program, as in /proc/PID/comm: anything, of a process that is not ours. */
  readonly command: string;
  /** /proc/PID/cgroup, all of it. */
  readonly cgroup: string;
}

/** Null when there is no such process, or not all of it may be read. */
export function readProcessFacts(pid: number): ProcessFacts | null {
  const stat = readProcStat(pid);
  if (stat === null) return null;
  try {
    const folder = `/proc/${String(pid)}`;
    const { uid } = statSync(folder);
    const command = readFileSync(`${folder}/comm`, 'utf8').trimEnd();
    return { ...stat, uid, command, cgroup: readFileSync(`${folder}/cgroup`, 'utf8') };
  } catch {
    return null;
  }
}

/** Parent, its parent and so on, up to pid 1. */
export function ancestorsOf(pid: number): number[] {
  const ancestors: number[] = [];
  for (let at = readProcStat(pid); at !== null && at.parentPid > 0; at = readProcStat(at.parentPid)) {
    if (ancestors.includes(at.parentPid)) break;
    ancestors.push(at.parentPid);
  }
  return ancestors;
}

/** Is this very process (not a later one with its pid) there and not a zombie? */
export function isAlive(identity: { readonly pid: number; readonly startTicks: number }): boolean {
  const stat = readProcStat(identity.pid);
  return stat !== null && stat.startTicks === identity.startTicks && stat.state !== 'Z';
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Reads what /proc says of one process, of the supervisor's side and the workers' alike.
 * It never lists processes by name and never signals.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { MARK_VARIABLE } from './mark.ts';

export interface ProcStat {
  readonly pid: number;
  /** R, S, D, Z, T …: the state letter. A zombie still answers kill(pid, 0); only this letter tells. */
  readonly state: string;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly session: number;
  /** One that its session belongs to, and whose end is told by SIGHUP. */
  readonly hasTerminal: boolean;
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
  const [state, parentPid, processGroup, session, terminal] = fields;
  const startTicks = fields[19];
  if (close < 0 || state === undefined || startTicks === undefined || !Number.isInteger(pid)) return null;
  return {
    pid,
    state,
    parentPid: Number(parentPid),
    processGroup: Number(processGroup),
    session: Number(session),
    hasTerminal: terminal !== '0',
    startTicks: Number(startTicks),
  };
}

/** A process as /proc shows it at one moment; what cannot be read of another user's (hidepid) makes it unknown as a whole. */
export interface ProcessFacts {
  readonly pid: number;
  /** The pid of the process; differs from `pid` when that is only one of its threads, which /proc shows, too. */
  readonly threadGroup: number;
  readonly startTicks: number;
  /** The state letter. */
  readonly state: string;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly session: number;
  /** The effective one. */
  readonly uid: number;
  /** Real, effective, saved, of the file system: they differ in a program that acts for somebody else. */
  readonly uids: readonly number[];
  /** Name of the program, as in /proc/PID/comm: anything, of a process that is not ours. */
  readonly command: string;
  /** Name of the file it runs, which a process cannot choose for itself; empty when it may not be read. */
  readonly program: string;
  /** /proc/PID/cgroup, all of it. */
  readonly cgroup: string;
  /** The mark of the supervisor that it descends from (mark.ts), and null for all others. */
  readonly mark: string | null;
  /** From where to where the login goes in which it was started; null outside of one. */
  readonly sshConnection: string | null;
}

/** Null when there is no such process, or not all of it may be read. */
export function readProcessFacts(pid: number): ProcessFacts | null {
  const stat = readProcStat(pid);
  if (stat === null) return null;
  const folder = `/proc/${String(pid)}`;
  try {
    const status = readFileSync(`${folder}/status`, 'utf8');
    const uids = numbersAfter('Uid', status);
    const [, uid] = uids;
    const [threadGroup] = numbersAfter('Tgid', status);
    const command = readCommand(pid);
    if (uid === undefined || threadGroup === undefined || command === null) return null;
    const cgroup = readFileSync(`${folder}/cgroup`, 'utf8');
    return { ...stat, threadGroup, uid, uids, command, cgroup, ...programOf(folder), ...startedWith(folder) };
  } catch {
    return null;
  }
}

function numbersAfter(name: string, status: string): number[] {
  const values = new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '';
  return values.trim().split(/\s+/).map(Number);
}

function programOf(folder: string): { program: string } {
  try {
    // An upgrade replaces the file under a running program.
    return { program: basename(readlinkSync(`${folder}/exe`)).replace(/ \(deleted\)$/, '') };
  } catch {
    return { program: '' };
  }
}

function startedWith(folder: string): Pick<ProcessFacts, 'mark' | 'sshConnection'> {
  const environment = environmentIn(folder);
  return {
    mark: variableIn(environment, MARK_VARIABLE),
    sshConnection: variableIn(environment, 'SSH_CONNECTION'),
  };
}

/** `NAME=value`, as the process was started; null where that may not be read, and for the moment that an exec takes. */
export function readEnvironment(pid: number): readonly string[] | null {
  const environment = environmentIn(`/proc/${String(pid)}`);
  return environment.length === 0 ? null : environment;
}

export function variableIn(environment: readonly string[], name: string): string | null {
  return environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
}

function environmentIn(folder: string): readonly string[] {
  try {
    return readFileSync(`${folder}/environ`, 'latin1').split('\0').filter(Boolean);
  } catch {
    // Another user's, or it has just ended.
    return [];
  }
}

/** Null when there is no such process; of a zombie, too, and without all that is needed to judge a signal. */
export function readCommand(pid: number): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trimEnd();
  } catch {
    return null;
  }
}

/** What decides whether a process may be signalled, besides how we know it; read at one moment. */
export interface Sight {
  /** Null when not even this can be read, as without a free descriptor. */
  readonly self: ProcessFacts | null;
  /** Parent, its parent and so on, up to pid 1. */
  readonly ancestors: readonly { readonly pid: number; readonly session: number | null }[];
  readonly target: ProcessFacts | null;
}

export function lookAt(pid: number): Sight {
  const ancestors = ancestorsOf(process.pid).map((ancestor) => {
    return { pid: ancestor, session: readProcStat(ancestor)?.session ?? null };
  });
  const self = isOwnTable() ? readProcessFacts(process.pid) : null;
  return { self, ancestors, target: readProcessFacts(pid) };
}

/** A /proc of another PID namespace has other processes under the numbers that we know. */
function isOwnTable(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
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

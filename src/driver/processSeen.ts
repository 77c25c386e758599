/**
 * Says what the kernel shows of one process at this moment: its command, its state, what it waits in.
 * It changes nothing of the process, and gives no value of an option that looks like a secret.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readProcStat } from '../proc.ts';
import { withoutSecrets } from './secretWords.ts';

/** One process as the kernel shows it. */
export interface ProcessSeen {
  readonly pid: number;
  readonly command: string;
  /** R, S, D, T, Z …; null when it is gone. */
  readonly state: string | null;
  /** The kernel function it waits in; null while it runs or where the kernel does not tell. */
  readonly wchan: string | null;
  readonly openFiles: number | null;
}

export function seeProcess(pid: number): ProcessSeen {
  const wchan = read(pid, 'wchan');
  return {
    pid,
    command: withoutSecrets(commandLineOf(pid)).slice(0, LONGEST_COMMAND),
    state: readProcStat(pid)?.state ?? null,
    wchan: wchan === null || wchan === '0' ? null : wchan,
    openFiles: countFiles(pid),
  };
}

/** Empty when it is gone, or a zombie. */
export function commandLineOf(pid: number): readonly string[] {
  const text = (read(pid, 'cmdline') ?? '').slice(0, LONGEST_COMMAND_LINE);
  return text.replace(/\0+$/, '').split('\0');
}

const LONGEST_COMMAND = 300;
const LONGEST_COMMAND_LINE = 65_536;

function read(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/${name}`, 'utf8');
  } catch {
    return null;
  }
}

function countFiles(pid: number): number | null {
  try {
    return readdirSync(`/proc/${String(pid)}/fd`).length;
  } catch {
    return null;
  }
}

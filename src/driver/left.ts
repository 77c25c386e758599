/**
 * Names a process that was to end and has not: what it is, how it stands, and whose it was.
 * It judges and ends nothing.
 */
import { readCommand, readProcStat } from '../proc.ts';

export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
  /** The state letter. */
  readonly state: string;
  /** The worker it came from; null when from none, or from one of long ago. */
  readonly worker: string | null;
}

/** Empty when it has ended by now. */
export function leftProcess(pid: number, worker: string | null): LeftProcess[] {
  const stat = readProcStat(pid);
  if (stat === null || stat.state === 'Z') return [];
  return [{ pid, command: printable(readCommand(pid) ?? '?'), state: stat.state, worker }];
}

/** A process may name itself with anything, and it goes to a terminal. */
function printable(command: string): string {
  return command.replace(/[\p{C}\s]+/gu, ' ');
}

/**
 * Says of a supervisor that does not answer what can be seen from outside: stopped by a signal, held up by a disk, or just silent.
 * It sends no signal and takes no lock.
 */
import { lastWordIn } from '../driver/checkupSupervisor.ts';
import { supervisorPidOf } from '../driver/lockHolder.ts';
import { GarrisonError } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import { readProcStat } from '../proc.ts';
import { doctor } from './exchange.ts';

/** A process in this state answers nobody, however long one waits. */
export function standsStill(home: string): boolean {
  const state = stateOf(supervisorPidOf(home));
  return state === 'T' || state === 't';
}

export async function silenceOf({ home, socketPath }: ControlDoor, waitedMs: number): Promise<GarrisonError> {
  const pid = supervisorPidOf(home);
  const who =
    pid === null ? `what listens on ${socketPath}` : `the supervisor (pid ${String(pid)}) in ${home}`;
  const { what, cure } = told(pid, waitedMs);
  const lastWord = pid === null ? null : await lastWordIn(home);
  const since = lastWord === null ? '' : `; its journal ends at ${lastWord.at}`;
  return new GarrisonError('SUPERVISOR_SILENT', `${who} ${what}${since}`, {
    cure: [cure, `${doctor(home)} tells more`].filter((each) => each !== null).join('; '),
  });
}

function told(pid: number | null, waitedMs: number): { what: string; cure: string | null } {
  const silent = `has not answered for ${String(Math.round(waitedMs / 1000))} s`;
  switch (stateOf(pid)) {
    case 'T':
      return {
        what: 'is stopped by a signal and answers nobody',
        cure: `let it go on: fg where it was stopped with Ctrl-Z, or else SIGCONT to pid ${String(pid)}`,
      };
    case 't':
      return { what: 'is held by a debugger and answers nobody', cure: 'end the debugger' };
    case 'D':
      return { what: `${silent}: it waits for a disk or file system (state D)`, cure: null };
    default:
      return { what: silent, cure: null };
  }
}

function stateOf(pid: number | null): string | null {
  return pid === null ? null : (readProcStat(pid)?.state ?? null);
}

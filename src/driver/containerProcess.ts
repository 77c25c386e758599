/**
 * Says what the host's /proc shows of a container's first process.
 * It never takes a process that is hidden from it for one that is gone.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { readProcStat } from '../proc.ts';
import { limitOf } from './procLimit.ts';

export class ContainerProcesses {
  /** Does /proc show the pids that the daemon counts? Known once a container's process was found under its pid. */
  #isSameView: boolean;
  readonly #isLocal: boolean;

  constructor(isLocal: boolean) {
    this.#isLocal = isLocal;
    this.#isSameView = isLocal && seesWholeMachine();
  }

  look(pid: number, id: string): ContainerFacts['process'] {
    if (!this.#isLocal || pid === 0) return 'unseen';
    const stat = readProcStat(pid);
    if (!this.#isSameView && stat !== null && cgroupOf(pid).includes(id)) this.#isSameView = true;
    if (!this.#isSameView) return 'unseen';
    if (stat === null || stat.state === 'X') return 'gone';
    return stat.state === 'Z' ? 'zombie' : 'alive';
  }
}

/** PROC_PID_INIT_INO: the number that the first PID namespace has on every kernel. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

function seesWholeMachine(): boolean {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    const status = readFileSync('/proc/self/status', 'utf8');
    return (
      readlinkSync('/proc/self/ns/pid') === FIRST_PID_NAMESPACE &&
      limitOf({ mounts, status, denied: 0 }) === null
    );
  } catch {
    return false;
  }
}

function cgroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8');
  } catch {
    // It has just ended, or is another user's.
    return '';
  }
}

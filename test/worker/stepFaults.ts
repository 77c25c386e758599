/**
 * Does a fault to the script on a practice host right before its n-th step; a step is a command that can leave a trace: any program, and any write to a file.
 * The script's own text stays as it is: bash counts the steps of what a real sshd started. It judges nothing.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { PracticeHost } from '../../src/driver/practice.ts';
import { inside } from './hostLab.ts';

export type StepFault =
  /** The script and all that it started, whatever the step is in the middle of; sshd stays. */
  | 'killed'
  /** The same, a moment after the step began. */
  | 'killedInside'
  /** sshd's process of this session; the script goes on without anybody who hears it. */
  | 'sessionKilled'
  /** From this step on nothing can be written any more. */
  | 'diskFull'
  | 'readOnly'
  /** The script waits until it is let go. */
  | 'held'
  /** Nothing: only counts. */
  | 'none';

/** `/bin/sh -s` is what the login shell becomes to run the script; every other shell of the host is the one it was. */
const WRAPPER = `#!/bin/bash
if [ "$1" = -s ] && [ -e /run/fault/armed ]; then BASH_ENV=/run/fault/trap exec /bin/bash -s; fi
exec /run/fault/sh "$@"
`;

const TRAP = readFileSync(new URL('../fixtures/stepFaults.sh', import.meta.url), 'utf8');

/** From now on faults can be done to it. */
export function prepareFaults(host: PracticeHost): void {
  inside(host, 'mkdir -p /run/fault; cp /bin/sh /run/fault/sh');
  writeFileSync(`${host.filesAt}/run/fault/wrapper`, WRAPPER, { mode: 0o755 });
  writeFileSync(`${host.filesAt}/run/fault/trap`, TRAP);
  inside(host, 'mount --bind /run/fault/wrapper "$(readlink -f /bin/sh)"');
}

/** The next script that runs there meets it. */
export function armFault(host: PracticeHost, fault: StepFault, step: number): void {
  const at = (name: string): string => `${host.filesAt}/run/fault/${name}`;
  rmSync(at('did'), { force: true });
  writeFileSync(at('steps'), '');
  writeFileSync(at('armed'), `${fault} ${String(step)}\n`);
}

export function isHeld(host: PracticeHost): boolean {
  return existsSync(`${host.filesAt}/run/fault/held`);
}

export function letGo(host: PracticeHost): void {
  rmSync(`${host.filesAt}/run/fault/held`, { force: true });
}

/** The host works again. The steps that were counted, the last of them the one of the fault where there was one. */
export function endFault(host: PracticeHost): readonly string[] {
  const at = (name: string): string => `${host.filesAt}/run/fault/${name}`;
  rmSync(at('armed'), { force: true });
  const did = existsSync(at('did')) ? readFileSync(at('did'), 'utf8').trim() : '';
  if (did === 'diskFull') inside(host, 'rm -f /var/fault-fill');
  if (did === 'readOnly') inside(host, 'mount -o remount,rw /etc; mount -o remount,rw /var');
  rmSync(at('did'), { force: true });
  return readFileSync(at('steps'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

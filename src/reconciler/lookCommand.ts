/**
 * Names the commands by which a person looks at a service of this machine: systemd's where it runs, else plain ones.
 * None of them changes anything.
 */
import type { Checkup } from './checkup.ts';

export function serviceLook(checkup: Checkup, unit: string, processes: string): string {
  if (!hasSystemd(checkup)) return `ps -o pid,stat,lstart,args -C ${processes}`;
  return `systemctl status ${unit} --no-pager; journalctl -u ${unit} -n 30 --no-pager`;
}

export function clockLook(checkup: Checkup): string {
  return hasSystemd(checkup) ? 'timedatectl' : 'date -u; ps -o pid,stat,args -C chronyd,ntpd';
}

/** Unless it is known to be absent. */
export function hasSystemd({ units }: Checkup): boolean {
  return units.kind === 'seen' || units.why !== 'absent';
}

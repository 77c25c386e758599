/**
 * Says what of /proc is hidden from this process, and by what.
 * It changes no mount and asks for no right: it only tells what is.
 */
import { readFileSync } from 'node:fs';
import { messageOf } from '../errors.ts';

/** CAP_SYS_PTRACE: whoever has it sees every process, whatever the mount says. */
const CAPABILITY_PTRACE = 19n;

/** A sentence; null when every process can be seen. `denied`: how many were there and could not be read. */
export function procLimit(denied: number): string | null {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    const status = readFileSync('/proc/self/status', 'utf8');
    return limitOf({ mounts, status, denied });
  } catch (error) {
    return `Whether all zombies can be seen is not known: ${messageOf(error)}.`;
  }
}

/** The same from the texts of /proc/self/mounts and /proc/self/status. */
export function limitOf({
  mounts,
  status,
  denied,
}: {
  readonly mounts: string;
  readonly status: string;
  readonly denied: number;
}): string | null {
  const hiding = hidingMode(mounts);
  if (hiding !== null && !seesThrough(hiding, status))
    return `Only zombies of Garrison's own user can be seen: /proc is mounted with hidepid=${hiding.mode}, which hides other users' processes. Run Garrison as root to see all.`;
  if (denied > 0)
    return `${String(denied)} processes of other users may not be looked at, so zombies among them are not seen. Run Garrison as root to see all.`;
  return null;
}

interface Hiding {
  readonly mode: string;
  /** Its members see everything all the same. */
  readonly group: string | null;
}

/** The last mount on /proc is the one that counts. */
function hidingMode(mounts: string): Hiding | null {
  const options = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[1] === '/proc')
    .at(-1)?.[3]
    ?.split(',');
  const valueOf = (name: string): string | null =>
    options?.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  const mode = valueOf('hidepid');
  return mode === null || mode === '0' || mode === 'off' ? null : { mode, group: valueOf('gid') };
}

function seesThrough({ mode, group }: Hiding, status: string): boolean {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)?.[1] ?? '0';
  if ((BigInt(`0x${capabilities}`) >> CAPABILITY_PTRACE) & 1n) return true;
  if (mode === '4' || mode === 'ptraceable') return false;
  const groupsIn = (line: RegExp): string[] => line.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  // The last of the first line is the one that counts for files.
  const groups = [...groupsIn(/^Gid:\s*(.*)$/m).slice(-1), ...groupsIn(/^Groups:\s*(.*)$/m)];
  return groups.includes(group ?? '0');
}

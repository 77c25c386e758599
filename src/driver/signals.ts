/**
 * The only place where the supervisor sends a signal: to one proven process or the group that it leads, after the guard has let it pass.
 * It has no way to name a list, a pattern or a number alone; a refusal is told, and nothing is sent.
 */
import { closeSync, constants as files, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { bootId, lookAt, readProcStat } from '../proc.ts';
import {
  isPid,
  refusalOf,
  type GuardRule,
  type GuardSurroundings,
  type Origin,
  type SignalOrder,
  type WorkerEnclosure,
} from '../reconciler/guard.ts';
import { openPidfd, signalPidfd } from './libc.ts';
import { ADOPTION, OWN_MARK } from './ownTree.ts';
import { isSpawned } from './spawned.ts';

export interface Refusal {
  readonly rule: GuardRule;
  readonly order: SignalOrder;
}

let onRefusal: (refusal: Refusal) => void = () => undefined;

/** Who is told of refusals besides the caller; one listener, set once at the start. */
export function tellRefusals(listener: (refusal: Refusal) => void): void {
  onRefusal = listener;
}

/** The boot in which this process runs; it does not change under it. */
export const OWN_BOOT = bootId();

/** How a process is known to be ours; `enclosed` names the cgroup. */
export type Claim = Exclude<Origin, 'enclosed'> | { readonly enclosure: WorkerEnclosure } | null;

/** Null when the signal was sent; else why not. `Gone` and `AlreadyDead` are told to nobody else: there was nothing to refuse. */
export function sendSignal(order: SignalOrder, claim: Claim): GuardRule | null {
  const { pid } = order.target;
  // Opened before the look: what is looked at is then what is signalled, whatever becomes of the pid in between.
  const pidfd = isPid(pid) ? openPidfd(pid) : null;
  try {
    const rule = refusalOf(order, surroundingsOf(pid, claim));
    if (rule === null) return deliver(order, pidfd) ? null : 'Gone';
    if (isRefusal(rule)) onRefusal({ rule, order });
    return rule;
  } finally {
    if (pidfd !== null) closeSync(pidfd);
  }
}

/** To be called right after `folder` was made: what it gives can mean no other. Throws where the kernel has no cgroup.kill (before 5.14). */
export function openCgroupKill(folder: string): number {
  return openSync(join(folder, 'cgroup.kill'), files.O_WRONLY);
}

/**
 * Ends all that is in it with one write, however fast it forks, if the guard lets each of these processes be killed that are in it now.
 * If not, those that it lets one by one, and the refusals are told.
 */
export function endEnclosed(enclosure: WorkerEnclosure, killFd: number, pids: readonly number[]): void {
  const orders = pids.flatMap(killOrder);
  const claim = { enclosure };
  const stranger = orders.some((order) => {
    const rule = refusalOf(order, surroundingsOf(order.target.pid, claim));
    return rule !== null && isRefusal(rule);
  });
  if (!stranger) writeSync(killFd, '1');
  else for (const order of orders) sendSignal(order, claim);
}

function killOrder(pid: number): SignalOrder[] {
  const startTicks = readProcStat(pid)?.startTicks;
  if (startTicks === undefined) return [];
  return [{ target: { pid, startTicks, bootId: OWN_BOOT }, reach: 'process', signal: 'SIGKILL' }];
}

function isRefusal(rule: GuardRule): boolean {
  return rule !== 'Gone' && rule !== 'AlreadyDead';
}

/** The caller's word that it was spawned counts only while the table says so. */
function surroundingsOf(pid: number, claim: Claim): GuardSurroundings {
  const enclosure = typeof claim === 'object' && claim !== null ? claim.enclosure : null;
  const origin = typeof claim === 'object' && claim !== null ? 'enclosed' : claim;
  const proven = origin === 'spawned' && !isSpawned(pid) ? null : origin;
  const own = { bootId: OWN_BOOT, adoption: ADOPTION, mark: OWN_MARK };
  return { ...lookAt(pid), ...own, enclosure, origin: proven };
}

/**
 * False when it ended this very moment.
 * By number only where the kernel cannot do it by descriptor: a descriptor that no longer reaches anyone must not be followed by a pid that may.
 */
function deliver({ target: { pid }, reach, signal }: SignalOrder, pidfd: number | null): boolean {
  if (pidfd !== null && (reach === 'process' || reachesGroups()))
    return signalPidfd(pidfd, constants.signals[signal], reach);
  try {
    return process.kill(reach === 'group' ? -pid : pid, signal);
  } catch {
    return false;
  }
}

let groupsReached: boolean | null = null;

/** Linux 6.9 and later: asked by the signal 0, which nobody feels, to our own group. */
function reachesGroups(): boolean {
  if (groupsReached !== null) return groupsReached;
  const own = openPidfd(process.pid);
  groupsReached = own !== null && signalPidfd(own, 0, 'group');
  if (own !== null) closeSync(own);
  return groupsReached;
}

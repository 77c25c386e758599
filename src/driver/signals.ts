/**
 * The only place where the supervisor sends a signal: to one proven process or the group that it leads, after the guard has let it pass.
 * It has no way to name a list, a pattern or a number alone; a refusal is told, and nothing is sent.
 */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { bootId, lookAt } from '../proc.ts';
import {
  isPid,
  refusalOf,
  type GuardRule,
  type GuardSurroundings,
  type Origin,
  type SignalOrder,
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

/** Null when the signal was sent; else why not. `Gone` and `AlreadyDead` are told to nobody else: there was nothing to refuse. */
export function sendSignal(order: SignalOrder, origin: Origin | null): GuardRule | null {
  const { pid } = order.target;
  // Opened before the look: what is looked at is then what is signalled, whatever becomes of the pid in between.
  const pidfd = isPid(pid) ? openPidfd(pid) : null;
  try {
    const rule = refusalOf(order, surroundingsOf(pid, origin));
    if (rule === null) return deliver(order, pidfd) ? null : 'Gone';
    if (rule !== 'Gone' && rule !== 'AlreadyDead') onRefusal({ rule, order });
    return rule;
  } finally {
    if (pidfd !== null) closeSync(pidfd);
  }
}

/** The caller's word that it was spawned counts only while the table says so. */
function surroundingsOf(pid: number, origin: Origin | null): GuardSurroundings {
  const proven = origin === 'spawned' && !isSpawned(pid) ? null : origin;
  return { ...lookAt(pid), bootId: OWN_BOOT, adoption: ADOPTION, mark: OWN_MARK, origin: proven };
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

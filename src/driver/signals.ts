/**
 * The only place where the supervisor sends a signal: to one proven process or the group that it leads, after the guard has let it pass.
 * It has no way to name a list, a pattern or a number alone; a refusal is told, and nothing is sent.
 */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { ancestorsOf, bootId, readProcessFacts } from '../proc.ts';
import {
  refusalOf,
  type GuardRule,
  type GuardSurroundings,
  type Origin,
  type SignalOrder,
} from '../reconciler/guard.ts';
import { openPidfd, signalPidfd } from './libc.ts';

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
  // Opened before the look: what is looked at is then what is signalled, whatever becomes of the pid in between.
  const pidfd = isPid(order.target.pid) ? openPidfd(order.target.pid) : null;
  try {
    const rule = refusalOf(order, surroundingsOf(order.target.pid, origin));
    if (rule === null) return deliver(order, pidfd) ? null : 'Gone';
    if (rule !== 'Gone' && rule !== 'AlreadyDead') onRefusal({ rule, order });
    return rule;
  } finally {
    if (pidfd !== null) closeSync(pidfd);
  }
}

function surroundingsOf(pid: number, origin: Origin | null): GuardSurroundings {
  const self = readProcessFacts(process.pid);
  if (self === null) throw new Error('cannot read /proc/self; nothing is signalled without it');
  const target = isPid(pid) ? readProcessFacts(pid) : null;
  return { bootId: OWN_BOOT, self, ancestors: ancestorsOf(process.pid), target, origin };
}

function isPid(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0;
}

/** The group by its number only where the kernel cannot do it by descriptor; the guard has just seen its living leader. */
function deliver({ target, reach, signal }: SignalOrder, pidfd: number | null): boolean {
  if (pidfd !== null && signalPidfd(pidfd, constants.signals[signal], reach)) return true;
  try {
    process.kill(reach === 'group' ? -target.pid : target.pid, signal);
    return true;
  } catch {
    // ESRCH: it ended this very moment.
    return false;
  }
}

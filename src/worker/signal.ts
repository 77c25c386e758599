/**
 * The only place where a worker sends a signal: to the group of a child that it started itself and has not reaped.
 * It asks the same guard as the supervisor, and has no way to name any other process.
 */
import { MARK_VARIABLE } from '../mark.ts';
import { bootId, lookAt, readProcStat } from '../proc.ts';
import {
  refusalOf,
  type GuardedSignal,
  type GuardRule,
  type GuardSurroundings,
  type ProcessIdentity,
  type SignalOrder,
} from '../reconciler/guard.ts';

export type { GuardedSignal };
export type OwnChild = ProcessIdentity;

export interface Refused {
  readonly rule: GuardRule;
  readonly pid: number;
  readonly signal: GuardedSignal;
}

const OWN_BOOT = bootId();
let onRefusal: (refused: Refused) => void = () => undefined;

/** Who is told of refusals; one listener, set once at the start. */
export function tellRefusals(listener: (refused: Refused) => void): void {
  onRefusal = listener;
}

/** To be called in the same turn of the event loop in which it was started: Node cannot have reaped it yet. */
export function ownChild(pid: number): OwnChild {
  return { pid, startTicks: readProcStat(pid)?.startTicks ?? 0, bootId: OWN_BOOT };
}

/** What a child with an environment of its own must still be given to be known as of this tree. */
export function inheritedMark(): Record<string, string> {
  const mark = process.env[MARK_VARIABLE];
  return mark === undefined ? {} : { [MARK_VARIABLE]: mark };
}

/**
 * Signals the child and all in the group that it leads, unless the guard forbids it. To be called only while its exit has not been seen.
 * By number: the pid of a child that Node has not reaped is nobody else's, and Node reaps in no other turn than this one.
 */
export function signalOwnChild(child: OwnChild, signal: GuardedSignal): GuardRule | null {
  const order: SignalOrder = { target: child, reach: 'group', signal };
  const rule = refusalOf(order, surroundingsOf(child.pid));
  if (rule === null) return deliver(order);
  if (rule !== 'Gone' && rule !== 'AlreadyDead') onRefusal({ rule, pid: child.pid, signal });
  return rule;
}

function surroundingsOf(pid: number): GuardSurroundings {
  // A worker adopts nobody and looks for no mark: its child is its child.
  return {
    ...lookAt(pid),
    bootId: OWN_BOOT,
    adoption: 'anyone',
    mark: '',
    enclosure: null,
    origin: 'spawned',
  };
}

function deliver({ target: { pid }, signal }: SignalOrder): GuardRule | null {
  try {
    process.kill(-pid, signal);
    return null;
  } catch {
    // ESRCH: it ended this very moment, and its exit is on the way.
    return 'Gone';
  }
}

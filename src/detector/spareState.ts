/**
 * Says how it stands with the spare, in the words people read, by the verdict on it.
 * It judges nothing itself.
 */
import { unreachable } from '../errors.ts';
import type { WorkerState } from './verdict.ts';

/** `unwell` and `ending`: it takes nobody's place, and is replaced. */
export const SPARE_STATES = ['ready', 'starting', 'unwell', 'ending', 'backoff', 'failed'] as const;
export type SpareState = (typeof SPARE_STATES)[number];

export function spareState(state: WorkerState): SpareState {
  switch (state) {
    case 'up':
      return 'ready';
    case 'late':
    case 'hung':
    case 'unknown':
      return 'unwell';
    case 'draining':
    case 'stopped':
      return 'ending';
    case 'starting':
    case 'backoff':
    case 'failed':
      return state;
    default:
      return unreachable(state);
  }
}

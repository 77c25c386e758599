/**
 * The scheduled work of a supervisor that was asked for none.
 * It keeps nothing.
 */
import { now } from '../../src/clock.ts';
import { GrantsBoard, NOTHING_KEPT } from '../../src/supervisor/grantsBoard.ts';
import type { GrantsWork } from '../../src/supervisor/grantsSchedule.ts';

export function noGrantsWork(): GrantsWork {
  const off = { kind: 'off' } as const;
  const timetables = { check: off, sync: off, leftovers: off };
  return {
    board: new GrantsBoard(timetables, NOTHING_KEPT, now()),
    mostTakenPercent: 0,
    keep: () => undefined,
    report: () => undefined,
  };
}

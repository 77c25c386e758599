/**
 * Joins the scheduled work of the grants to its timetables, to the file that keeps what it found, and to the log.
 * It holds no rule of any of them.
 */
import { now } from './clock.ts';
import { readChecks, writeChecks } from './driver/checkFile.ts';
import type { Joining } from './rooms.ts';
import { GrantsBoard, NOTHING_KEPT } from './supervisor/grantsBoard.ts';
import type { GrantsWork } from './supervisor/grantsSchedule.ts';
import type { Report } from './supervisor/publisher.ts';

export function openGrantsWork({ config, survival }: Joining, report: Report): GrantsWork {
  const { mostTakenPercent, ...timetables } = config.grants;
  const kept = readChecks({ homeDir: config.home, onSetAside: survival.onSetAside });
  return {
    board: new GrantsBoard(timetables, kept ?? NOTHING_KEPT, now()),
    mostTakenPercent,
    keep: (checks) => {
      survival.tried('checks.json', () => {
        writeChecks(config.home, checks);
      });
    },
    report,
  };
}

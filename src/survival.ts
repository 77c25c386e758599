/**
 * Looks at the home folder's files before anything else reads them, and joins what is set aside, or cannot be written, to the board that tells of it.
 * It holds no rule of either.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { now } from './clock.ts';
import { unendedPushes } from './detector/unended.ts';
import { keepHostKeys } from './driver/hostKeys.ts';
import { Journal } from './driver/journal.ts';
import { checkJournal } from './driver/journalCheck.ts';
import { keepHomeId } from './driver/ownership.ts';
import type { OnRedisDamage } from './driver/redisFiles.ts';
import { keepFile, keepFolder, listSetAside, SET_ASIDE_IN, type OnSetAside } from './setAside.ts';
import { HomeBoard } from './supervisor/homeBoard.ts';

export interface Survival {
  readonly home: HomeBoard;
  readonly journal: Journal;
  readonly onSetAside: OnSetAside;
  readonly onRedisDamage: OnRedisDamage;
  /** How a write of this file of the home folder went; null when it was written. */
  readonly noteWrite: (name: string, why: string | null) => void;
}

const LINES_LOOKED_AT = 2_000;

/** With the home's lock held. Throws HOME_UNUSABLE. */
export function openSurvival(homeDir: string): Survival {
  const earlier = listSetAside(homeDir, SET_ASIDE_IN);
  const home = new HomeBoard({ earlier, isThere: (as) => existsSync(join(homeDir, as)) });
  const onSetAside: OnSetAside = (done) => {
    home.noteSetAside(done);
  };
  const noteWrite: Survival['noteWrite'] = (name, why) => {
    home.noteWrite(name, why, now());
  };
  const keeping = { homeDir, onSetAside };
  home.noteBrokenLines(checkJournal(keeping));
  for (const name of ['logs', 'incidents']) keepFolder({ ...keeping, name });
  for (const name of ['history.jsonl', 'history.jsonl.1']) keepFile({ ...keeping, name }, 'append');
  keepHostKeys(keeping);
  keepHomeId(keeping);
  const journal = new Journal(homeDir, (why) => {
    noteWrite('journal.jsonl', why);
  });
  const onRedisDamage: OnRedisDamage = (done, lostBytes) => {
    home.noteSetAside(done, lostBytes === null ? lostWithRedis(journal) : savedBut(lostBytes));
  };
  return { home, journal, onSetAside, onRedisDamage, noteWrite };
}

function savedBut(lostBytes: number): string {
  return `Only its end was broken: the last ${String(lostBytes)} bytes are gone, which is what was written in its last moments; all before is kept.`;
}

function lostWithRedis(journal: Journal): string {
  const lines = ['push', 'pushEnded', 'pushWithdrawn'].flatMap((event) =>
    journal.last(event, LINES_LOOKED_AT),
  );
  return `The records of all pushes and jobs are gone, but for results in the spool; what was done on hosts is kept in the records of the hosts. ${unendedPushes(lines)}`.trim();
}

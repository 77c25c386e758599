/**
 * Looks at the home folder's files before anything else reads them, and joins what is set aside, or cannot be written, to the board that tells of it.
 * It holds no rule of either.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { now } from './clock.ts';
import { unendedPushes } from './detector/unended.ts';
import { keepHostKeys } from './driver/hostKeys.ts';
import { Journal } from './driver/journal.ts';
import { checkJournal } from './driver/journalCheck.ts';
import { keepHomeId } from './driver/ownership.ts';
import type { OnRedisDamage } from './driver/redisFiles.ts';
import { messageOf } from './errors.ts';
import { keepFile, keepFolder, listSetAside, SET_ASIDE_IN, type OnSetAside } from './setAside.ts';
import { HomeBoard } from './supervisor/homeBoard.ts';

export interface Survival {
  readonly home: HomeBoard;
  readonly journal: Journal;
  readonly onSetAside: OnSetAside;
  readonly onRedisDamage: OnRedisDamage;
  /** How a write of this file of the home folder went; null when it was written. */
  readonly noteWrite: (name: string, why: string | null) => void;
  /** The same of a write that throws. */
  readonly tried: (name: string, write: () => void) => void;
  /** Called now and then: after something could not be written, sees whether it can be again. */
  readonly probe: () => void;
}

const PROBE_BYTES = 64 * 1024;
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
  const probe = (): void => {
    if (home.isUnwritable && takesWrites(homeDir)) home.noteWritable();
  };
  return { home, journal, onSetAside, onRedisDamage, noteWrite, tried: trying(noteWrite), probe };
}

function trying(noteWrite: Survival['noteWrite']): Survival['tried'] {
  return (name, write) => {
    try {
      write();
      noteWrite(name, null);
    } catch (error) {
      noteWrite(name, messageOf(error));
      throw error;
    }
  };
}

/** A new file: what is appended to may still have room in its last block. */
function takesWrites(homeDir: string): boolean {
  const file = join(homeDir, 'write-probe');
  try {
    writeFileSync(file, Buffer.alloc(PROBE_BYTES), { mode: 0o600, flush: true });
    rmSync(file);
    return true;
  } catch {
    return false;
  }
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

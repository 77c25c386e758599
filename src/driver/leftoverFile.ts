/**
 * Keeps over a restart since when accounts are left over, and what people decided about them.
 * It holds no account itself: what is on a host, only the host says.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GarrisonError, messageOf } from '../errors.ts';
import type { Decision, LeftoverNote, LeftoverNotes } from '../push/leftover.ts';

/** A missing or damaged file, or entry, remembers nothing: then it is a leftover since the next survey, and undecided. */
function readLeftoverNotes(homeDir: string): LeftoverNotes {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(join(homeDir, 'leftovers.json'), 'utf8'));
  } catch {
    return {};
  }
  if (typeof read !== 'object' || read === null) return {};
  return Object.fromEntries(
    Object.entries(read).filter((entry): entry is [string, LeftoverNote] => isNote(entry[1])),
  );
}

/** Throws HOME_UNUSABLE. */
function writeLeftoverNotes(homeDir: string, notes: LeftoverNotes): void {
  const file = join(homeDir, 'leftovers.json');
  try {
    writeFileSync(`${file}.tmp`, JSON.stringify(notes), { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    throw new GarrisonError('HOME_UNUSABLE', `cannot write ${file}: ${messageOf(error)}`, {
      cure: 'Free space there or mend the folder, then repeat the command.',
      cause: error,
    });
  }
}

function isNote(value: unknown): value is LeftoverNote {
  if (typeof value !== 'object' || value === null) return false;
  const { since, decision } = value as Partial<LeftoverNote>;
  return (since === null || typeof since === 'string') && (decision === null || isDecision(decision));
}

function isDecision(value: unknown): value is Decision {
  if (typeof value !== 'object' || value === null) return false;
  const { what, by, at, reason } = value as Partial<Decision>;
  return what === 'keep' && [by, at, reason].every((each) => typeof each === 'string');
}

export function leftoverBook(homeDir: string): {
  read(): LeftoverNotes;
  write(notes: LeftoverNotes): void;
} {
  return {
    read: () => readLeftoverNotes(homeDir),
    write: (notes) => {
      writeLeftoverNotes(homeDir, notes);
    },
  };
}

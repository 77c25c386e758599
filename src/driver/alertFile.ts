/**
 * Keeps over a restart of the supervisor which firings of alerts were acted on, and by which operation.
 * It holds nothing of what the alerts said.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GarrisonError, messageOf } from '../errors.ts';
import { readKept, type Keeping } from '../setAside.ts';

const Taken = z.array(
  z.object({
    key: z.string().max(200),
    at: z.iso.datetime(),
    operation: z.string().max(100).nullable(),
  }),
);

export type TakenAlerts = z.output<typeof Taken>;

const FILE = 'alerts.json';

/** A missing or damaged file counts as none taken; the damaged one is set aside. Throws HOME_UNUSABLE. */
export function readTakenAlerts(keeping: Omit<Keeping, 'name'>): TakenAlerts {
  const kept = readKept({ ...keeping, name: FILE }, (text) => Taken.parse(JSON.parse(text)));
  return kept.kind === 'read' ? kept.value : [];
}

/** On the disk when it returns. Throws HOME_UNUSABLE. */
export function writeTakenAlerts(homeDir: string, taken: readonly TakenAlerts[number][]): void {
  const file = join(homeDir, FILE);
  try {
    const handle = openSync(`${file}.tmp`, 'w', 0o600);
    try {
      writeSync(handle, `${JSON.stringify(taken)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    throw new GarrisonError('HOME_UNUSABLE', `cannot write ${file}: ${messageOf(error)}`, {
      cure: 'Free space there or mend the folder: nothing was done about the alert.',
      cause: error,
    });
  }
}

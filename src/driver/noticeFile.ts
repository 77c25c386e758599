/**
 * Keeps over a restart of the supervisor of which conditions people were told, so that they are told of their end and not twice.
 * It says nothing of whether they last: that is looked at anew.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readKept, type Keeping } from '../setAside.ts';

const Told = z.array(
  z.object({
    key: z.string(),
    severity: z.enum(['warning', 'error']),
    what: z.string(),
    command: z.string(),
    clearAfterMs: z.number().min(0),
    since: z.string(),
    at: z.iso.datetime(),
  }),
);

export type KeptNotices = z.output<typeof Told>;

const FILE = 'notices.json';

/** A missing or damaged file counts as nothing told: told twice is better than not started. Throws HOME_UNUSABLE. */
export function readNotices(keeping: Omit<Keeping, 'name'>): KeptNotices {
  const kept = readKept({ ...keeping, name: FILE }, (text) => Told.parse(JSON.parse(text)));
  return kept.kind === 'read' ? kept.value : [];
}

/** Throws what the file system says. */
export function writeNotices(homeDir: string, told: readonly KeptNotices[number][]): void {
  const file = join(homeDir, FILE);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(told)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

/**
 * Keeps over a restart of the supervisor what was done about containers, what is in quarantine and what in maintenance.
 * It says nothing of how a container is: that is looked at anew.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GarrisonError, messageOf } from '../errors.ts';

const Time = z.iso.datetime();
const Treatment = z.enum(['restart', 'killAndStart', 'start', 'stop']);
const Status = z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']);

const Container = z.object({
  id: z.string(),
  name: z.string(),
  restartsAt: z.array(Time).max(1000),
  treatments: z.int().min(0),
  failures: z.int().min(0),
  leftStopped: z.boolean(),
  quarantine: z.object({ since: Time, why: z.string() }).nullable(),
  underWay: z
    .object({
      how: Treatment,
      actor: z.string(),
      before: z.object({ status: Status, pid: z.int(), startedAt: z.string() }),
    })
    .nullable(),
});

const Maintenance = z.object({
  scope: z.string(),
  since: Time,
  until: Time,
  actor: z.string(),
  reason: z.string().nullable(),
});

const Healing = z.object({ containers: z.array(Container), maintenance: z.array(Maintenance) });

type KeptHealing = z.output<typeof Healing>;

const FILE = 'healing.json';

/** A missing file counts as nothing kept. Throws HOME_UNUSABLE on a damaged one: it may hold a quarantine. */
export function readHealing(homeDir: string): KeptHealing {
  const file = join(homeDir, FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return { containers: [], maintenance: [] };
    throw new GarrisonError('HOME_UNUSABLE', `cannot read ${file}: ${messageOf(error)}`, {
      cure: 'It holds what is in quarantine and in maintenance: let Garrison read it.',
      cause: error,
    });
  }
  try {
    return Healing.parse(JSON.parse(text));
  } catch (error) {
    throw new GarrisonError('HOME_UNUSABLE', `${file} is damaged: ${messageOf(error)}`, {
      cure: 'Look into it for what is in quarantine; remove it, and Garrison starts with nothing of that.',
      cause: error,
    });
  }
}

/** Throws HOME_UNUSABLE. */
export function writeHealing(homeDir: string, kept: KeptHealing | Readonly<Record<string, unknown>>): void {
  const file = join(homeDir, FILE);
  try {
    writeFileSync(`${file}.tmp`, `${JSON.stringify(kept)}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    throw new GarrisonError('HOME_UNUSABLE', `cannot write ${file}: ${messageOf(error)}`, {
      cure: 'Free space there or mend the folder.',
      cause: error,
    });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * Keeps over a restart of the supervisor what was done about containers, what is in quarantine and what in maintenance.
 * It says nothing of how a container is: that is looked at anew.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GarrisonError, messageOf } from '../errors.ts';
import { readKept, type Keeping } from '../setAside.ts';

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

/** So long nothing is restarted by itself after what was in quarantine was lost, unless a person ends it. */
const HELD_FOR_MS = 7 * 24 * 3_600_000;

/**
 * A missing file counts as nothing kept. After a damaged one everything is in maintenance: it may have held a quarantine,
 * and no automation lifts that. Throws HOME_UNUSABLE.
 */
export function readHealing(keeping: Omit<Keeping, 'name'>, at: string): KeptHealing {
  const kept = readKept({ ...keeping, name: FILE }, (text) => Healing.parse(JSON.parse(text)));
  switch (kept.kind) {
    case 'missing':
      return { containers: [], maintenance: [] };
    case 'read':
      return kept.value;
    case 'damaged': {
      const held = { containers: [], maintenance: [maintenanceOfAll(at)] };
      // Kept at once: the damaged file is no longer there to hold them back at the next start.
      writeHealing(keeping.homeDir, held);
      return held;
    }
  }
}

function maintenanceOfAll(since: string): KeptHealing['maintenance'][number] {
  const until = new Date(Date.parse(since) + HELD_FOR_MS).toISOString();
  const reason = `${FILE} was damaged: what was in quarantine is not known`;
  return { scope: 'all', since, until, actor: 'garrison', reason };
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

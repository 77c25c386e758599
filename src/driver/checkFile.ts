/**
 * Keeps over a restart of the supervisor what checks and surveys found on the hosts, and when scheduled work was last begun.
 * It says nothing of how a host is now: only the next look does.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GarrisonError, messageOf } from '../errors.ts';
import { readKept, type Keeping } from '../setAside.ts';

const Time = z.iso.datetime();
const Texts = z.array(z.string());

const Finding = z.object({
  account: z.string(),
  kinds: z.array(z.enum(['account', 'key', 'group', 'rule', 'conflict', 'blocked'])),
  reason: z.string(),
  what: Texts,
  push: z.string(),
  at: Time,
  since: Time,
});

const Host = z.object({
  at: Time.nullable(),
  push: z.string().nullable(),
  unreached: z.object({ since: Time, push: z.string(), reason: z.string(), detail: z.string() }).nullable(),
  findings: z.array(Finding),
});

const LeftoverSeen = z.object({
  host: z.string(),
  account: z.string(),
  kind: z.enum(['leftover', 'byHand']),
  since: Time.nullable(),
  state: z.string(),
  isLocked: z.boolean(),
  lastLogin: z.string().nullable(),
  processes: z.number().nullable(),
  running: Texts,
  sessions: z.number().nullable(),
  crontab: z.boolean().nullable(),
  filesElsewhere: z.object({ count: z.number(), isAtLeast: z.boolean() }).nullable(),
  decision: z
    .object({ what: z.literal('keep'), by: z.string(), at: z.string(), reason: z.string() })
    .nullable(),
  seenAt: Time,
});

const Task = z.object({
  timetable: z.string(),
  seenAt: Time,
  begunAt: Time.nullable(),
  end: z.object({ at: Time, outcome: z.enum(['done', 'held', 'failed']), detail: z.string() }).nullable(),
});

const Checks = z.object({
  hosts: z.record(z.string(), Host),
  leftovers: z.array(LeftoverSeen),
  tasks: z.object({ sync: Task, check: Task, leftovers: Task }).partial(),
  running: z
    .object({
      task: z.enum(['sync', 'check', 'leftovers']),
      step: z.enum(['look', 'push']),
      since: Time,
      pushes: Texts.nullable(),
    })
    .nullable(),
  held: z.object({ since: Time, why: z.string() }).nullable(),
  lastCheckAt: Time.nullable(),
});

type KeptChecks = z.output<typeof Checks>;

const FILE = 'checks.json';

/** Null where nothing is kept, or what was is damaged: then the next looks find it anew. Throws HOME_UNUSABLE. */
export function readChecks(keeping: Omit<Keeping, 'name'>): KeptChecks | null {
  const kept = readKept({ ...keeping, name: FILE }, (text) => Checks.parse(JSON.parse(text)));
  return kept.kind === 'read' ? kept.value : null;
}

/** Throws HOME_UNUSABLE. */
export function writeChecks(homeDir: string, kept: object): void {
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

/**
 * Keeps the rows of wrong tries in locks.json (0600) of the home folder, so that a restart ends no lock.
 * It never holds a name that is no account, and a damaged file never keeps the supervisor from starting.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { ledgerOf, type Ledger, type Row } from '../detector/loginLock.ts';
import { messageOf } from '../errors.ts';
import type { OnSetAside } from '../setAside.ts';
import type { ServerLogger } from './newApp.ts';
import { readPrivate, writePrivate } from './privateFile.ts';
import { USER_NAME, type UserStore } from './userStore.ts';

/** With the wall's times: the monotonic clock begins anew with the machine. */
const StoredRow = z.strictObject({
  account: z.string().regex(USER_NAME),
  source: z.string().max(64),
  tries: z.int().min(1),
  lastAt: z.iso.datetime(),
  until: z.iso.datetime().nullable(),
});
const LockFile = z.strictObject({ rows: z.array(StoredRow) });
type Stored = z.output<typeof StoredRow>;

export interface LockFileNeeds {
  readonly users: UserStore;
  readonly lockMs: number;
  readonly logger: ServerLogger;
  readonly onSetAside: OnSetAside;
  /** Monotonic. */
  readonly clock: () => number;
  /** The wall's time so many milliseconds from now. */
  readonly wallIn: (ms: number) => string;
}

export interface OpenLockFile {
  readonly earlier: Ledger;
  /** Written soon: after the answer, whose time must not tell that an account exists, and once for a flood's many. */
  readonly keep: (ledger: Ledger) => void;
  readonly flush: () => void;
}

const FILE = 'locks.json';
const WRITE_AFTER_MS = 500;

export function openLockFile(homeDir: string, needs: LockFileNeeds): OpenLockFile {
  const file = join(homeDir, FILE);
  const { logger, clock, wallIn } = needs;
  let unwritten: Ledger | null = null;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (unwritten === null) return;
    const nowMs = clock();
    const rows = [...unwritten.values()].map(({ lastAtMs, untilMs, ...row }) => ({
      ...row,
      lastAt: wallIn(lastAtMs - nowMs),
      until: untilMs === null ? null : wallIn(untilMs - nowMs),
    }));
    unwritten = null;
    try {
      writePrivate(file, { rows });
    } catch (error) {
      logger.error({ file, why: messageOf(error) }, `${file} cannot be written: a restart would end locks`);
    }
  };
  const keep = (ledger: Ledger): void => {
    unwritten = ledger;
    timer ??= setTimeout(flush, WRITE_AFTER_MS).unref();
  };
  return { earlier: ledgerOf(readRows(homeDir, needs)), keep, flush };
}

function readRows(homeDir: string, needs: LockFileNeeds): readonly Row[] {
  const stored = readPrivate({ homeDir, name: FILE, onSetAside: needs.onSetAside }, LockFile)?.rows ?? [];
  return stored.flatMap((row) => rowOf(row, needs));
}

/** None of an account that is gone, or was made after it; a clock that was set back makes no lock longer. */
function rowOf(row: Stored, { users, lockMs, clock, wallIn }: LockFileNeeds): Row[] {
  const { account, source, tries, lastAt, until } = row;
  const user = users.find(account);
  if (user === null || Date.parse(user.createdAt) > Date.parse(lastAt)) return [];
  const nowMs = clock();
  const fromNowMs = (at: string): number => Date.parse(at) - Date.parse(wallIn(0));
  const lastAtMs = nowMs + Math.min(0, fromNowMs(lastAt));
  const untilMs = until === null ? null : nowMs + Math.min(lockMs, fromNowMs(until));
  return [{ account, source, tries, lastAtMs, untilMs }];
}

/**
 * Removes log files and incident folders that are older or larger in sum than the configuration keeps.
 * It is given the limits and never touches what is not in those two folders.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GarrisonError } from '../errors.ts';
import { isJobId } from '../push/job.ts';

const SOON_MS = 30_000;
const SWEEP_INTERVAL_MS = 3_600_000;
const MOST_INCIDENTS = 1_000;

interface Kept {
  readonly path: string;
  readonly sizeBytes: number;
  readonly changedMs: number;
}

/** Sweeps now and every hour until the returned function is called; `forget` removes old records and names their jobs. */
export function startSweeping(sweep: {
  readonly homeDir: string;
  readonly limits: { readonly jobsMs: number; readonly logsBytes: number; readonly incidentsMs: number };
  readonly forget: (beforeMs: number) => Promise<string[]>;
  readonly onFailure: (error: unknown) => void;
}): () => void {
  const { homeDir, limits } = sweep;
  const once = async (): Promise<void> => {
    const wallMs = Date.now();
    await removeIncidentsBefore(homeDir, wallMs - limits.incidentsMs);
    await keepNewestIncidents(homeDir, MOST_INCIDENTS);
    await shrinkLogs(homeDir, limits.logsBytes);
    await removeLogs(homeDir, await sweep.forget(wallMs - limits.jobsMs));
  };
  const run = (): void => void once().catch(sweep.onFailure);
  run();
  // Redis is seldom up at the very start; the first sweep that can forget records comes soon after.
  const soon = setTimeout(run, SOON_MS).unref();
  const timer = setInterval(run, SWEEP_INTERVAL_MS);
  return () => {
    clearTimeout(soon);
    clearInterval(timer);
  };
}

/** Where a job's log lies. Throws when the id could lead out of the folder. */
export function logFileOf(homeDir: string, jobId: string): string {
  if (!isJobId(jobId)) throw new GarrisonError('INTERNAL', 'a job id that is none was asked for its log');
  return join(homeDir, 'logs', `${jobId}.log`);
}

export async function removeLogs(homeDir: string, jobIds: readonly string[]): Promise<void> {
  await Promise.all(jobIds.filter(isJobId).map((jobId) => rm(logFileOf(homeDir, jobId), { force: true })));
}

/** Removes the oldest logs until the rest fits; returns how many went. */
export async function shrinkLogs(homeDir: string, limitBytes: number): Promise<number> {
  const files = await list(join(homeDir, 'logs'));
  files.sort((a, b) => b.changedMs - a.changedMs);
  let sumBytes = 0;
  let removed = 0;
  for (const file of files) {
    // One that is too long by itself takes none of the others along.
    if (file.sizeBytes <= limitBytes) sumBytes += file.sizeBytes;
    if (file.sizeBytes <= limitBytes && sumBytes <= limitBytes) continue;
    await rm(file.path, { force: true });
    removed += 1;
  }
  return removed;
}

export async function removeIncidentsBefore(homeDir: string, beforeMs: number): Promise<number> {
  const old = (await list(join(homeDir, 'incidents'))).filter((entry) => entry.changedMs < beforeMs);
  await Promise.all(old.map((entry) => rm(entry.path, { recursive: true, force: true })));
  return old.length;
}

/** A worker that fails for ever leaves one each minute. */
export async function keepNewestIncidents(homeDir: string, most: number): Promise<void> {
  const entries = await list(join(homeDir, 'incidents'));
  entries.sort((a, b) => b.changedMs - a.changedMs);
  for (const entry of entries.slice(most)) await rm(entry.path, { recursive: true, force: true });
}

async function list(folder: string): Promise<Kept[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = await readdir(folder);
  const entries = await Promise.all(
    names.map(async (name): Promise<Kept | null> => {
      const path = join(folder, name);
      // Gone between the two calls: nothing left to keep or remove.
      const found = await stat(path).catch(() => null);
      return found === null ? null : { path, sizeBytes: found.size, changedMs: found.mtimeMs };
    }),
  );
  return entries.filter((entry) => entry !== null);
}

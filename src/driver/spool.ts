/**
 * Keeps final job records on disk while they are on their way to Redis.
 * It never changes a record and removes one only when told that it has arrived.
 */
import { mkdir, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isJobId, type JobRecord } from '../push/job.ts';
import { writeDurably } from './durableFile.ts';

export interface Spool {
  put(job: JobRecord): Promise<void>;
  remove(job: JobRecord): Promise<void>;
  list(): Promise<JobRecord[]>;
}

export async function openSpool(homeDir: string): Promise<Spool> {
  const folder = join(homeDir, 'spool');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileOf = (job: JobRecord): string => join(folder, `${job.id}.${String(job.revision)}.json`);
  return {
    put: (job) => writeDurably(fileOf(job), JSON.stringify(job)),
    remove: (job) => unlink(fileOf(job)).catch(ignoreMissing),
    list: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
      const read = await Promise.all(names.map((name) => readRecord(join(folder, name))));
      return read.filter((job) => job !== null);
    },
  };
}

/** A file that is no record is set aside under another name, so that one damaged file never holds up the others. */
async function readRecord(file: string): Promise<JobRecord | null> {
  const text = await readFile(file, 'utf8');
  try {
    const job = JSON.parse(text) as JobRecord;
    if (isJobId(job.id)) return job;
  } catch {
    // Not JSON: set aside below.
  }
  await rename(file, `${file}.damaged`);
  return null;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

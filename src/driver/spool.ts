/**
 * Keeps final job records on disk while they are on their way to Redis.
 * It never changes a record and removes one only when told that it has arrived.
 */
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isJobId, type JobRecord } from '../push/job.ts';
import { keepFolder, readKept, type OnSetAside } from '../setAside.ts';
import { writeDurably } from './durableFile.ts';

export interface Spool {
  put(job: JobRecord): Promise<void>;
  remove(job: JobRecord): Promise<void>;
  list(): Promise<JobRecord[]>;
}

const FOLDER = 'spool';

/** Sets aside what is no folder, and later each file that is no record. Throws HOME_UNUSABLE. */
export function openSpool(homeDir: string, onSetAside: OnSetAside = () => undefined): Promise<Spool> {
  keepFolder({ homeDir, name: FOLDER, onSetAside });
  const folder = join(homeDir, FOLDER);
  const fileOf = (job: JobRecord): string => join(folder, `${job.id}.${String(job.revision)}.json`);
  return Promise.resolve({
    put: (job) => writeDurably(fileOf(job), JSON.stringify(job)),
    remove: (job) => unlink(fileOf(job)).catch(ignoreMissing),
    list: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
      return names.flatMap((name) => {
        const kept = readKept({ homeDir, name: join(FOLDER, name), onSetAside }, recordIn);
        return kept.kind === 'read' ? kept.value : [];
      });
    },
  });
}

/** What every reader of a record relies on. */
function recordIn(text: string): JobRecord {
  const job = JSON.parse(text) as Partial<JobRecord>;
  const { id, revision, pushId, host, state, createdAt } = job;
  const words: readonly unknown[] = [pushId, host, state, createdAt];
  if (typeof id !== 'string' || !isJobId(id) || !Number.isSafeInteger(revision)) throw new Error('no record');
  if (words.some((word) => typeof word !== 'string')) throw new Error('half a record');
  return job as JobRecord;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

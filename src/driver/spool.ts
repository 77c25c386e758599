/**
 * Keeps final job records on disk while they are on their way to Redis; those of one batch are one file.
 * It never changes a record and removes a batch only when told that all of it has arrived.
 */
import { createHash } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isJobId, type JobRecord } from '../push/job.ts';
import { keepFolder, readKept, type OnSetAside } from '../setAside.ts';
import { writeDurably } from './durableFile.ts';

/** Never empty. */
export type Batch = readonly JobRecord[];

export interface Spool {
  put(batch: Batch): Promise<void>;
  remove(batch: Batch): Promise<void>;
  list(): Promise<Batch[]>;
}

const FOLDER = 'spool';

/** Sets aside what is no folder, and later each file that is no record. Throws HOME_UNUSABLE. */
export function openSpool(homeDir: string, onSetAside: OnSetAside = () => undefined): Promise<Spool> {
  keepFolder({ homeDir, name: FOLDER, onSetAside });
  const folder = join(homeDir, FOLDER);
  const fileOf = (batch: Batch): string => join(folder, nameOf(batch));
  return Promise.resolve({
    put: (batch) => writeDurably(fileOf(batch), batch.map((job) => JSON.stringify(job)).join('\n')),
    remove: (batch) => unlink(fileOf(batch)).catch(ignoreMissing),
    list: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
      return names.flatMap((name) => {
        const kept = readKept({ homeDir, name: join(FOLDER, name), onSetAside }, recordsIn);
        return kept.kind === 'read' ? [kept.value] : [];
      });
    },
  });
}

/** The same records have the same name, whenever they are put; others have another. */
function nameOf(batch: Batch): string {
  const [first] = batch;
  if (first === undefined) throw new Error('a batch of no records');
  const name = `${first.id}.${String(first.revision)}`;
  if (batch.length === 1) return `${name}.json`;
  const all = batch.map(({ id, revision }) => `${id}.${String(revision)}`).join(' ');
  return `${name}.${createHash('sha256').update(all).digest('hex').slice(0, 16)}.json`;
}

function recordsIn(text: string): Batch {
  return text.split('\n').map(recordIn);
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

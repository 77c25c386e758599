/**
 * Reads how old the heartbeat files of a container's celery workers are, through the root folder of its first process.
 * It runs nothing in the container, opens no file there, and follows no link.
 */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import type { CeleryBeat } from '../reconciler/checkup.ts';

/** A folder of a container may hold anything. */
const MOST_ENTRIES = 10_000;
const HEARTBEAT = /^worker_heartbeat_([A-Za-z0-9_,.@-]{1,100})$/;

/** Null where the container is no worker's, or its folders cannot be seen from here. */
export async function celeryBeatsIn(
  { name, service, pid, process: state }: Pick<ContainerFacts, 'name' | 'service' | 'pid' | 'process'>,
  nowWallMs: number,
): Promise<readonly CeleryBeat[] | null> {
  const isWorkers = [name, service ?? ''].some((each) => /(?:^|[_-])celery(?:$|[_-])/.test(each));
  if (!isWorkers || state !== 'alive' || pid <= 1) return null;
  return celeryBeatsBelow(`/proc/${String(pid)}/root`, nowWallMs);
}

export async function celeryBeatsBelow(
  root: string,
  nowWallMs: number,
): Promise<readonly CeleryBeat[] | null> {
  const folder = join(root, 'tmp');
  const beats: CeleryBeat[] = [];
  try {
    // A link to an absolute path would lead out of the container.
    if (!(await lstat(folder)).isDirectory()) return null;
    let entries = 0;
    for await (const { name } of await opendir(folder)) {
      entries += 1;
      if (entries > MOST_ENTRIES) break;
      const worker = HEARTBEAT.exec(name)?.[1];
      if (worker === undefined) continue;
      const stats = await lstat(join(folder, name)).catch(() => null);
      if (stats?.isFile() === true) beats.push({ worker, ageMs: Math.max(0, nowWallMs - stats.mtimeMs) });
    }
  } catch {
    return null;
  }
  return beats.sort((one, other) => (one.worker < other.worker ? -1 : 1));
}

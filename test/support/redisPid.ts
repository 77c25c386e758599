/**
 * Finds the redis-server of one garrison, so that a test stops or kills that one and no other.
 * It never signals anything itself.
 */
import { readFileSync } from 'node:fs';

export function redisPidOf(supervisorPid: number): number {
  const pid = String(supervisorPid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const found = children.find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith('redis-server'),
  );
  if (found === undefined) throw new Error(`pid ${pid} has no redis-server`);
  return Number(found);
}

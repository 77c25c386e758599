/**
 * Starts the OpenSSH master of a kept connection, tied to this worker, and says which jobs might share one.
 * It lends nothing and ends nothing.
 */
import { statSync } from 'node:fs';
import { agentOf, type PushTask } from '../push/job.ts';
import { entryId, KEPT_ID } from '../queueName.ts';
import { certificateFileOf } from './certificateFile.ts';
import { startSilentSsh } from './ssh.ts';
import { masterArguments } from './sshArguments.ts';

/** Null when it cannot be known that two connections would be the same. */
export function connectionKey(task: PushTask): string | null {
  const { host, ssh } = task;
  const files = [ssh.identityFile, certificateFileOf(task).path, ...ssh.knownHostsFiles];
  // Of an agent only another one at its socket is seen, not what it holds.
  const agents = [agentOf(task), ssh.agent ?? null].filter((agent) => agent !== null);
  try {
    return JSON.stringify([host, ssh, [...files, ...agents].map(stampOf)]);
  } catch {
    return null;
  }
}

/** Another one after each change of the file, also of one put in its place. */
function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'none' : [stat.dev, stat.ino, stat.size, stat.ctimeNs].join(' ');
}

/** Nobody reads what it says: a job that cannot use it hears the same from its own connection. */
export function startMaster(
  task: PushTask,
  { controlPath, number }: { controlPath: string; number: number },
): ReturnType<typeof startSilentSsh> {
  return startSilentSsh(masterArguments(task, controlPath), entryId(KEPT_ID, number));
}

/**
 * Makes of a job what a worker needs to run it: the host's address, the limits, where its log goes.
 * It gives none out whose host is gone, or whose grant says something else by now.
 */
import { logFileOf } from './driver/retention.ts';
import { isStillGranted } from './grantsFile.ts';
import { pushTask, type Fence, type JobRecord, type PushTask } from './push/job.ts';
import type { Joining } from './rooms.ts';

export function taskFor(
  job: JobRecord,
  fence: Fence,
  { book, config }: Joining,
): PushTask | 'hostGone' | 'grantGone' {
  const host = book.address(job.host);
  if (host === null) return 'hostGone';
  if (job.granted === true && !isStillGranted(config.home, book, job)) return 'grantGone';
  const ssh = { ...config.ssh, knownHostsFiles: book.knownHostsFiles };
  return pushTask(job, { fence, host, ssh, logFile: logFileOf(config.home, job.id) });
}

/**
 * Makes of a job what a worker needs to run it: the host's address, the limits, where its log goes.
 * It gives none out whose host is gone, whose grant says something else by now, or whose secret no key opens.
 */
import { logFileOf } from './driver/retention.ts';
import { isStillGranted } from './grantsFile.ts';
import { SecretKeys } from './driver/secretKeys.ts';
import { placeOfSecrets, pushTask, type Fence, type JobRecord, type PushTask } from './push/job.ts';
import type { Joining } from './rooms.ts';

export function taskFor(
  job: JobRecord,
  fence: Fence,
  { book, config }: Joining,
): PushTask | 'hostGone' | 'grantGone' | { readonly unreadable: string } {
  const host = book.address(job.host);
  if (host === null) return 'hostGone';
  if (job.granted === true && !isStillGranted(config.home, book, job)) return 'grantGone';
  const ssh = { ...config.ssh, knownHostsFiles: book.knownHostsFiles };
  const order = { fence, host, ssh, logFile: logFileOf(config.home, job.id) };
  if (job.sealed === undefined) return pushTask(job, order);
  // In clear from here to the worker's pipe, and nowhere else.
  const opened = new SecretKeys(config.home).open(job.sealed.passwordHash, placeOfSecrets(job.pushId));
  return 'text' in opened
    ? pushTask(job, { ...order, secrets: { passwordHash: opened.text } })
    : { unreadable: opened.unreadable };
}

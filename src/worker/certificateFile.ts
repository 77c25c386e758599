/**
 * Says where ssh looks for the certificate of a login.
 * It opens nothing.
 */
import type { PushTask } from '../push/job.ts';

/** ssh takes the one beside the key by itself, unless the inventory names another. */
export function certificateFileOf({ host, ssh }: PushTask): {
  readonly path: string;
  readonly isNamed: boolean;
} {
  const named = host.way?.options?.['CertificateFile'];
  return { path: named ?? `${ssh.identityFile}-cert.pub`, isNamed: named !== undefined };
}

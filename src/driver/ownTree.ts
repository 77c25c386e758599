/**
 * What tells this supervisor's own tree from strangers: the mark that all it starts inherits, and whether the kernel may give it orphans of others.
 * It signals nothing and starts nothing.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Adoption } from '../reconciler/guard.ts';

/** In the environment of everything that this supervisor starts (spawn.ts); another run, and another Garrison, has another. */
export const OWN_MARK = randomBytes(16).toString('hex');

/** Found once, before anything was started. */
export const ADOPTION: Adoption = process.pid === 1 || hasInheritedChildren() ? 'anyone' : 'ownTree';

/**
 * `sshd & exec garrison up`: exec keeps the children of the shell that stood here before, and their orphans come here too.
 * They lie under the main thread; what other threads have started since (tsx has) does not.
 */
function hasInheritedChildren(): boolean {
  try {
    const pid = String(process.pid);
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() !== '';
  } catch {
    // Not every kernel tells; then nothing is concluded from a mere adoption.
    return true;
  }
}

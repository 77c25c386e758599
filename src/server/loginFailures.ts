/**
 * Counts who was not let in: a sign-in link, a token or a password that is not good, a name that is no account, a lock, too many tries.
 * A session that has run out is none of these: a page that was left open would look like an attack.
 */
import { Tally } from './tally.ts';

export type LoginKind = 'link' | 'token' | 'password' | 'unknownName' | 'locked' | 'tooMany';

const KINDS: readonly LoginKind[] = ['link', 'token', 'password', 'unknownName', 'locked', 'tooMany'];

export class LoginFailures {
  readonly tally = new Tally([[...KINDS]]);

  note(kind: LoginKind): void {
    this.tally.add(kind);
  }
}

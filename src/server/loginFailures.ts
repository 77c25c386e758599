/**
 * Counts who was not let in: a sign-in link or a token that is not good.
 * A session that has run out is none of these: a page that was left open would look like an attack.
 */
import { Tally } from './tally.ts';

export type LoginKind = 'link' | 'token';

export class LoginFailures {
  readonly tally = new Tally([['link', 'token'] satisfies LoginKind[]]);

  note(kind: LoginKind): void {
    this.tally.add(kind);
  }
}

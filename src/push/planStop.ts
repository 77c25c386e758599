/**
 * The two ways in which a plan comes to nothing: somebody else's account, or a host that lacks something.
 * It never decides which.
 */
import type { Judged } from './plan.ts';
import type { Reason } from './reason.ts';

type Words = Readonly<Record<string, string>>;

export function conflict(reason: Reason, words: Words = {}): Judged {
  return { verdict: 'conflict', reason, words };
}

/** The host lacks something, or has something in the way, and the reason names the cure. */
export function blocked(reason: Reason, words: Words = {}): Judged {
  return { verdict: 'blocked', reason, words };
}

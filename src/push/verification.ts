/**
 * Says how the result of a push was verified: by what its host saw of its own settings and files, or by a login as the account.
 * It proves nothing itself, and never says more than was seen.
 */
import type { HostOutcome, HostResult, JobKind } from './job.ts';
import { reasonSentence } from './reason.ts';

type Verification = Pick<HostResult, 'verified' | 'verifiedBy'>;

/** Of the host's own words; nothing where there is nothing to verify. */
export function verification(
  kind: JobKind,
  outcome: HostOutcome,
  facts: Readonly<Record<string, string>>,
): Verification {
  if (kind !== 'push' || (outcome !== 'changed' && outcome !== 'unchanged')) return {};
  const { verified, proofs = '', unseen = '' } = facts;
  if (verified !== 'static')
    return {
      verified: 'none',
      verifiedBy: 'the host only looked at the account once more, nothing else was seen',
    };
  const seen = proofs === '' ? 'there is nothing to log in with' : proofs;
  return { verified: 'static', verifiedBy: `${seen}${unseen === '' ? '' : `; not seen: ${unseen}`}` };
}

/** How a second connection as the account ended; `said` is what ssh said. */
export type LoginProof =
  | { readonly kind: 'loggedIn' }
  | { readonly kind: 'refused'; readonly said: string }
  /** Something else than the account stood in the way. */
  | { readonly kind: 'untold'; readonly said: string };

/** True where a login may be tried: the account has the very key that Garrison logs in with. */
export function holdsKey(result: HostResult, keys: readonly string[], ownKey: string | null): boolean {
  if (ownKey === null || result.verified === undefined) return false;
  const own = identityOf(ownKey);
  return keys.some((key) => identityOf(key) === own);
}

/** The result, with what the login showed. A refused one was no success. */
export function withLogin(
  result: HostResult,
  proof: LoginProof,
  { account, host }: { readonly account: string; readonly host: string },
): HostResult {
  switch (proof.kind) {
    case 'loggedIn':
      return {
        ...result,
        verified: 'login',
        verifiedBy: `a second connection logged in as ${account}${result.verifiedBy === undefined ? '' : `; ${result.verifiedBy}`}`,
      };
    case 'untold':
      return {
        ...result,
        verifiedBy: `${result.verifiedBy ?? ''}; a login could not be tried (${proof.said})`,
      };
    case 'refused': {
      const left = `a login as ${account} with its key is refused (${proof.said})`;
      const cure = `look into the log of sshd on ${host}, which says why`;
      const detail = reasonSentence('VerifyFailed', { account, host, left, cure });
      return { ...withoutProof(result), outcome: 'failed', stage: 'verify', reason: 'VerifyFailed', detail };
    }
  }
}

function withoutProof(result: HostResult): HostResult {
  const { stage, outcome, reason, detail, changes, facts, replayed, at } = result;
  return { stage, outcome, reason, detail, changes, facts, replayed, at };
}

/** `type base64` of a key line. */
function identityOf(line: string): string {
  return line.trim().split(/\s+/, 2).join(' ');
}

/**
 * Says what a revoke would do: end the access of an account of ours, or take back what we added to somebody else's.
 * It changes nothing, and never locks what was there before Garrison.
 */
import type { HostFacts, PresentAccount } from './hostFacts.ts';
import type { Judged, PlannedChange } from './plan.ts';
import { keyName } from './planText.ts';

/** Of an account that is ours, or absent. */
export function planRevoke(facts: HostFacts): Judged {
  const { account, sudo, mark } = facts;
  const dropRule: readonly PlannedChange[] =
    sudo.file === 'ours' && mark.mark === 'ours'
      ? [{ code: 'sudo-removed', what: 'our rule', before: 'our rule' }]
      : [];
  if (account === null)
    return dropRule.length === 0
      ? { verdict: 'unchanged', reason: 'AccountAbsent' }
      : { verdict: 'change', reason: 'AccountRevoked', changes: dropRule };
  if (mark.claim === 'adopt' || mark.claim === 'keysOnly') return planRelease(facts, account, dropRule);
  const isLocked = account.isLocked && account.isExpired;
  const lock: readonly PlannedChange[] = isLocked
    ? []
    : [{ code: 'account-locked', what: 'password locked, account expired', before: 'open' }];
  const changes = [...dropRule, ...lock, ...ofOurKeys(mark)];
  return changes.length === 0 && mark.state === 'revoked'
    ? { verdict: 'unchanged', reason: 'AlreadyRevoked', words: liveWords(account) }
    : { verdict: 'change', reason: 'AccountRevoked', changes, words: liveWords(account) };
}

/** What was somebody's before is left unlocked, without what we added. */
function planRelease(
  { mark, memberOf }: HostFacts,
  account: PresentAccount,
  dropRule: readonly PlannedChange[],
): Judged {
  const groups = (mark.claim === 'keysOnly' ? [] : mark.groups)
    .filter((group) => memberOf.includes(group))
    .map((what) => ({ code: 'groups-removed' as const, what, before: what }));
  const changes = [...dropRule, ...groups, ...ofOurKeys(mark)];
  return changes.length === 0
    ? { verdict: 'unchanged', reason: 'AlreadyReleased', words: liveWords(account) }
    : { verdict: 'change', reason: 'AccountReleased', changes, words: liveWords(account) };
}

function ofOurKeys({ keysThere }: HostFacts['mark']): readonly PlannedChange[] {
  return keysThere.map((key) => ({ code: 'keys-removed', what: keyName(key), before: keyName(key) }));
}

function liveWords({ processes }: PresentAccount): Readonly<Record<string, string>> {
  return { liveProcesses: String(processes) };
}

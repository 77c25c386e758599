/**
 * Says a plan in words: each change with what was there before, all of it in a line, and what should be known before saying yes.
 * It judges nothing: which changes there are was found elsewhere.
 */
import { unreachable } from '../errors.ts';
import { leavesKeys, type AccountWish } from './account.ts';
import type { HostFacts } from './hostFacts.ts';
import { claimNow } from './ownership.ts';
import type { AccountPlan, ChangeCode, PlannedChange, PlannedKind, PlanVerdict } from './plan.ts';

const DOES: Readonly<Record<ChangeCode, string>> = {
  'account-created': 'create',
  'account-adopted': 'adopt',
  'account-taken': 'take over',
  'password-removed': 'remove password',
  'password-set': 'set password',
  'account-unlocked': 'unlock it',
  'shell-set': 'set shell',
  'comment-set': 'set comment',
  'groups-added': 'add to group',
  'groups-removed': 'remove from group',
  'keys-added': 'add key',
  'keys-removed': 'remove key',
  'sudo-written': 'write sudo rule',
  'sudo-removed': 'remove sudo rule',
  'account-locked': 'lock it',
  'keys-restored': 'give its authorized_keys back',
  'access-restored': 'give back',
  'home-archived': 'archive',
  'account-removed': 'remove account',
  'home-removed': 'remove',
  'crontab-removed': 'remove',
};

/** One change as people read it: what is done, and what was there before where that is told. */
export function changeText({ code, what, before }: PlannedChange): string {
  const isReplaced = before !== null && before !== what && before !== '';
  return `${DOES[code]}: ${what}${isReplaced ? ` (now: ${before})` : ''}`;
}

/** All of a plan in one line. */
export function plannedText({ changes }: Pick<AccountPlan, 'changes'>): string {
  return changes.length === 0 ? 'nothing, it is as wished' : changes.map(changeText).join('; ');
}

/** What a person should know of the account before saying yes. */
export function notesOf(
  of: PlannedKind,
  verdict: PlanVerdict,
  { account, sudo, mark, taking }: HostFacts,
): readonly string[] {
  if (account === null) return [];
  const { uid, groups, password, keyLines, processes } = account;
  const notes: string[] = [];
  if (verdict === 'conflict')
    notes.push(
      `it is there: uid ${String(uid)}, home ${account.home}, shell ${account.shell}, password ${password}, groups ${groups.join(' ')}, ${count(keyLines, 'key')} of its own`,
    );
  for (const line of sudo.lines) notes.push(`a sudo rule of somebody else names it and stays: ${line}`);
  if (of === 'revoke' && processes > 0)
    notes.push(`${count(processes, 'process', 'processes')} of it run and are not ended`);
  const kept = keyLines - mark.keysThere.length;
  if (verdict !== 'conflict' && taking === null && kept > 0)
    notes.push(`${count(kept, 'key')} of others stay`);
  return notes;
}

/** What becomes of the password that is there, and of the keys where only a password is wished. */
export function passwordNotes(
  wish: AccountWish,
  verdict: PlanVerdict,
  { account, mark, taking }: HostFacts,
): readonly string[] {
  if (account === null || taking !== null || verdict === 'conflict' || verdict === 'blocked') return [];
  if (wish.passwordHash === undefined)
    return mark.hasPassword && account.password === 'set' ? ['the password that Garrison set stays'] : [];
  return [
    ...(account.isPasswordWished ? ['its password is the wished one'] : []),
    ...(leavesKeys(wish) ? ['its keys are left alone: none is named beside the password'] : []),
  ];
}

/** What a choice of a person leaves as it is, and what it takes away. */
export function choiceNotes(wish: AccountWish, verdict: PlanVerdict, facts: HostFacts): readonly string[] {
  const { account } = facts;
  const claim = claimNow(wish, facts);
  if (claim === 'none' || account === null || verdict === 'conflict' || verdict === 'blocked') return [];
  const has = `password ${account.password}, shell ${account.shell}, groups ${account.groups.join(' ')}, ${count(account.keyLines, 'key')}`;
  switch (claim) {
    case 'adopt':
      return [
        `it was made by somebody else and is Garrison's from now on; what it has stays: ${has}`,
        'a later revoke takes away what Garrison added, and does not lock it',
      ];
    case 'keysOnly':
      return [
        "it stays somebody else's; nothing but keys is added, and a later revoke takes just these away",
      ];
    case 'takeOver':
      return [
        `it was made by somebody else and is wholly Garrison's from now on; what it has is lost: ${has}`,
        'its home and files stay, and a later revoke locks it',
      ];
    default:
      return unreachable(claim);
  }
}

/** Short enough to read, long enough to tell two keys apart. */
export function keyName(key: string): string {
  const [type = '', blob = '', ...comment] = key.split(' ');
  const words = comment.join(' ');
  return `${type} …${blob.slice(-12)}${words === '' ? '' : ` (${words})`}`;
}

export function sudoText({ sudo }: AccountWish): string {
  switch (sudo.kind) {
    case 'none':
      return 'none';
    case 'all':
      return 'all commands, without a password';
    case 'commands':
      return sudo.commands.join(', ');
    default:
      return unreachable(sudo);
  }
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${String(n)} ${n === 1 ? one : many}`;
}

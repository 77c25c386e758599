/**
 * The closed set of reasons a host's result can have, and for each one the sentence with its cure.
 * It decides nothing: which reason it is was found elsewhere.
 */

/** Words in braces are filled in; a word nobody knows is left out together with its brackets. */
const SENTENCES = {
  AccountPushed: '{account} on {host} is now as wished.',
  AlreadyAsWished: '{account} on {host} was already as wished; nothing was changed.',
  AccountRevoked:
    '{account} on {host} can no longer log in. Its home, files and groups are kept; {liveProcesses} of its processes still run.',
  AlreadyRevoked:
    '{account} on {host} was already revoked; nothing was changed. {liveProcesses} of its processes still run.',
  AccountReleased:
    'all that Garrison had added to {account} on {host} is removed. The account was there before Garrison and is not locked: it may still log in with what is its own. {liveProcesses} of its processes run.',
  AlreadyReleased:
    "nothing that Garrison added is left in {account} on {host}; nothing was changed. The account is somebody else's work and is not locked.",
  AccountAbsent: 'there is no account {account} on {host}; nothing was done.',
  CheckPassed: 'connect, login, root and tools on {host} are fine ({system}).',

  PlanMade: 'what would be done to {account} on {host}: {planned}.',
  HostChangedSincePlan:
    '{host} is not as it was when the plan was made; nothing was touched. Make a new plan and look at what is different.',
  PlanDiffers:
    'the script on {host} came to something else than the plan ({said}); nothing was touched. Make a new plan.',
  SurveyMade: '{host} has {owned}.',

  AccountRemoved:
    '{account} is gone from {host}; its home and crontab are in {archive} there. Nothing removes that archive.',
  AccountNotRevoked:
    '{account} on {host} is not locked by a revoke of ours; nothing was touched. Lock it first: `garrison leftovers lock {account} --on {host}`.',
  AccountRuns:
    '{account} on {host} has {liveProcesses} live processes ({running}); nothing was touched. End them there, then remove it.',
  HomeUnusual:
    "the home {home} of {account} on {host} is not plainly its own: a link, another owner's, shared, a mount, or in a folder that others may write to. It is not touched; remove it there by hand.",
  ArchiveNoRoom:
    'the home of {account} on {host} takes {neededKib} KiB, and /var/lib/garrison has {freeKib} KiB free; nothing was removed. Make room there.',
  ArchiveNotMade:
    'the home of {account} on {host} could not be archived ({said}), so it was not removed. A home that takes longer than ssh.totalTimeout must be archived by hand.',
  AccountNotRemoved: '{account} could not be removed on {host} ({said}). Its home is as it was.',

  AccountUndone: '{account} on {host} is as it was before {undone} ({kept}).',
  AlreadyUndone: '{undone} was undone on {host} before; nothing was changed.',
  NothingToUndo:
    '{host} keeps nothing that would take {undone} back: it changed nothing there, was undone, or is older than the last five pushes of {account}. Nothing was touched.',
  PushUnfinished:
    '{undone} was not finished on {host}, so nobody can tell what it left; nothing was touched. Finish it first with garrison retry {undone}; then undo it.',
  ChangedSincePush:
    '{account} on {host} is not as {undone} left it ({differs}); nothing was touched. Undo what came later first, or change it by hand.',

  TaskInvalid: 'the job cannot be run as it is: {said}. Correct it and push again; nothing was sent.',
  AccountInUse:
    '{account} is the account Garrison uses on {host}, or root; it is never touched. Choose another account name.',
  IdentityUnusable:
    'the identity file cannot be used ({said}). Give ssh.identityFile a private key without passphrase that this process may read.',
  SshMissing:
    'the ssh client could not be started ({said}). Install the packages openssh-client and util-linux on this machine.',
  SshFailed: 'ssh ended without a login on {host} ({said}).',
  AddressUnknown:
    'the address {address} of {host} cannot be resolved ({said}). Correct it in the inventory or the name service.',

  ConnectRefused:
    'nothing listens at {address} port {port} ({host}). Start sshd there or correct the port in the inventory.',
  ConnectTimedOut:
    '{host} ({address} port {port}) gave no login within {connectSeconds} s. Look whether the address is right, a firewall drops it, or its sshd hangs.',
  HostUnreachable: '{host} ({address}) cannot be reached ({said}). Look at the network and its routes.',
  HostKeyUnknown:
    'the host key of {host} is not trusted yet. Run `garrison trust {host}` and compare the fingerprint.',
  HostKeyChanged:
    '{host} shows another host key than the trusted one: it was installed anew, or something stands in between. Find out which; then `garrison trust {host}`.',
  NoCommonAlgorithm: '{host} and this ssh client have no algorithm in common ({said}). Update the older one.',
  ConnectionClosed:
    '{host} closed the connection before a login ({said}). Look at its sshd log; it may be full (MaxStartups) or refuse this address.',
  LoginRefused:
    '{host} refused the login as {user}. Put the public half of {ownKey} into the authorized_keys of {user} there.',
  CertificateUnusable:
    '{host} refused the login as {user}: the certificate {certificate} {said}. Have the key signed anew for {user} (ssh-keygen -s) and put the new certificate in its place.',
  CertificateRefused:
    '{host} refused the login as {user}, although the certificate {certificate} is in time ({said}). sshd there must name its CA in TrustedUserCAKeys, and let one of its principals be {user}; the log of that sshd says what it missed.',
  AgentUnusable:
    '{host} refused the login as {user}: the ssh agent {agent} {said}. Start it at that socket and give it the key of this login alone (SSH_AUTH_SOCK={agent} ssh-add FILE), or name another: ssh.agent, or IdentityAgent of the host.',
  ShellUnusable:
    'the login shell of {user} on {host} did not run /bin/sh (it ended with code {exitCode}; {said}). Give {user} a shell that runs commands.',
  LoginNeedsSudo: '{user} on {host} is not root and there is no sudo. Log in as root, or install sudo there.',
  SudoWantsPassword: 'sudo on {host} wants a password from {user}. Give {user} a NOPASSWD rule there.',
  SudoWantsTerminal:
    'sudo on {host} wants a terminal (requiretty). Add `Defaults:{user} !requiretty` to its sudoers.',
  SudoRefused:
    'sudo on {host} does not let {user} become root ({said}). Give {user} a NOPASSWD: ALL rule there.',

  HostToolMissing:
    '{host} lacks {tools}. Install it there (packages passwd or shadow, util-linux, coreutils).',
  StateFolderUnsafe:
    "/var/lib/garrison on {host} is not a folder of root's with mode 0700. Look who made it; then correct or remove it.",
  StateDamaged:
    'a record under /var/lib/garrison on {host} cannot be read. Look at it there; nothing was changed.',
  StateNotWritten:
    'a record under /var/lib/garrison on {host} could not be written. Look whether the file system is full or read-only.',
  RecordNotKept:
    '{account} on {host} is as wished, but the result could not be recorded there. Make room and push again.',
  HostBusy:
    'another job of this Garrison was at work on {host} all the time ({holder}). Try again when it is done.',
  HostLockedByOtherCluster:
    'another Garrison is at work on {host} ({holder}). Nothing was touched; agree who manages this host.',
  FenceStale: 'a newer order has reached {host} already; this one was overtaken and nothing was touched.',
  RequestIncomplete: 'the order reached {host} cut off; nothing was done there. Try again.',
  LookupFailed:
    '{host} could not say whether {account} exists (its name service failed). Nothing was touched; look at getent passwd there.',

  AccountForeign:
    '{account} exists on {host} and was not made by Garrison; nothing was touched. Choose another name, have that account removed, or say what is to become of it: --adopt, --keys-only or --take-over.',
  AccountOfOtherCluster:
    '{account} on {host} was made by another Garrison; nothing was touched. Revoke it there, or remove /var/lib/garrison/accounts/{account} on the host if that Garrison is gone.',
  AccountMarkMismatch:
    '{account} on {host} is no longer the account that Garrison made (its uid or its mark in passwd differs); nothing was touched.',
  AccountMarkDamaged:
    'the record /var/lib/garrison/accounts/{account} on {host} is damaged, so nobody can tell whose account it is; nothing was touched.',
  AccountLockedByHand:
    '{account} on {host} was locked or has expired by someone else\'s hand; nothing was touched. Unlock it there (usermod -U -e "" {account}) if it should work again.',
  AccountMissing:
    'there is no account {account} on {host}, and --keys-only adds keys to one that is there. Leave it out to make the account; nothing was changed.',
  AccountOurs:
    "{account} on {host} is Garrison's already, and --keys-only is for accounts of others; nothing was touched. Push without it.",
  AccountOfSystem:
    '{account} on {host} has a uid below {uidMin}: an account of the system is never taken over and never removed; nothing was touched.',
  AccountPrivileged:
    '{account} on {host} can become root or belongs to its administrators ({privileges}); nothing was touched. If it is the one you mean, add --privileged {account}.',
  PasswordKept:
    '{account} on {host} was adopted and keeps the password it had; nothing was touched. Push without a password, or take it over (--take-over).',
  GroupNameTaken:
    'a group {account} exists on {host} already, so the account cannot be made. Choose another name, or remove that group.',
  GroupMissing:
    'the group {group} does not exist on {host}. Make it there, or leave it out; nothing was changed.',
  HomeExists:
    '{home} exists on {host}, so an account {account} would take over its files. Move it away, or choose another name.',
  HomeMissing:
    'the home folder of {account} on {host} is missing. Make it there, owned by {account}; nothing was changed.',
  HomeNotOwned:
    'the home folder of {account} on {host} belongs to someone else. Correct its owner there; nothing was changed.',
  ShellMissing:
    'the shell does not exist on {host} or cannot be run. Install it there, or choose another; nothing was changed.',
  SudoMissing:
    '{host} has no sudo or visudo, and a sudo rule is wished. Install sudo there, or push with --sudo none; nothing was changed.',
  SudoersNotIncluded:
    '/etc/sudoers on {host} does not include /etc/sudoers.d, so a rule would have no effect. Add `@includedir /etc/sudoers.d`; nothing was changed.',
  SudoersBroken:
    'the sudoers of {host} are broken already ({said}). Repair them with visudo; nothing was changed.',
  SudoFileForeign:
    'the sudoers file for {account} on {host} was not written by Garrison. Look at it in /etc/sudoers.d; nothing was touched.',
  HostReadOnly:
    '/etc or /var/lib on {host} is mounted read-only. Look why there (dmesg; a disk error does that); nothing was changed.',
  HostDiskFull:
    'a disk of {host} is full (/etc, /var/lib or the homes). Make room there; nothing is half done.',
  KeysUnusual:
    '.ssh or authorized_keys of {account} on {host} is a link, not a plain folder or file, or too large. Make it plain; it was not touched.',
  KeysUnreadable:
    'the keys of {account} on {host} could not be read as {account} itself (setpriv, runuser or su is needed). It was not touched.',

  AccountNotCreated: '{account} could not be made on {host} ({said}).',
  AccountNotChanged: 'shell or comment of {account} on {host} could not be changed ({said}).',
  PasswordNotSet: 'the password of {account} on {host} could not be set ({said}).',
  AccountNotUnlocked: '{account} on {host} could not be unlocked ({said}).',
  AccountNotLocked: '{account} on {host} could not be locked ({said}).',
  GroupsNotChanged: 'the groups of {account} on {host} could not be changed ({said}).',
  KeysNotWritten: 'the keys of {account} on {host} could not be written ({said}).',
  KeysNotRemoved: '{account} on {host} is locked, but its keys could not be removed ({said}).',
  SudoNotWritten: 'the sudo rule of {account} on {host} could not be put in place or taken away ({said}).',
  VerifyFailed: '{account} on {host} is not as it should be after all was done ({left}; {cure}).',

  Cancelled: 'cancelled.',
  IdleTimedOut: '{host} said nothing for {idleSeconds} s, so ssh was ended.',
  TotalTimedOut: 'the job on {host} took longer than {totalSeconds} s, so ssh was ended.',
  HostDeadlinePassed: 'the script on {host} was ended at its deadline.',
  ConnectionLost: 'the connection to {host} broke ({said}).',
  OutputTooLarge:
    '{host} sent more output than any answer has, so ssh was ended. Look what its login scripts print.',
  AnswerInvalid: '{host} gave an answer that is not one.',
  ScriptEnded: 'the script on {host} ended early with code {exitCode} ({said}).',
} as const;

export type Reason = keyof typeof SENTENCES;

/** For labels and tests. */
export const REASONS = Object.keys(SENTENCES) as readonly Reason[];

/** Of a job that ended without any answer of its host; who ends it so writes the sentence. */
export const UNANSWERED_REASONS = [
  'HostUnknown',
  'GrantGone',
  'SecretUnreadable',
  'WorkerDiedTooOften',
] as const;

/** With these a script ends before it has looked at the host's record of this very job, though it got as far as to plan. */
export const REASONS_BEFORE_RECORD: readonly string[] = [
  'HostToolMissing',
  'RequestIncomplete',
  'StateFolderUnsafe',
  'StateDamaged',
  'StateNotWritten',
  'HostBusy',
  'HostLockedByOtherCluster',
  'FenceStale',
  'HostDiskFull',
] satisfies readonly Reason[];

export type UnansweredReason = (typeof UNANSWERED_REASONS)[number];

export function isReason(text: string): text is Reason {
  return Object.hasOwn(SENTENCES, text);
}

export function reasonSentence(reason: Reason, words: Readonly<Record<string, string>>): string {
  const filled = SENTENCES[reason].replace(/\{([A-Za-z]+)\}/g, (_, word: string) => wordOf(words, word));
  return filled.replace(/ ?\((?: ?[;,] ?)*\)/g, '');
}

function wordOf(words: Readonly<Record<string, string>>, word: string): string {
  return Object.hasOwn(words, word) ? (words[word] ?? '') : '';
}

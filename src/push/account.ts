/**
 * Says what an account wish is and which names, groups, shells and sudo rules are acceptable.
 * It never reads a file and never decides what is done on a host.
 */
import { GarrisonError } from '../errors.ts';
import { checkClaim, parseClaim, type ClaimInput, type ClaimWish } from './claim.ts';
import { checkPasswordHash } from './passwordHash.ts';
import { checkPublicKeyLines } from './publicKey.ts';

export type SudoWish =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'commands'; readonly commands: readonly string[] };

/** What a host should have after a push. */
export interface AccountWish extends ClaimWish {
  readonly name: string;
  /** Public keys, one line each, `type base64 [comment]`. */
  readonly keys: readonly string[];
  /** Groups the account is added to; never taken out of groups Garrison did not add. */
  readonly groups: readonly string[];
  /** null leaves the host's default. */
  readonly shell: string | null;
  readonly sudo: SudoWish;
  readonly comment: string;
  /** A password is wished, by a hash that is kept elsewhere (push/job.ts); absent where it is left alone. */
  readonly passwordHash?: 'set';
}

export interface AccountInput extends ClaimInput {
  readonly name: string;
  readonly keys: readonly string[];
  readonly groups?: readonly string[];
  readonly shell?: string | null;
  /** `none`, `all`, or commands with absolute paths, separated by commas. */
  readonly sudo?: string;
  readonly comment?: string;
  /** A crypt hash; never the password. */
  readonly passwordHash?: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
const SHELL = /^\/[A-Za-z0-9._/+-]{0,127}$/;
const SUDO_COMMAND = /^\/[A-Za-z0-9._/+@%-]*[A-Za-z0-9._+@%-]( [A-Za-z0-9._/+@%-]+)*$/;
const COMMENT = /^[\x20-\x39\x3b-\x7e]{0,100}$/;
const MOST_GROUPS = 64;
const MOST_COMMANDS = 32;
const LONGEST_COMMAND = 200;

const SYSTEM_NAMES = new Set(
  (
    'root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup sshd adm shutdown halt ' +
    'operator ftp messagebus dbus polkitd postfix chrony rpc tss _apt sudo toor apache nginx mysql postgres redis ntp syslog'
  ).split(' '),
);

/** Throws ACCOUNT_INVALID or KEY_INVALID, naming the thing and the cure. */
export function parseAccountWish(input: AccountInput): AccountWish {
  return checkAccountWish({
    name: input.name,
    keys: input.keys,
    groups: input.groups ?? [],
    shell: input.shell ?? null,
    sudo: parseSudo(input.sudo ?? 'none'),
    comment: (input.comment ?? '').trim(),
    ...passwordWish(input.passwordHash),
    ...parseClaim(input.name, input),
  });
}

/** The same checks for a wish that came as data; what it returns is safe to send to a host. */
export function checkAccountWish(wish: AccountWish): AccountWish {
  checkAccountName(wish.name);
  const groups = [...new Set(wish.groups)];
  checkGroups(groups);
  checkShell(wish.shell);
  checkComment(wish.comment);
  if (wish.sudo.kind === 'commands') checkCommands(wish.sudo.commands);
  checkClaim(wish);
  return { ...wish, groups, keys: checkPublicKeyLines(wish.keys, `the keys of account ${wish.name}`) };
}

/** Throws ACCOUNT_INVALID unless Garrison may make or revoke an account of this name. */
export function checkAccountName(name: string): void {
  if (!NAME.test(name) || name.endsWith('.')) {
    throw invalid(
      `${quoted(name)} is not a POSIX user name`,
      'Use a letter or _ first, then letters, digits, _ . or -, at most 32, no . at the end.',
    );
  }
  if (/^[A-Z0-9_]+$/.test(name)) {
    throw invalid(
      `${quoted(name)} has no lower-case letter, and sudoers would read it as an alias`,
      'Use at least one lower-case letter.',
    );
  }
  if (SYSTEM_NAMES.has(name) || name.startsWith('systemd-')) {
    throw invalid(
      `${quoted(name)} is a name of the system's own`,
      'Garrison makes accounts for people; choose another name.',
    );
  }
}

/** Contents of a .pub or authorized_keys file. Throws KEY_INVALID with the line number; never echoes the content. */
export { parsePublicKeys } from './publicKey.ts';

/** The file under /etc/sudoers.d: sudo ignores names with a dot, so all but letters, digits, _ and - are written in hexadecimal. */
export function sudoFileName(account: string): string {
  const safe = Array.from(account, (char) =>
    /[A-Za-z0-9_-]/.test(char) ? char : `+${char.charCodeAt(0).toString(16)}`,
  );
  return `garrison-${safe.join('')}`;
}

/** The one line of sudoers that grants the wish, or null where none is wished. */
export function sudoRule(account: string, sudo: SudoWish): string | null {
  switch (sudo.kind) {
    case 'none':
      return null;
    case 'all':
      return `${account} ALL=(ALL:ALL) NOPASSWD: ALL`;
    case 'commands':
      return `${account} ALL=(ALL:ALL) NOPASSWD: ${sudo.commands.join(', ')}`;
  }
}

/** A wish of a password alone, without a key beside it, leaves the keys alone. */
export function leavesKeys(wish: Pick<AccountWish, 'keys' | 'passwordHash'>): boolean {
  return wish.passwordHash !== undefined && wish.keys.length === 0;
}

function passwordWish(hash: string | undefined): Pick<AccountWish, 'passwordHash'> {
  if (hash === undefined) return {};
  checkPasswordHash(hash);
  return { passwordHash: 'set' };
}

function parseSudo(text: string): SudoWish {
  const trimmed = text.trim();
  if (trimmed === 'none' || trimmed === 'all') return { kind: trimmed };
  return {
    kind: 'commands',
    commands: trimmed.split(',').map((command) => command.trim().replace(/ +/g, ' ')),
  };
}

function checkGroups(groups: readonly string[]): void {
  if (groups.length > MOST_GROUPS)
    throw invalid(`${String(groups.length)} groups are too many`, `Name at most ${String(MOST_GROUPS)}.`);
  for (const group of groups) {
    if (NAME.test(group) && !group.endsWith('.')) continue;
    throw invalid(
      `${quoted(group)} is not a group name`,
      'Use a letter or _ first, then letters, digits, _ . or -, at most 32.',
    );
  }
}

function checkShell(shell: string | null): void {
  if (shell === null || (SHELL.test(shell) && !shell.endsWith('/'))) return;
  throw invalid(`${quoted(shell)} is not the path of a shell`, 'Give an absolute path such as /bin/bash.');
}

function checkComment(comment: string): void {
  if (COMMENT.test(comment) && !comment.includes(',') && comment === comment.trim()) return;
  throw invalid(
    'the comment cannot be stored in the passwd file',
    'Use at most 100 printable ASCII characters, without : and comma.',
  );
}

function checkCommands(commands: readonly string[]): void {
  if (commands.length === 0 || commands.length > MOST_COMMANDS) {
    throw invalid(
      `a sudo rule of ${String(commands.length)} commands`,
      `Name 1 to ${String(MOST_COMMANDS)} commands, or use all or none.`,
    );
  }
  for (const command of commands) {
    if (SUDO_COMMAND.test(command) && command.length <= LONGEST_COMMAND) continue;
    throw invalid(
      `${quoted(command)} cannot be a sudo command`,
      'Give the absolute path of a program and plain words after it: letters, digits and . _ / + @ % - only, no wildcards.',
    );
  }
}

function invalid(message: string, cure: string): GarrisonError {
  return new GarrisonError('ACCOUNT_INVALID', message, { cure });
}

/** What a person typed, shown back without control characters and not longer than a line. */
function quoted(text: string): string {
  const shown = text.replace(/[^\x20-\x7e]/g, '?');
  return `"${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}"`;
}

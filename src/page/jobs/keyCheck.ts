/**
 * Looks at what is pasted as public keys before anything of it leaves the browser.
 * It never keeps or sends what could be a private key.
 */

/** Armour, PuTTY's format, and the first bytes of an OpenSSH private key without its armour. */
const PRIVATE = /PRIVATE KEY|PuTTY-User-Key-File|b3BlbnNzaC1rZXktdjE|openssh-key-v1/i;

export function isPrivateKey(text: string): boolean {
  return PRIVATE.test(text);
}

/** One key a line; empty lines and comments are none. */
export function keysIn(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

export type PushField = 'name' | 'keys' | 'groups' | 'shell' | 'sudo' | 'comment' | 'hosts' | 'reason';

/** The field that a refusal is about; null when it is about none of them. */
export function fieldOf(code: string, detail: string): PushField | null {
  switch (code) {
    case 'KEY_INVALID':
      return 'keys';
    case 'HOST_UNKNOWN':
      return 'hosts';
    case 'ACCOUNT_INVALID':
      return accountField(detail);
    case 'USAGE':
      return usageField(detail);
    default:
      return null;
  }
}

/** In the words of push/account.ts. */
function accountField(detail: string): PushField {
  if (/ group name$| groups are too many$/.test(detail)) return 'groups';
  if (detail.endsWith('path of a shell')) return 'shell';
  if (detail.startsWith('the comment')) return 'comment';
  return /cannot be a sudo command$|^a sudo rule of/.test(detail) ? 'sudo' : 'name';
}

function usageField(detail: string): PushField | null {
  const [, , field] = /: (account\.)?(name|keys|groups|shell|sudo|comment|hosts|reason)\b/.exec(detail) ?? [];
  if (field !== undefined) return field as PushField;
  return /needs an account/.test(detail) ? 'name' : null;
}

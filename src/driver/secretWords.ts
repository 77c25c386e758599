/**
 * Writes a command line down without what looks like a secret in it.
 * It can only go by names: what no option or variable names as a secret it can't tell from any other word.
 */
import { basename } from 'node:path';
import { HIDDEN, SECRET_NAME } from '../secretText.ts';
import { harmless } from './harmless.ts';

/** The words with spaces between them. */
export function withoutSecrets(words: readonly string[]): string {
  const short = SHORT_OPTIONS.find(({ program }) =>
    words.slice(0, 2).some((word) => program.test(basename(word))),
  );
  let isValue = false;
  const shown = words.map((word) => {
    const wasValue = isValue;
    isValue = false;
    if (wasValue && !word.startsWith('-')) return HIDDEN;
    if (short !== undefined && word.startsWith(short.option)) {
      isValue = word === short.option;
      return isValue ? word : `${short.option}${HIDDEN}`;
    }
    const [, name, value] = /^([^=\s]{1,100})=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined && SECRET_NAME.test(name)) return `${name}=${HIDDEN}`;
    isValue = word.startsWith('-') && SECRET_NAME.test(word);
    // redis://:password@host, and what else a URL may carry before its host.
    return word.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, `$1${HIDDEN}@`);
  });
  return harmless(shown.join(' ').trim(), LONGEST_LINE);
}

/** Programs with a secret behind a short option. */
const SHORT_OPTIONS = [
  { program: /^(?:mysql|mariadb)/, option: '-p' },
  { program: /^redis-cli/, option: '-a' },
  { program: /^sshpass/, option: '-p' },
  { program: /^curl/, option: '-u' },
  { program: /^ldap/, option: '-w' },
];
const LONGEST_LINE = 4096;

/**
 * Reads the crypt hash of an account's password: from a file that only its owner reads, or from what is piped in where `-` says so.
 * It takes no password, and no hash from the command line, where every user of the machine could read it.
 */
import { GarrisonError } from '../errors.ts';
import { checkPasswordHash } from '../push/passwordHash.ts';
import { firstLineOfPrivate } from './password.ts';

/** What anybody would pipe is far shorter. */
const LONGEST_INPUT = 4_096;

export async function passwordHashFrom(file: string): Promise<string> {
  if (file !== '-') return checkPasswordHash(firstLineOfPrivate(file, 'the crypt hash').trim());
  if (process.stdin.isTTY)
    throw new GarrisonError(
      'USAGE',
      '--password-hash-file - reads what is piped in, and this is a terminal',
      {
        cure: 'mkpasswd -m yescrypt | garrison push …, or name a file that only you can read',
      },
    );
  let text = '';
  for await (const part of process.stdin.setEncoding('utf8')) {
    text += String(part);
    if (text.length > LONGEST_INPUT) break;
  }
  const [line = '', ...more] = text.trim().split(/\r?\n/);
  if (more.length > 0)
    throw new GarrisonError('USAGE', 'more than one line was piped in: a crypt hash is one', {
      cure: 'pipe in the hash alone',
    });
  return checkPasswordHash(line.trim());
}

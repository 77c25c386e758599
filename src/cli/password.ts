/**
 * Gets a new password from a person or a file: twice on a terminal without showing it, or the first line of a file that only its owner reads.
 * It never takes one from the command line, where every user of the machine could read it.
 */
import { readFileSync, statSync } from 'node:fs';
import { GarrisonError, messageOf } from '../errors.ts';
import { askUnseen, canAsk } from './ask.ts';

export async function newPassword(file: string | null, name: string): Promise<string> {
  if (file !== null) return firstLineOfPrivate(file, 'the password');
  if (!canAsk())
    throw new GarrisonError('USAGE', 'a password is asked for on a terminal, and there is none', {
      cure: 'write it into a file that only you can read, and name that with --password-file',
    });
  const first = await askUnseen(`New password of ${name}: `);
  const again = await askUnseen('The same again: ');
  if (first === again) return first;
  throw new GarrisonError('USAGE', 'the two are not the same; nothing was done', { cure: 'try again' });
}

/** `what` it should be, for whoever is told that it is not there. */
export function firstLineOfPrivate(file: string, what: string): string {
  let text: string;
  let mode: number;
  try {
    mode = statSync(file).mode;
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new GarrisonError('USAGE', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if ((mode & 0o077) !== 0)
    throw new GarrisonError('USAGE', `${file} can be read by other users`, { cure: `chmod 600 ${file}` });
  const [line = ''] = text.split(/\r?\n/);
  if (line !== '') return line;
  throw new GarrisonError('USAGE', `${file} is empty`, { cure: `write ${what} on its first line` });
}

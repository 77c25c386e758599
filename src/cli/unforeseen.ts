/**
 * Puts a surprise into a sentence for whoever called a command: most likely an answer in words that this version does not know.
 * It never shows a stack trace; GARRISON_DEBUG=1 does.
 */
import { GarrisonError, messageOf } from '../errors.ts';

export function unforeseen(error: unknown): GarrisonError {
  if (process.env['GARRISON_DEBUG'] === '1' && error instanceof Error) console.error(error.stack);
  const { code, path } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && typeof path === 'string')
    return new GarrisonError('INTERNAL', messageOf(error), { cure: `see to ${path}`, cause: error });
  return new GarrisonError(
    'INTERNAL',
    `this command does not understand what it was told, and shows nothing of it (${messageOf(error)})`,
    {
      cure: 'garrison version tells whether the supervisor is another; garrison doctor looks without it',
      cause: error,
    },
  );
}

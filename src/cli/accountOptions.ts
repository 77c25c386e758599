/**
 * The options that say what an account should be, read into what the API takes.
 * It never sends a key file that is not a public key.
 */
import type { Command } from 'commander';
import { readFileSync, statSync } from 'node:fs';
import { GarrisonError, messageOf } from '../errors.ts';
import { parseAccountWish, parsePublicKeys, type AccountInput } from '../push/account.ts';
import { claimOf, claimOptions, type ClaimOptions } from './claimOptions.ts';
import { namesOption, type WaitOptions } from './options.ts';
import { passwordHashFrom } from './passwordHash.ts';

export interface AccountOptions extends WaitOptions, ClaimOptions {
  readonly key?: readonly string[];
  readonly groups?: readonly string[];
  readonly shell?: string;
  readonly sudo?: string;
  readonly comment?: string;
  readonly passwordHashFile?: string;
}

/** All that say what an account should be. */
export const ACCOUNT_OPTIONS = [
  ...(['key', 'groups', 'shell', 'sudo', 'comment', 'passwordHashFile'] as const),
  ...(['adopt', 'keysOnly', 'takeOver', 'yesTakeOver', 'privileged'] as const),
] as const satisfies readonly (keyof AccountOptions)[];

export const USUAL_PUSH_TIMEOUT_MS = 600_000;
const LARGEST_KEY_FILE_BYTES = 256 * 1024;

export function accountOptions(command: Command): Command {
  const described = command
    .option('--key <files...>', 'public key files')
    .option('--groups <names>', 'groups to add the account to, with commas between', namesOption)
    .option('--shell <path>', "login shell; without it the host's default")
    .option('--sudo <rule>', 'none, all, or commands with commas between')
    .option('--comment <text>', "the account's comment (GECOS)")
    .option(
      '--password-hash-file <file>',
      'a file with the crypt hash of its password, or - to read it from a pipe; without it the password is left alone',
    );
  return claimOptions(described);
}

/** Refused here already, with the same words as in the supervisor, so that a mistake is told even when none runs. */
export async function accountOf(name: string, options: AccountOptions): Promise<AccountInput> {
  const account = {
    name,
    keys: (options.key ?? []).flatMap(readKeyFile),
    ...(options.groups === undefined ? {} : { groups: options.groups }),
    ...(options.shell === undefined ? {} : { shell: options.shell }),
    ...(options.sudo === undefined ? {} : { sudo: options.sudo }),
    ...(options.comment === undefined ? {} : { comment: options.comment }),
    ...(options.passwordHashFile === undefined
      ? {}
      : { passwordHash: await passwordHashFrom(options.passwordHashFile) }),
    ...(await claimOf(name, options)),
  };
  parseAccountWish(account);
  return account;
}

function readKeyFile(file: string): readonly string[] {
  let text: string;
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw new Error('it is not a file');
    if (stats.size > LARGEST_KEY_FILE_BYTES) throw new Error('it is too large for a key file');
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new GarrisonError('KEY_INVALID', `the key file ${file} cannot be used: ${messageOf(error)}`, {
      cure: 'name a public key file, such as ~/.ssh/id_ed25519.pub',
      cause: error,
    });
  }
  return parsePublicKeys(text, file);
}
